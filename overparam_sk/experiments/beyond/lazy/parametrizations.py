"""The ways to parametrise one network that are compared, as functions of its width."""

from collections.abc import Callable
from typing import Any

from overparam_sk.experiments.beyond.lazy.rows import plain

__all__ = ["BASE_WIDTH", "PARAMETRIZATIONS"]

BASE_WIDTH = 64


def _named(name: str, learning_rate: float) -> Callable[[int], Any]:
    return lambda width: plain(
        width=width,
        parametrization=name,
        base_width=BASE_WIDTH,
        output_scale=1.0,
        learning_rate=learning_rate,
    )


def _standard(width: int) -> Any:
    """PyTorch's: N(0, 1) weights u of the units, N(0, 1/m) v that read them, one step.

    With w = u and a = √m v it is m^(−1/2) Σ_r a_r σ(⟨w_r, x⟩), W(0) being √m times
    LL18's; the mean field's steps of w and a are then c for w and c m for a, which is c
    for v.
    """
    return plain(
        width=width,
        parametrization="mean_field",
        init_scale=width**0.5,
        output_scale=1.0,
        learning_rate=0.5 / BASE_WIDTH,
    )


# With the step of the coordinate check.
PARAMETRIZATIONS: dict[str, Callable[[int], Any]] = {
    "ntk": _named("ntk", 1.0),
    "mean_field": _named("mean_field", 0.25),
    "mup": _named("mup", 1.0),
    "standard": _standard,
}
