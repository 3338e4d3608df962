"""What is judged at a time: one data set's fits and initialisations."""

from collections.abc import Sequence
from dataclasses import dataclass

from overparam_sk.experiments.kong_2019.runs import Initialisation, Run

__all__ = ["Measured", "by_data", "together"]


@dataclass(frozen=True)
class Measured:
    """Fits and initialisations on one data set.

    Parameters
    ----------
    name : str
    runs : list of Run
    initialisations : list of Initialisation
    """

    name: str
    runs: list[Run]
    initialisations: list[Initialisation]

    @property
    def fits(self) -> dict[int, list[Run]]:
        """Width -> its fits; the widths ascend."""
        widths = sorted({run.width for run in self.runs})
        return {w: [run for run in self.runs if run.width == w] for w in widths}

    @property
    def lambda_0s(self) -> dict[float, float]:
        """λ_0 -> its standard error, for each draw of the data."""
        return {start.lambda_0: start.lambda_0_error for start in self.initialisations}


def by_data(
    runs: Sequence[Run], initialisations: Sequence[Initialisation]
) -> list[Measured]:
    """Sort what was measured by its data set."""
    return [
        Measured(
            name,
            [run for run in runs if run.data == name],
            [start for start in initialisations if start.data == name],
        )
        for name in dict.fromkeys(run.data for run in runs)
    ]


def together(measured: Sequence[Measured]) -> Measured:
    """Take all data sets as one."""
    return Measured(
        "all data sets together",
        [run for one in measured for run in one.runs],
        [start for one in measured for start in one.initialisations],
    )
