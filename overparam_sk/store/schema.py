"""What the files of a study must hold, and the place of what is something else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from overparam_sk.store.checked_files import DamagedFileError, read_checked

__all__ = [
    "FORMAT",
    "UnknownFormatError",
    "fit_shape",
    "read_configuration",
    "read_record",
    "read_study",
]

FORMAT = 2
# Format 1 described functions and classes in other words.
_READABLE = (1, FORMAT)


class UnknownFormatError(ValueError):
    """A file of another version of this package: whole, and not for this one."""


@dataclass(frozen=True)
class _Rule:
    holds: Callable[[Any], bool]
    must: str


@dataclass(frozen=True)
class _Each:
    """A dict of any names, whose entries have one shape."""

    shape: Any


def _of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


_ANYTHING = _Rule(lambda value: True, "anything")
_TEXT = _Rule(_of(str), "a string")
_FLAG = _Rule(_of(bool), "true or false")
_COUNT = _Rule(lambda v: type(v) is int and 0 <= v < 2**64, "an integer from 0 on")
_NUMBER = _Rule(_of(int, float), "a number")
_SCORE = _Rule(
    _of(bool, int, float, list, dict, np.ndarray), "a number, an array or an object"
)
_VALUE = _Rule(_of(bool, int, float, str), "a number or a string")


def _or_none(rule: _Rule) -> _Rule:
    return _Rule(lambda v: v is None or rule.holds(v), f"{rule.must} or null")


def _one_of(choices: list[Any]) -> _Rule:
    def holds(value: Any) -> bool:
        return any(type(value) is type(one) and value == one for one in choices)

    return _Rule(holds, f"one of {choices!r:.200}")


_CONFIGURATION = {
    "format": _ANYTHING,  # looked at before
    "param": _TEXT,
    "values": [_VALUE],
    "repeats": _COUNT,
    "random_state": _COUNT,
    "scoring": _ANYTHING,
    "return_train_score": _FLAG,
    "validate_on_test": _FLAG,
    "estimators": _Each(_ANYTHING),
    "data": _Each(_Each(_TEXT)),
    "versions": _Each(_TEXT),
}


def fit_shape(configuration: dict[str, Any] | None = None) -> dict[str, Any]:
    """Of a fit; with its study's configuration, of one of that study."""
    of_study = {}
    if configuration is not None:
        repeats = configuration["repeats"]
        of_study = {
            "estimator": _one_of(list(configuration["estimators"])),
            "value": _one_of([*configuration["values"], None]),
            "repeat": _Rule(
                lambda v: type(v) is int and 0 <= v < repeats,
                f"an integer from 0 to {repeats - 1}",
            ),
        }
    return {
        "estimator": _TEXT,
        "value": _or_none(_VALUE),
        "repeat": _COUNT,
        "fold": _or_none(_COUNT),
        "seed": _COUNT,
        "scores": _Each(_SCORE),
        "fit_time": _NUMBER,
        "score_time": _NUMBER,
        "failure": _or_none(_TEXT),
        "traceback": _or_none(_TEXT),
        **of_study,
    }


def read_configuration(path: Any) -> dict[str, Any]:
    """What a store's study is made of.

    Raises
    ------
    DamagedFileError
        If the file is not what was written; with the place.
    UnknownFormatError
        If another version of this package wrote it.
    OSError
        If it cannot be read.
    """
    content = read_checked(path)
    _check_configuration(content, str(path), "")
    return dict(content)


def read_record(path: Any, configuration: dict[str, Any] | None = None) -> Any:
    """One fit and the checksum of what decides it; errors as above."""
    content = read_checked(path)
    shape = {"identity": _TEXT, "fit": fit_shape(configuration)}
    _check(content, shape, str(path), "")
    _check_outcome(content["fit"], str(path), "fit")
    return content


def read_study(path: Any) -> Any:
    """A configuration and its fits; errors as above."""
    content = read_checked(path)
    _check(content, {"study": _Each(_ANYTHING), "fits": [_ANYTHING]}, str(path), "")
    _check_configuration(content["study"], str(path), "study")
    fits = content["fits"]
    _check(fits, [fit_shape(content["study"])], str(path), "fits")
    for number, fit in enumerate(fits):
        _check_outcome(fit, str(path), f"fits[{number}]")
    return content


def _check_configuration(content: Any, file: str, place: str) -> None:
    _check(content, _Each(_ANYTHING), file, place)
    found = content.get("format")
    if type(found) is not int or found not in _READABLE:
        raise UnknownFormatError(
            f"{file}: {_join(place, 'format')} must be one of {list(_READABLE)}, got "
            f"{found!r:.60}. Another version of overparam_sk may read it."
        )
    _check(content, _CONFIGURATION, file, place)


def _check_outcome(fit: Any, file: str, place: str) -> None:
    """A fit that is done has scores, and one that failed has none."""
    failed, scores = fit["failure"] is not None, fit["scores"]
    must = "empty beside a failure" if failed else "an object with a score or more"
    _require(bool(scores) != failed, file, _join(place, "scores"), must, scores)


def _check(value: Any, shape: Any, file: str, place: str) -> None:
    """Raise a DamagedFileError with the first place that has another shape."""
    if isinstance(shape, _Rule):
        _require(shape.holds(value), file, place, shape.must, value)
    elif isinstance(shape, list):
        _require(isinstance(value, list), file, place, "a list", value)
        for number, entry in enumerate(value):
            _check(entry, shape[0], file, f"{place}[{number}]")
    else:
        _require(isinstance(value, Mapping), file, place, "an object", value)
        if isinstance(shape, _Each):
            shape = dict.fromkeys(value, shape.shape)
        else:
            names, must = sorted(value), f"an object with {sorted(shape)}"
            _require(names == sorted(shape), file, place, must, names)
        for name, of_entry in shape.items():
            _check(value[name], of_entry, file, _join(place, name))


def _require(holds: bool, file: str, place: str, must: str, got: Any) -> None:
    if not holds:
        raise DamagedFileError(
            f"{file}: {place or 'the content'} must be {must}, got {got!r:.60}."
        )


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
