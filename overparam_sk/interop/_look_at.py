"""What one look at any module on some rows shows."""

from collections.abc import Iterator, Set
from contextlib import ExitStack
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from overparam_sk.diagnostics import GramDriftView, GramView, PatternView, WeightView
from overparam_sk.interop._gram import (
    LinearUses,
    NoGramError,
    close,
    gram_matrix_of,
    outputs_of,
)
from overparam_sk.interop._patterns import Calls, Patterns
from overparam_sk.interop._rows import Rows
from overparam_sk.interop._twin import same_chance, twin_of
from overparam_sk.interop._weight_matrices import weights_of
from overparam_sk.parameters import shown
from overparam_sk.world import in_own_world

__all__ = ["Look", "look_at"]

_GRAM_VIEWS = (GramView, GramDriftView)


class Look(NamedTuple):
    """A module on n rows; layers are in the order of their calls."""

    trained: Set[str]  # names of the parameters that are trained now
    weights: dict[str, Tensor]  # by trained layer, (units, inputs) float64
    patterns: dict[str, Tensor]  # by ReLU, (n, units) bool
    outputs: Tensor | None  # (n, k)
    gram: Tensor | None  # (n, n) float64, if it was asked for
    skipped: dict[str, str]  # layers and parameters that are not shown, and why
    unseen: dict[type, str]  # kinds of views of which there are none, and why


class _Pass(NamedTuple):
    """A forward pass of a twin on n rows."""

    rows: Rows
    returned: Any
    calls: Calls
    patterns: Patterns
    uses: LinearUses


@in_own_world
@torch.enable_grad()
def look_at(
    module: nn.Module, X: Rows, *, gram: bool = False, trained: Set[str] | None = None
) -> Look:
    """Look at a copy of ``module``, in evaluation mode, on the rows X.

    In float64, or in the module's own precision if it does not run in another.

    Parameters
    ----------
    module : nn.Module
    X : Rows
    gram : bool, default=False
        Whether to look at the Gram matrix, which costs as many passes as there are
        outputs.
    trained : set of str, default=None
        Names of the parameters that count as trained; of those that are, if None.

    Raises
    ------
    ValueError
        If the module does not run on these rows.
    """
    twin = twin_of(module)
    now = {name for name, p in twin.named_parameters() if p.requires_grad}
    trained = now if trained is None else trained
    if any(p.is_meta for p in (*twin.parameters(), *twin.buffers())):
        weights, skipped = weights_of(twin, trained, ())
        views = (PatternView, *_GRAM_VIEWS, *(() if weights else (WeightView,)))
        unseen = dict.fromkeys(views, "the module is on the meta device")
        return Look(now, weights, {}, None, None, skipped, unseen)
    twin, whole = _run(module, twin, X)
    half = _half(twin, whole)
    weights, skipped = weights_of(twin, trained, list(whole.calls.first))
    patterns = dict(_with_rows(whole, half))
    for name in whole.patterns.seen.keys() - patterns.keys():
        skipped[name] = "its inputs have no units, or no axis of the rows"
    unseen = {} if patterns else {PatternView: "no ReLU is called"}
    unseen |= {} if weights else {WeightView: "no trained layer has a weight matrix"}
    outputs = H = None
    try:
        outputs = outputs_of(whole.returned, len(X)).detach()
        H = _gram(twin, whole, half, trained) if gram else None
    except NoGramError as reason:
        unseen |= dict.fromkeys(_GRAM_VIEWS, str(reason))
    skipped = whole.patterns.smooth | skipped
    return Look(now, weights, patterns, outputs, H, skipped, unseen)


def _run(module: nn.Module, twin: nn.Module, X: Rows) -> tuple[nn.Module, _Pass]:
    """A twin that runs on these rows, and the pass."""
    own = next((p.dtype for p in twin.parameters() if p.is_floating_point()), None)
    try:
        return twin, _pass(twin.double(), X.on(_device_of(twin), torch.float64))
    except Exception:  # its forward pass may name a precision
        twin = twin_of(module)
    try:
        return twin, _pass(twin, X.on(_device_of(twin), own or torch.float32))
    except Exception as error:
        raise ValueError(
            f"module must take X, {len(X)} rows of it, in evaluation mode, got "
            f"{type(error).__name__}: {shown(str(error))}."
        ) from error


def _pass(twin: nn.Module, rows: Rows) -> _Pass:
    calls, uses = Calls(), LinearUses()
    patterns = Patterns(calls)
    for parameter in twin.parameters():
        # Also what is frozen, which would go a fused way through a transformer.
        if parameter.is_floating_point() or parameter.is_complex():
            parameter.requires_grad_(True)
    with ExitStack() as inside:
        inside.enter_context(_chance(twin))
        inside.enter_context(uses.seen_in(twin))
        inside.enter_context(calls.within(twin))
        inside.enter_context(patterns)
        given = rows.mapped(Tensor.clone)  # it may overwrite them
        returned = twin(*given.args, **given.kwargs)
    return _Pass(rows, returned, calls, patterns, uses)


def _half(twin: nn.Module, whole: _Pass) -> _Pass | None:
    """A pass over fewer rows in another order, if the module takes so many."""
    try:
        return _pass(twin, whole.rows.at(_other_places(len(whole.rows))))
    except Exception:
        return None


def _gram(
    twin: nn.Module, whole: _Pass, half: _Pass | None, trained: Set[str]
) -> Tensor:
    n = len(whole.rows)
    outputs = outputs_of(whole.returned, n)
    if half is None:
        raise NoGramError(f"the module runs on {n} rows, and not on others")
    alone = outputs_of(half.returned, len(half.rows))
    if not bool(outputs.isfinite().all()):  # training has diverged
        return torch.full((n, n), torch.nan, dtype=torch.float64, device=outputs.device)
    if not close(alone, outputs[_other_places(n)]):
        raise NoGramError("a row's outputs depend on the other rows, or on chance")
    try:
        with _chance(twin):
            H = gram_matrix_of(twin, whole.rows, outputs, whole.uses, trained)
    except NoGramError:
        raise
    except Exception as error:  # it has no gradients, or more of them than memory
        raise NoGramError(shown(f"{type(error).__name__}: {error}")) from error
    return H.detach()


def _with_rows(whole: _Pass, half: _Pass | None) -> Iterator[tuple[str, Tensor]]:
    """Patterns that have rows, (n, units): along the axis that is shorter of fewer."""
    n = len(whole.rows)
    for name, active in whole.patterns.seen.items():
        axes = [0] if len(active) == n else []
        if half is not None and n > 1:
            fewer = half.patterns.seen.get(name, active)
            sizes = zip(active.shape, fewer.shape, strict=False)
            axes = [a for a, both in enumerate(sizes) if both == (n, len(half.rows))]
        if active.numel() and len(axes) == 1:
            yield name, active.movedim(axes[0], 0).reshape(n, -1)


def _other_places(n: int) -> Tensor:
    """Half of the rows, from the last one on."""
    return torch.arange(n, dtype=torch.int64).flip(0)[: max(1, n // 2)]


def _chance(twin: nn.Module) -> Any:
    return same_chance({p.device for p in (*twin.parameters(), *twin.buffers())})


def _device_of(twin: nn.Module) -> torch.device:
    first = next((p.device for p in (*twin.parameters(), *twin.buffers())), None)
    return first or torch.device("cpu")
