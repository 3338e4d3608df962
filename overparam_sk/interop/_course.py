"""Where a module began, and what was measured of it since."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from overparam_sk.diagnostics import (
    Diagnostic,
    GramDriftView,
    GramView,
    Panel,
    PatternView,
    WeightView,
    update_singular_values,
)
from overparam_sk.fits import SPECTRUM
from overparam_sk.interop._look_at import Look, look_at
from overparam_sk.interop._rows import Rows

__all__ = ["Course"]


class Course:
    """A module from its start on, looked at on the same rows.

    Parameters
    ----------
    module : nn.Module
        At the start.
    rows : Rows
    y : Tensor or None
        Targets of the rows.
    names : tuple of str
        What to measure.
    kinds : mapping of str to Diagnostic class
        Those of the names that are diagnostics, and perhaps others.
    n_values : int
        Singular values to keep.

    Attributes
    ----------
    start : Look
    skipped : dict of str to str
        Layers, parameters and diagnostics that are not measured, and why.
    """

    def __init__(
        self,
        module: nn.Module,
        rows: Rows,
        y: Tensor | None,
        names: tuple[str, ...],
        kinds: Mapping[str, type[Diagnostic]],
        n_values: int,
    ) -> None:
        self.rows, self.names, self.n_values = rows, names, n_values
        self._kinds = {name: kinds[name] for name in names if name in kinds}
        drifts = self._panel().sees(GramDriftView)
        self.start = look_at(module, rows, gram=drifts)
        outputs = self.start.outputs
        k = 1 if outputs is None else outputs.shape[1]
        self.targets = None if y is None else _as_targets(y, k)
        self.skipped: dict[str, str] = {}
        self._skip_what_is_not_seen(self.start)

    def figures(self, module: nn.Module, *, spectra: bool) -> dict[str, list[Any]]:
        """Each diagnostic of each of its layers; NaN for one that is not there now."""
        panel, start = self._panel(), self.start
        grams = panel.sees(GramView, GramDriftView)
        now = look_at(module, self.rows, gram=grams, trained=start.trained)
        self._skip_what_is_not_seen(now)
        for name in now.trained - start.trained:
            self.skipped[name] = "it was not trained at the start"
        weights = self._pairs(start.weights, now.weights)
        patterns = self._pairs(start.patterns, now.patterns)
        for layer, (W0, W) in weights.items():
            panel.show(WeightView.between(W0, W), layer)
        rows = slice(0, len(self.rows))
        for layer, (active0, active) in patterns.items():
            panel.show(PatternView(active, active0, rows, rows.stop), layer)
        layers = {
            WeightView: (len(start.weights), list(weights)),
            PatternView: (len(start.patterns), list(patterns)),
            **self._show_gram(panel, now),
        }
        values = panel.values()
        figures = {
            name: _in_places(kind, values.get(name, ()), *layers[kind.sees])
            for name, kind in self._kinds.items()
            if kind.sees in layers
        }
        if spectra and SPECTRUM in self.names:
            spectrum = {i: self._spectrum(W0, W) for i, (W0, W) in weights.items()}
            empty = np.full(0, np.nan)
            figures[SPECTRUM] = [
                spectrum.get(i, empty) for i in range(len(start.weights))
            ]
        return {name: values for name, values in figures.items() if values}

    def _panel(self) -> Panel:
        return Panel(self._kinds.values())

    def _show_gram(self, panel: Panel, now: Look) -> dict[type, tuple[int, list[int]]]:
        layers: dict[type, tuple[int, list[int]]] = {}
        H, H0 = now.gram, self.start.gram
        if H is not None:
            y = self.targets
            targets = torch.zeros_like(H[:, :1]) if y is None else y.to(H.device)
            panel.show(GramView(H, targets, torch.ones_like(H[0])))
            layers[GramView] = (1, [0])
        if H is not None and H0 is not None:
            panel.show(GramDriftView(H, H0.to(H.device)))
            layers[GramDriftView] = (1, [0])
        return layers

    def _pairs(
        self, start: dict[str, Tensor], now: dict[str, Tensor]
    ) -> dict[int, tuple[Tensor, Tensor]]:
        """(At the start, now) of the layers that still are what they were."""
        pairs = {}
        for layer, (name, before) in enumerate(start.items()):
            found = now.get(name)
            if found is not None and found.shape == before.shape:
                pairs[layer] = (before.to(found.device), found)
            else:
                self.skipped.setdefault(name, "it is not what it was at the start")
        return pairs

    def _spectrum(self, W0: Tensor, W: Tensor) -> Any:
        if not bool((W - W0).isfinite().all()):
            return np.full(min(*W.shape, self.n_values), np.nan)
        return update_singular_values(W.cpu(), W0.cpu())[: self.n_values]

    def _skip_what_is_not_seen(self, look: Look) -> None:
        """Note the layers, and the diagnostics that have none to be shown."""
        self.skipped = look.skipped | self.skipped
        for name in self.names:
            seen = self._kinds[name].sees if name in self._kinds else WeightView
            if seen in look.unseen:
                self.skipped.setdefault(name, look.unseen[seen])


def _in_places(
    kind: type[Diagnostic], values: Any, n_layers: int, shown: list[int]
) -> list[float]:
    """A diagnostic's values, each at its layer; NaN for layers that were not shown."""
    places = range(n_layers)[kind.layers]
    found = dict(zip([i for i in shown if i in places], values, strict=True))
    return [found.get(i, float("nan")) for i in places]


def _as_targets(y: Tensor, k: int) -> Tensor:
    """What k outputs are compared with: of class indices one-hot, or y itself."""
    y = y.reshape(len(y), -1).double()
    classes = torch.arange(k, dtype=torch.float64, device=y.device)
    indices = y.shape[1] == 1 < k and bool(torch.isin(y, classes).all())
    return (y == classes).double() if indices else y
