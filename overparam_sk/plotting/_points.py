"""The points of a study: scores by metric, curve and value, and where values stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.scales import label_values

__all__ = ["ABSENT", "Axis", "Curves", "Floats", "Points"]

Floats = NDArray[np.float64]
# Name of a curve -> the fits' scores at each of its values.
Curves = dict[str, list[Floats]]

# The value of what has no such parameter.
ABSENT = object()
_LONGEST_LABEL = 30
_LETTERS_IN_A_ROW = 24


@dataclass(frozen=True)
class Points:
    """What `WidthStudyDisplay` stores."""

    values: dict[str, NDArray[Any]]
    scores: dict[str, Curves]
    baselines: dict[str, dict[str, Floats]]

    @classmethod
    def of(cls, points: Iterable[tuple[str, str, Any, Iterable[float]]]) -> "Points":
        """Group (metric, curve, value, scores)."""
        found: dict[str, dict[str, dict[Any, list[float]]]] = {}
        known: dict[str, dict[Any, Any]] = {}
        baselines: dict[str, dict[str, list[float]]] = {}
        for metric, name, value, scores in points:
            finite = [score for score in scores if np.isfinite(score)]
            if not finite:
                continue
            of_metric = found.setdefault(metric, {})
            of_baselines = baselines.setdefault(metric, {})
            if value is ABSENT:
                of_baselines.setdefault(name, []).extend(finite)
                continue
            known.setdefault(name, {}).setdefault(_key(value), value)
            of_metric.setdefault(name, {}).setdefault(_key(value), []).extend(finite)
        if not found:
            raise ValueError("study must have a fit with a score, got none.")
        values = {name: _ordered(of.values()) for name, of in known.items()}
        curves = {
            metric: {
                name: [np.array(of_curve.get(_key(v), [])) for v in values[name]]
                for name, of_curve in of_metric.items()
            }
            for metric, of_metric in found.items()
        }
        bands = {
            metric: {name: np.array(scores) for name, scores in of_metric.items()}
            for metric, of_metric in baselines.items()
        }
        return cls(values, curves, bands)


@dataclass(frozen=True)
class Axis:
    """Where values stand: numbers at themselves, or all of them one beside the other.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        All that are drawn, each once, numbers first.
    numeric : bool
        Whether all are numbers.
    """

    values: NDArray[Any]
    numeric: bool

    @classmethod
    def of(cls, values: Mapping[str, NDArray[Any]]) -> "Axis":
        """The axis of all curves."""
        each = {_key(v): v for of_curve in values.values() for v in of_curve}
        return cls(_ordered(each.values()), all(map(_is_number, each.values())))

    def places(self, values: Iterable[Any]) -> Floats:
        """Where these stand."""
        if self.numeric:
            return np.array(list(values), dtype=float)
        place = {_key(value): i for i, value in enumerate(self.values)}
        return np.array([place[_key(value)] for value in values], dtype=float)

    @property
    def numbers(self) -> Floats:
        """Those that are numbers, ascending."""
        return np.array([v for v in self.values if _is_number(v)], dtype=float)

    def draw(self, ax: Any) -> None:
        """Put a tick at each value; positive numbers have a logarithmic axis."""
        if not self.numeric:
            labels = [_label(value) for value in self.values]
            ax.set_xticks(range(len(labels)), labels=labels)
            ax.set_xlim(-0.5, len(labels) - 0.5)
            if sum(map(len, labels)) > _LETTERS_IN_A_ROW:
                ax.tick_params(axis="x", rotation=35)
                for label in ax.get_xticklabels():
                    label.set(ha="right", rotation_mode="anchor")
        elif len(self.values) and (self.numbers > 0).all():
            ax.set_xscale("log")
            label_values(ax, self.numbers)


def _is_number(value: Any) -> bool:
    """Whether it has a place on an axis: no truth value, NaN or infinity."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # an integer beyond float64
        return False


def _key(value: Any) -> Any:
    """Equal for equal values, also of those that cannot be hashed."""
    if _is_number(value):
        return value
    try:
        return joblib.hash(value)  # a repr leaves out most of a long array
    except Exception:  # what cannot be pickled is itself alone
        return id(value)


def _ordered(values: Iterable[Any]) -> NDArray[Any]:
    """Numbers ascending, then the others as they came."""
    listed = list(values)
    numbers = sorted(value for value in listed if _is_number(value))
    others = [value for value in listed if not _is_number(value)]
    array = np.array(numbers)
    if others or array.dtype.kind not in "iuf":
        array = np.empty(len(listed), dtype=object)
        for i, value in enumerate([*numbers, *others]):  # a tuple stays one value
            array[i] = value
    return array


def _label(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    if _is_number(value):
        text = f"{float(value):g}"
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
