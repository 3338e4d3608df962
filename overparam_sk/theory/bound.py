"""A bound on the error of a classifier, and what it takes for granted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overparam_sk.world import OwnWorld

__all__ = ["Assumption", "Bound", "GeneralizationBounds"]


@dataclass(frozen=True)
class Assumption:
    """What a bound takes for granted.

    Attributes
    ----------
    words : str
    holds : bool or None
        None where nobody can tell from the rows and the network.
    """

    words: str
    holds: bool | None


@dataclass(frozen=True)
class Bound:
    """A bound on the probability that a classifier errs on a new row.

    Attributes
    ----------
    name : str
    source : str
        The theorem that it is an instance of.
    classifier : str
        What errs: the network, or one that is made of it.
    value : float
        The bound; infinite where there is none.
    trivial : float
        1 − 1/k: what guessing at random among k classes does without any theorem.
    assumptions : tuple of Assumption
    train_error : float
        Of that classifier, on the rows from which the bound was computed.
    test_error : float or None
        On the test rows, where there are some.
    parameters : dict of str to float
        What the bound's own quantities came to: λ0, s, bits, γ, ...
    """

    name: str
    source: str
    classifier: str
    value: float
    trivial: float
    assumptions: tuple[Assumption, ...]
    train_error: float
    test_error: float | None
    parameters: Mapping[str, float]

    def __str__(self) -> str:
        """Name, value, test error, verdict, and how many assumptions fail."""
        end = "vacuous" if self.vacuous else f"below guessing's {self.trivial:.3g}"
        if self.failing:
            end += f", {len(self.failing)} assumptions fail"
        test = "" if self.test_error is None else f"  test error {self.test_error:.3f}"
        return f"{self.name:11} {self.value:.3f}{test}  {end}"

    @property
    def vacuous(self) -> bool:
        """Whether guessing is as good as what the bound promises."""
        return not self.value < self.trivial

    @property
    def failing(self) -> tuple[str, ...]:
        """The assumptions that do not hold."""
        return tuple(one.words for one in self.assumptions if one.holds is False)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The assumptions that cannot be checked."""
        return tuple(one.words for one in self.assumptions if one.holds is None)

    @property
    def gap(self) -> float | None:
        """What the bound has to cover: test error less training error."""
        return None if self.test_error is None else self.test_error - self.train_error


@dataclass(frozen=True)
class GeneralizationBounds(OwnWorld, Sequence[Bound]):
    """What `generalization_bounds` found: a sequence of bounds.

    Attributes
    ----------
    n_samples, n_classes : int
    delta : float
        Each bound fails with at most this probability, over the rows and, where the
        bound has any, its own draws.
    bounds : tuple of Bound
    """

    n_samples: int
    n_classes: int
    delta: float
    bounds: tuple[Bound, ...]

    def __getitem__(self, index: Any) -> Any:
        """Return one of the bounds, or several."""
        return self.bounds[index]

    def __len__(self) -> int:
        """Count the bounds."""
        return len(self.bounds)

    def __str__(self) -> str:
        """A line a bound."""
        return "\n".join(str(one) for one in self.bounds)

    def to_frame(self) -> Any:
        """One row a bound.

        Returns
        -------
        pandas.DataFrame
            Columns: bound, source, classifier, value, trivial, vacuous, train_error,
            test_error, gap, failing and unknown (assumptions, joined by semicolons),
            parameters.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "A table needs pandas; install it with: "
                "pip install 'overparam-sk[frame]'"
            ) from error
        return pd.DataFrame(
            [
                {
                    "bound": one.name,
                    "source": one.source,
                    "classifier": one.classifier,
                    "value": one.value,
                    "trivial": one.trivial,
                    "vacuous": one.vacuous,
                    "train_error": one.train_error,
                    "test_error": one.test_error,
                    "gap": one.gap,
                    "failing": "; ".join(one.failing),
                    "unknown": "; ".join(one.unknown),
                    "parameters": ", ".join(
                        f"{name} = {value:.4g}"
                        for name, value in one.parameters.items()
                    ),
                }
                for one in self.bounds
            ]
        )
