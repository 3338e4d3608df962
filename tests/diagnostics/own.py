"""Diagnostics of one's own, made anew in every test: workers cannot import them.

``columns`` they can: a test's own module has a name that only pytest knows.
"""

import torch

from overparam_sk.diagnostics import Diagnostic, PatternView, WeightView


def active_share():
    """Of pairs of rows and units; each layer has its own."""

    class ActiveShare(Diagnostic):
        name = "active_share"
        sees = PatternView

        def accumulate(self, view):
            active = torch.count_nonzero(view.active)
            self.add(
                torch.stack([active, torch.full_like(active, view.active.numel())])
            )

        def value(self):
            active, pairs = self.total.tolist()
            return active / pairs

    return ActiveShare


def moved(least=0.0, name="moved"):
    """Squares of those changes that are larger than ``least``, added up."""

    class Moved(Diagnostic):
        sees = WeightView

        def accumulate(self, view):
            size = view.update.abs()
            self.add((size * (size > least)).square().sum().reshape(1))

        def value(self):
            return float(self.total)

    Moved.name = name
    return Moved


def columns(nets, X, y):
    """What each has measured, once it is fitted."""
    return [net.fit(X, y).diagnostic_columns for net in nets]
