"""Every refusal: of parameter values, of data, of devices.

Messages say what a thing must be and what it was.
"""

from collections.abc import Callable, Iterable
from math import isfinite
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight
from torch import Tensor

from overparam_sk.devices import DEVICE_NAMES, is_device_name
from overparam_sk.rows import PRODUCTS
from overparam_sk.shards import Shards

__all__ = [
    "check_given_together",
    "check_held_out",
    "check_known_classes",
    "check_parameters",
    "check_precision",
    "check_rank",
    "check_same_everywhere",
    "check_same_numbers",
    "check_same_shape",
    "check_sample_weight",
    "check_several_classes",
    "check_targets",
    "local_random_state",
    "parameter_rules",
]

Rule = tuple[Callable[[Any], bool], str]


def _integer(low: int) -> Rule:
    def holds(value: Any) -> bool:
        return (
            isinstance(value, Integral)
            and not isinstance(value, bool)
            and int(value) >= low
        )

    return holds, f"an integer >= {low}"


def _number(low: float, high: float, text: str) -> Rule:
    def holds(value: Any) -> bool:
        return (
            isinstance(value, Real)
            and not isinstance(value, bool)
            and isfinite(value)
            and low <= float(value) <= high
        )

    return holds, text


def _positive() -> Rule:
    return _number(np.nextafter(0.0, 1.0), np.inf, "a finite number > 0")


def _one_of(*values: Any) -> Rule:
    def holds(value: Any) -> bool:
        return any(value is v or (isinstance(v, str) and value == v) for v in values)

    return holds, " or ".join(map(repr, values))


def _either(*rules: Rule) -> Rule:
    return (
        lambda value: any(holds(value) for holds, _ in rules),
        ", ".join(text for _, text in rules[:-1]) + f" or {rules[-1][1]}",
    )


def _flag() -> Rule:
    return (lambda value: isinstance(value, (bool, np.bool_))), "True or False"


def _mapping() -> Rule:
    return (lambda value: isinstance(value, dict)), "a dict of class weights"


def _names(known: Iterable[str]) -> Rule:
    known = tuple(known)

    def holds(value: Any) -> bool:
        return isinstance(value, (tuple, list)) and all(name in known for name in value)

    return holds, f"a tuple of names among {known}"


def _iterations() -> Rule:
    holds_one, _ = _integer(0)

    def holds(value: Any) -> bool:
        return isinstance(value, (tuple, list)) and all(map(holds_one, value))

    return holds, "a tuple of integers >= 0"


def parameter_rules(diagnostics: Iterable[str]) -> dict[str, Rule]:
    """What the value of each parameter must be."""
    half_open_unit = _number(0.0, np.nextafter(1, 0), "a number in [0, 1)")
    open_unit = _number(np.nextafter(0, 1), np.nextafter(1, 0), "a number in (0, 1)")
    return {
        "width": _integer(1),
        "width1": _integer(1),
        "width2": _integer(1),
        "initial_width": _either(_one_of(None), _integer(1)),
        "row_norm": _one_of("clip", "unit", None),
        "learning_rate": _either(_one_of("auto"), _positive()),
        "momentum": _either(_one_of("auto"), half_open_unit),
        "batch_size": _either(_one_of("auto"), _integer(1)),
        "max_iter": _integer(1),
        "tol": _number(0.0, np.inf, "a finite number >= 0"),
        "n_iter_no_change": _either(_one_of(None), _integer(1)),
        "early_stopping": _flag(),
        "validation_fraction": open_unit,
        "class_weight": _either(_one_of(None, "balanced"), _mapping()),
        "fit_intercept": _flag(),
        "warm_start": _flag(),
        "record_every": _either(_one_of("auto", None), _integer(1), _iterations()),
        "diagnostics": _either(_one_of("all", None), _names(diagnostics)),
        "gram_samples": _integer(1),
        "block_size": _either(_one_of("auto"), _integer(1)),
        "cache_size": _number(0.0, np.inf, "a finite number >= 0"),
        "distributed": _flag(),
        "precision": _one_of(*PRODUCTS),
        "device": (is_device_name, DEVICE_NAMES),
        "verbose": _either(_flag(), _integer(0)),
    }


def check_parameters(parameters: dict[str, Any], rules: dict[str, Rule]) -> None:
    """Refuse a parameter value that breaks its rule, with a ValueError."""
    for name, (holds, must_be) in rules.items():
        if name in parameters and not holds(parameters[name]):
            raise ValueError(f"{name} must be {must_be}, got {parameters[name]!r}.")
    if parameters["early_stopping"] and parameters["record_every"] is None:
        raise ValueError(
            "record_every must not be None with early_stopping=True, which looks at "
            "the recorded iterations, got None."
        )
    if parameters.get("distributed") and not isinstance(
        parameters["random_state"], Integral
    ):
        raise ValueError(
            "random_state must be an integer with distributed=True, so that all "
            f"processes draw the same, got {parameters['random_state']!r}."
        )


def check_precision(precision: str, dtype: torch.dtype) -> None:
    """Refuse to split numbers that are not float32."""
    if precision != "ieee" and dtype != torch.float32:
        raise ValueError(
            f"precision must be 'ieee' unless X is float32, got {precision!r} for "
            f"{str(dtype).removeprefix('torch.')}."
        )


