"""What a width study found: a row a fit, their summary, and files of both."""

import os
from dataclasses import asdict, dataclass
from numbers import Real
from pathlib import Path
from typing import Any

from overparam_sk.model_selection.fitting import Fit
from overparam_sk.parameters import PATH, shown
from overparam_sk.store import configuration_of, read_fits, read_study, write_checked
from overparam_sk.world import OwnWorld

__all__ = ["WidthStudy"]


@dataclass(frozen=True)
class WidthStudy(OwnWorld):
    """The fits of a width study; made by :func:`width_study` or ``load``.

    Parameters
    ----------
    param : str
        The parameter that was varied.
    configuration : dict
        What the study was made of: estimators, values, repeats, seeds, checksums of
        the data.
    fits : list of Fit
        By estimator, value, repeat and fold. Each has the scores as a dict, also those
        that are arrays.
    """

    param: str
    configuration: dict[str, Any]
    fits: list[Fit]

    def __repr__(self) -> str:
        """Tell what was fitted: the fits themselves would fill screens."""
        names = list(dict.fromkeys(fit.estimator for fit in self.fits))
        values = list(dict.fromkeys(f.value for f in self.fits if f.value is not None))
        told = f"{len(self.fits)} fits of {names}, {self.param} in {values}"
        return f"WidthStudy({told}, {len(self.failures)} failed)"

    @property
    def metrics(self) -> list[str]:
        """Names of the scores that are numbers."""
        names = (
            name
            for fit in self.fits
            for name, score in fit.scores.items()
            if isinstance(score, Real)
        )
        return list(dict.fromkeys(names))

    @property
    def failures(self) -> list[Fit]:
        """Fits that failed, each with its reason."""
        return [fit for fit in self.fits if fit.failure is not None]

    def column(self, metric: str) -> str:
        """Name of a metric's column, which has no underscore at its end.

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        for name in (metric, metric.rstrip("_")) if isinstance(metric, str) else ():
            if name in self.metrics:
                return name
        raise ValueError(f"metric must be one of {self.metrics}, got {shown(metric)}.")

    def groups(self) -> dict[tuple[str, Any], list[Fit]]:
        """(estimator, value) -> its fits, the failed ones too."""
        grouped: dict[tuple[str, Any], list[Fit]] = {}
        for fit in self.fits:
            grouped.setdefault((fit.estimator, fit.value), []).append(fit)
        return grouped

    def to_frame(self) -> Any:
        """One row a fit.

        Returns
        -------
        pandas.DataFrame
            Columns: estimator, the parameter's name, repeat, fold, seed, the metrics,
            fit_time and score_time in seconds, and failure.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pd = _pandas()
        frame = pd.DataFrame(
            [
                {
                    "estimator": fit.estimator,
                    self.param: fit.value,
                    "repeat": fit.repeat,
                    "fold": fit.fold,
                    "seed": fit.seed,
                    **{name: fit.scores.get(name) for name in self.metrics},
                    "fit_time": fit.fit_time,
                    "score_time": fit.score_time,
                    "failure": fit.failure,
                }
                for fit in self.fits
            ],
            columns=[
                *("estimator", self.param, "repeat", "fold", "seed"),
                *(*self.metrics, "fit_time", "score_time", "failure"),
            ],
        )
        # Integers stay integers beside the None of a baseline.
        frame[self.param] = pd.array([fit.value for fit in self.fits])
        return frame

    def summary(self) -> Any:
        """Mean and sample standard deviation over repeats and folds.

        Returns
        -------
        pandas.DataFrame
            One row for each estimator and value. Columns are pairs: (metric, "mean")
            and (metric, "std"), also for "fit_time", and ("fits", "done") and
            ("fits", "failed"). Failed fits count in no mean.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        frame = self.to_frame()
        metrics = [*self.metrics, "fit_time"]
        if frame.empty:  # of numbers all the same
            frame["fit_time"] = frame["fit_time"].astype(float)
        by = [frame["estimator"], frame[self.param]]
        grouped = frame.groupby(by, sort=False, dropna=False)
        summary = grouped[metrics].agg(["mean", "std"])
        summary["fits", "done"] = grouped["failure"].agg(lambda f: f.isna().sum())
        summary["fits", "failed"] = grouped["failure"].count()
        return summary

    def save(self, path: str | Path) -> None:
        """Write the study to one file: JSON behind a line with its checksum.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        content = {"study": self.configuration, "fits": [asdict(f) for f in self.fits]}
        write_checked(_as_path(path), content)

    @classmethod
    def load(cls, path: str | Path) -> "WidthStudy":
        """Read a file that :meth:`save` wrote, or a store with the fits that are done.

        A record of the store that is damaged is left out, with a warning.

        Parameters
        ----------
        path : path-like
            Of the file, or of the store's folder.

        Returns
        -------
        WidthStudy

        Raises
        ------
        OSError
            If there is no such file or study.
        ValueError
            If the file, or the store's configuration, is torn or changed, or holds what
            no study does; with the place. If the store holds symbolic links.
        """
        path = _as_path(path)
        if path.is_dir():
            configuration = configuration_of(path)
            found = list(read_fits(path, configuration))
        else:
            content = read_study(path)
            configuration = content["study"]
            found = content["fits"]
        return cls.of(configuration, [Fit(**fit) for fit in found])

    @classmethod
    def of(cls, configuration: dict[str, Any], fits: list[Fit]) -> "WidthStudy":
        """Put fits in the order of the configuration."""
        names, values = list(configuration["estimators"]), configuration["values"]

        def place(fit: Fit) -> tuple[int, int, int, int]:
            value = -1 if fit.value is None else values.index(fit.value)
            return names.index(fit.estimator), value, fit.repeat, fit.fold or 0

        return cls(configuration["param"], configuration, sorted(fits, key=place))


def _as_path(path: Any) -> Path:
    return Path(os.path.expanduser(PATH("path", path)))


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "A table needs pandas; install it with: pip install 'overparam-sk[frame]'"
        ) from error
    return pd
