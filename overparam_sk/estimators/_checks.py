"""Every refusal: of parameter values, of data, of devices.

Messages say what a thing must be and what it was.
"""

from collections.abc import Iterable
from numbers import Number
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import _check_sample_weight
from torch import Tensor

from overparam_sk.parameters import (
    COUNT,
    DEVICE,
    FLAG,
    RANDOM_STATE,
    Rule,
    checked,
    either,
    instance,
    integer,
    number,
    one_of,
    several,
    shown,
    such_that,
)
from overparam_sk.rows import PRODUCTS
from overparam_sk.shards import Shards

__all__ = [
    "check_for_partial_fit",
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
    "parameter_rules",
]

_UNIT_OPEN = number(0, 1, above=True, below=True)
_PATIENCE = either(one_of(None), COUNT)


def parameter_rules(diagnostics: Iterable[str]) -> dict[str, Rule]:
    """What the value of each parameter must be."""
    known = tuple(diagnostics)
    names = several(one_of(*known), f"a tuple of names among {known}")
    iterations = several(integer(0), "a tuple of integers >= 0")
    auto = one_of("auto")
    non_negative = number(0)
    return {
        "width": COUNT,
        "width1": COUNT,
        "width2": COUNT,
        "initial_width": either(one_of(None), COUNT),
        "row_norm": one_of("clip", "unit", None),
        "learning_rate": either(auto, number(0, above=True)),
        "momentum": either(auto, number(0, 1, below=True)),
        "batch_size": either(auto, COUNT),
        "max_iter": COUNT,
        "tol": non_negative,
        "n_iter_no_change": _PATIENCE,
        "early_stopping": FLAG,
        "validation_fraction": _UNIT_OPEN,
        "class_weight": either(
            one_of(None, "balanced"), instance(dict, "a dict of class weights")
        ),
        "fit_intercept": FLAG,
        "warm_start": FLAG,
        "record_every": either(one_of("auto", None), COUNT, iterations),
        "diagnostics": either(one_of("all", None), names),
        "gram_samples": COUNT,
        "block_size": either(auto, COUNT),
        "cache_size": non_negative,
        "distributed": FLAG,
        "precision": one_of(*PRODUCTS),
        "device": DEVICE,
        "random_state": RANDOM_STATE,
        "verbose": either(FLAG, integer(0)),
    }


def check_parameters(
    parameters: dict[str, Any], rules: dict[str, Rule]
) -> SimpleNamespace:
    """The parameters as plain values; a ValueError for one that breaks its rule."""
    plain = checked(parameters, rules)
    if plain["early_stopping"] and plain["record_every"] is None:
        raise ValueError(
            "record_every must not be None with early_stopping=True, which looks at "
            "the recorded iterations, got None."
        )
    if plain.get("distributed") and not isinstance(plain["random_state"], int):
        raise ValueError(
            "random_state must be an integer with distributed=True, so that all "
            f"processes draw the same, got {shown(plain['random_state'])}."
        )
    return SimpleNamespace(**plain)


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
        name: value
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
    for name, one in numbers.items():
        if shards.differ(one, device):
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


def check_for_partial_fit(early_stopping: bool, class_weight: Any) -> None:
    """Refuse what asks for all the data at once, in scikit-learn's words."""
    if early_stopping:
        raise ValueError("partial_fit does not support early_stopping=True")
    if class_weight is not None and not isinstance(class_weight, dict):
        raise ValueError(
            f"class_weight '{class_weight}' is not supported for partial_fit. In order "
            f"to use 'balanced' weights, use compute_class_weight('{class_weight}', "
            "classes=classes, y=y). In place of y you can use a large enough sample of "
            "the full training set target to properly estimate the class frequency "
            "distributions. Pass the resulting weights as the class_weight parameter."
        )


def check_several_classes(classes: NDArray[Any]) -> None:
    """Refuse a y of a single class, or of none."""
    if len(classes) < 2:
        found = f"only one class: {classes[0]!r}" if len(classes) else "no class"
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but the data "
            f"contains {found}"
        )


def check_sample_weight(sample_weight: Any, X: Any) -> NDArray[Any]:
    """Weights as a float64 array of shape (n_samples,): non-negative, not all zero."""
    if isinstance(sample_weight, Number):  # which scikit-learn takes unseen
        given: Any = sample_weight
        sample_weight = np.full(X.shape[0], given)
        if sample_weight.dtype.hasobject:  # of too many digits, or of another kind
            try:
                sample_weight = np.full(X.shape[0], float(given))
            except (OverflowError, TypeError, ValueError) as error:
                raise ValueError(
                    f"sample_weight must be a finite number, got {shown(given)}."
                ) from error
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


def check_rank(rank: Any, most: int) -> int:
    """The rank, of a matrix with ``most`` singular values, as a plain int."""
    most_text = f"an integer >= 0 and at most {most}"
    plain: int = such_that(integer(0), lambda r: r <= most, most_text)("rank", rank)
    return plain


def check_same_shape(sizes: dict[str, tuple[Any, Any]]) -> None:
    """Refuse to go on as another network: name -> (before, now)."""
    for name, (before, now) in sizes.items():
        if before != now:
            raise ValueError(
                f"{name} must stay {before}, as in the fit that this one goes on from, "
                f"got {now}: fit anew with warm_start=False."
            )