def check_same_everywhere(
    shards: Shards,
    device: torch.device,
    parameters: SimpleNamespace,
    data: Any,
    start: Any,
) -> None:
    """Refuse to train one network on processes that were asked for different things.

    They would wait for each other for ever, or add up what does not belong together.
    """
    asked = {
        name: int(value) if name == "random_state" else value
        for name, value in vars(parameters).items()
        if name not in ("device", "verbose", "block_size")
    }
    numbers = {"parameters": _number_of(repr(asked).encode())}
    numbers |= _numbers_of_data(data)
    held = data.validation
    numbers["a validation set"] = float(held is not None)
    # All take the same turns here, whether or not there is a validation set.
    of_held = _numbers_of_data(data if held is None else held)
    numbers |= {f"the validation set's {name}": n for name, n in of_held.items()}
    weights = () if start is None else start.weights
    numbers["the fit to go on from"] = sum(_number_of(W.tobytes()) for W in weights)
    check_same_numbers(shards, device, numbers)
    if parameters.width < shards.size:
        raise ValueError(
            f"width must be at least {shards.size}, the number of processes, with "
            f"distributed=True, got {parameters.width}."
        )


def check_same_numbers(
    shards: Shards, device: torch.device, numbers: dict[str, float]
) -> None:
    """Refuse numbers that differ between processes, in all of them."""
    for name, number in numbers.items():
        if shards.differ(number, device):
            raise ValueError(
                f"{name} must be the same in all {shards.size} processes with "
                f"distributed=True, got others in process {shards.rank} or elsewhere."
            )


def _numbers_of_data(data: Any) -> dict[str, float]:
    X = data.X
    parts = (X.data, X.indices, X.indptr) if hasattr(X, "toarray") else (X,)
    return {
        "the type of X": _number_of(f"{type(X)} {X.dtype}".encode()),
        "the shape of X": _number_of(repr(X.shape).encode()),
        "X": sum(_number_of(np.ascontiguousarray(part)) for part in parts),
        "y": _number_of(np.ascontiguousarray(data.y)),
        "sample_weight": _number_of(np.ascontiguousarray(data.weight)),
    }


def _number_of(content: Any) -> float:
    return float(crc32(content))


def local_random_state(random_state: Any) -> np.random.RandomState:
    """A generator of our own: for None a fresh one, never numpy's global one."""
    if random_state is None:
        return np.random.RandomState()
    state: np.random.RandomState = check_random_state(random_state)
    return state


def check_several_classes(classes: NDArray[Any]) -> None:
    """Refuse a y of a single class."""
    if len(classes) < 2:
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but the data "
            f"contains only one class: {classes[0]!r}"
        )


def check_sample_weight(sample_weight: Any, X: Any) -> NDArray[Any]:
    """Weights as a float64 array of shape (n_samples,): non-negative, not all zero."""
    weight: NDArray[Any] = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weight.any():
        raise ValueError(
            "sample_weight must have a positive entry, got only zero weights."
        )
    return weight


def check_held_out(kept: NDArray[Any], held: NDArray[Any]) -> None:
    """Refuse a split of the rows by whose weights nothing is trained or scored."""
    for share, weight in (("training", kept), ("validation", held)):
        if not weight.any():
            raise ValueError(
                f"The {share} share of the rows must have a positive sample_weight, "
                "got only zero weights: change validation_fraction, or give X_val and "
                "y_val."
            )


def check_targets(
    name: str,
    y: NDArray[Any],
    sample_weight: NDArray[Any],
    targets: Tensor,
    weight: Tensor,
) -> None:
    """Refuse y and its weights where, in the computation's precision, there is no loss.

    ``targets`` and ``weight`` are the same two in that precision.
    """
    precision = str(targets.dtype).removeprefix("torch.")
    if not bool(weight.any()):
        raise ValueError(
            f"sample_weight must have a positive entry in {precision}, got weights up "
            f"to {sample_weight.max():.3g}: scale sample_weight."
        )
    if not bool((weight * targets.square()).sum().isfinite()):
        raise ValueError(
            f"The weighted sum of squares of {name} must be a finite number in "
            f"{precision}, got entries up to {np.abs(y).max():.3g} and weights up to "
            f"{sample_weight.max():.3g}: scale y or sample_weight."
        )


def check_known_classes(name: str, y: NDArray[Any], classes: NDArray[Any]) -> None:
    """Refuse labels that are not among the classes."""
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"{name} must hold labels among {classes.tolist()}, got also "
            f"{unknown.tolist()}."
        )


def check_given_together(**given: Any) -> None:
    """Refuse some of these arguments without the others."""
    if any(value is None for value in given.values()):
        raise ValueError(f"{' and '.join(given)} must be given together.")


def check_rank(rank: Any, most: int) -> None:
    """Refuse a rank that a matrix with ``most`` singular values cannot have."""
    holds, must_be = _integer(0)
    if not holds(rank) or rank > most:
        raise ValueError(f"rank must be {must_be} and at most {most}, got {rank!r}.")


def check_same_shape(sizes: dict[str, tuple[Any, Any]]) -> None:
    """Refuse to go on as another network: name -> (before, now)."""
    for name, (before, now) in sizes.items():
        if before != now:
            raise ValueError(
                f"{name} must stay {before}, as in the fit that this one goes on from, "
                f"got {now}: fit anew with warm_start=False."
            )
