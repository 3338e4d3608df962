"""Our diagnostics in the history of any skorch net of Linear and ReLU layers."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import Tensor

from overparam_sk.diagnostics import (
    REGISTRY,
    GramDriftView,
    GramView,
    Panel,
    PatternView,
    WeightView,
    history_columns,
    update_singular_values,
)
from overparam_sk.fits import SPECTRUM, asked_for, diagnostics_rule
from overparam_sk.interop._layers import Look, gram_matrix_of, look_at
from overparam_sk.parameters import COUNT, SEED, checked, either, one_of
from overparam_sk.rows import as_tensor

__all__ = ["TrainingDiagnostics"]


def _names(name: str, value: Any) -> Any:
    return either(one_of("all"), diagnostics_rule())(name, value)


_RULES: dict[str, Callable[[str, Any], Any]] = {
    "names": _names,
    "n_samples": COUNT,
    "n_singular_values": COUNT,
    "every": COUNT,
    "random_state": SEED,
}


class _Start(NamedTuple):
    """A net before its first epoch, on the rows that are looked at."""

    weights: list[Tensor]
    patterns: list[Tensor]
    targets: Tensor  # (n, k) or (n, 1)
    gram: Tensor | None  # (n, n), where it is asked for


class TrainingDiagnostics(Callback):
    """Record what the papers measure, epoch by epoch, in a skorch net's history.

    The net may be any module whose trained parameters are those of ``nn.Linear`` layers
    on 2-D inputs, each used once in a forward pass, and whose hidden layers are
    followed by ``nn.ReLU`` modules (``torch.relu`` as a function is not seen).
    Everything is computed in float64 on the net's device, from a copy of the module in
    evaluation mode.

    Every layer has its own column, ``relative_distance_1``, ``relative_distance_2`` and
    so on, in the order of the forward pass; a figure of a net with a single one has no
    number. Figures of weights belong to the trained Linear layers, those of patterns to
    the ReLU modules.

    ========================== =======================================================
    ``activation_change``      share of (unit, row) pairs whose pattern changed
    ``coupling``               share of units whose pattern changed on no row
    ``relative_distance``      ‖W − W(0)‖_F / ‖W(0)‖_F, without intercepts
    ``weight_change``          ‖W − W(0)‖_F, without intercepts
    ``update_singular_values`` largest singular values of W − W(0), a list
    ``dead_samples``           rows that activate no unit of the first hidden layer
    ``dead_rows``              rows that activate no unit of a layer, for every layer
    ``gram_lambda_min``        λ_min of (1/k) Σ_i J_i J_iᵀ, the average over the k
                               outputs, J_i the Jacobian in all trained parameters;
                               0.0 if it is rounding noise
    ``gram_drift``             ‖H − H(0)‖_F / ‖H(0)‖_F of this matrix H
    ``gram_alignment``         cosine of the angle between H and Ȳ Ȳᵀ, Ȳ the centred
                               targets: y as the net is given it; of class indices and
                               several outputs one-hot
    ``largest_unit_change``    max_r ‖w_r − w_r(0)‖, without intercepts
    ========================== =======================================================

    W(0) are the weights before the first epoch after the net was initialized: ``fit``
    starts anew, ``partial_fit`` goes on. For the class-averaged Gram matrix of
    `OverparamReLUClassifier` divide ``gram_lambda_min`` by the width.

    Parameters
    ----------
    names : "all" or tuple of str, default="all"
        Which of these to record.
    n_samples : int, default=200
        Training rows, a seeded subset, for patterns and Gram matrix.
    n_singular_values : int, default=20
        How many singular values to keep.
    every : int, default=1
        Epochs between two records; the last may be up to ``every - 1`` old.
    random_state : int, default=0
        Seed of the subset.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> from overparam_sk.interop import TrainingDiagnostics
    >>> X, y = make_clustered_mixture(200, 50, random_state=0)
    >>> est = OverparamReLUClassifier(width=100, random_state=0).fit(X, y)
    >>> callbacks = [TrainingDiagnostics()]
    >>> net = est.to_skorch(initial=True, max_epochs=2, callbacks=callbacks)
    >>> net.fit(X, y).history[:, "relative_distance"][0] > 0
    True
    """

    def __init__(
        self,
        names: Any = "all",
        n_samples: int = 200,
        n_singular_values: int = 20,
        every: int = 1,
        random_state: int = 0,
    ) -> None:
        self.names = names
        self.n_samples = n_samples
        self.n_singular_values = n_singular_values
        self.every = every
        self.random_state = random_state

    def initialize(self) -> "TrainingDiagnostics":
        """Check the parameters; forget W(0)."""
        p = checked(vars(self), _RULES)
        self.names_ = asked_for(p["names"])
        self.n_samples_ = p["n_samples"]
        self.n_singular_values_ = p["n_singular_values"]
        self.every_, self.seed_ = p["every"], p["random_state"]
        self.start_: _Start | None = None
        return self

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, **_: Any) -> None:
        """Before the first epoch: keep W(0) and the patterns."""
        if self.start_ is None:
            X, y = _rows_of(dataset_train, self.n_samples_, self.seed_)
            self.rows_ = X.to(net.device or "cpu", torch.float64)
            look = look_at(net.module_, self.rows_)
            targets = _as_targets(y, look.outputs.shape[1]).to(self.rows_.device)
            drifts = self._panel().sees(GramDriftView)
            gram = gram_matrix_of(look) if drifts else None
            self.start_ = _Start(look.weights, look.patterns, targets, gram)

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Record this epoch's figures."""
        if net.history[-1]["epoch"] % self.every_:
            return
        now = look_at(net.module_, self.rows_)
        for name, value in self._figures(now).items():
            net.history.record(name, value)
            if isinstance(value, list):
                _keep_off_the_log(net, name)

    def _figures(self, now: Look) -> dict[str, Any]:
        start, panel = self.start_, self._panel()
        assert start is not None
        layers = list(zip(now.weights, start.weights, strict=True))
        for layer, (W, W0) in enumerate(layers):
            panel.show(WeightView.between(W0, W), layer)
        rows = slice(0, len(self.rows_))
        patterns = zip(now.patterns, start.patterns, strict=True)
        for layer, (active, active0) in enumerate(patterns):
            panel.show(PatternView(active, active0, rows, rows.stop), layer)
        if panel.sees(GramView, GramDriftView):
            gram = gram_matrix_of(now)
            weight = torch.ones_like(gram[0])
            panel.show(GramView(gram, start.targets, weight))
            if start.gram is not None:
                panel.show(GramDriftView(gram, start.gram))
        figures = dict(panel.values())
        if SPECTRUM in self.names_:
            figures[SPECTRUM] = [
                update_singular_values(W.cpu(), W0.cpu())[
                    : self.n_singular_values_
                ].tolist()
                for W, W0 in layers
            ]
        return history_columns(figures)

    def _panel(self) -> Panel:
        return Panel(REGISTRY[name] for name in self.names_ if name in REGISTRY)


def _keep_off_the_log(net: Any, name: str) -> None:
    """Lists are for the history; skorch's logs would print them in full."""
    for _, callback in net.callbacks_:
        if hasattr(callback, "keys_ignored_"):
            callback.keys_ignored_.add(name)


def _rows_of(dataset: Any, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """At most ``size`` rows of a data set of (X, y), and theirs of y."""
    n = len(dataset)
    places = np.sort(np.random.default_rng(seed).permutation(n)[:size])
    X, y = zip(*(dataset[int(i)] for i in places), strict=True)
    return _stacked(X), _stacked(y)


def _stacked(parts: Sequence[Any]) -> Tensor:
    return torch.stack(
        [p if isinstance(p, Tensor) else as_tensor(np.asarray(p)) for p in parts]
    )


def _as_targets(y: Tensor, k: int) -> Tensor:
    """What k outputs are compared with: of class indices one-hot, or y itself."""
    y = y.reshape(len(y), -1).double()
    classes = torch.arange(k, dtype=torch.float64, device=y.device)
    indices = y.shape[1] == 1 < k and bool(torch.isin(y, classes).all())
    return (y == classes).double() if indices else y
