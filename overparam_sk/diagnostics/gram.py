"""The Gram matrix at the current weights, and its smallest eigenvalue."""

from typing import ClassVar

from torch import Tensor

from overparam_sk.diagnostics._base import Diagnostic, SampleView, View
from overparam_sk.linalg import smallest_eigenvalue
from overparam_sk.networks import gate_gram

__all__ = ["GramLambdaMin"]


class GramLambdaMin(Diagnostic):
    """λ_min of H = (1/(k·m)) Σ_i J_i J_iᵀ on a sample of the training rows.

    By interlacing it bounds λ_min of the Gram matrix of all rows from above. An
    eigenvalue that is rounding noise is reported as 0.0.
    """

    name: ClassVar[str] = "gram_lambda_min"
    sees: ClassVar[type] = SampleView

    def __init__(self) -> None:
        self._gates: Tensor | None = None
        self._inner: Tensor | None = None

    def accumulate(self, view: View) -> None:
        """Add the units' gates."""
        assert isinstance(view, SampleView)
        gates = gate_gram(view.Z, view.a) / view.m
        self._gates = gates if self._gates is None else self._gates + gates
        if self._inner is None:
            self._inner = view.X.double() @ view.X.double().T

    def value(self) -> float:
        """λ_min of (X Xᵀ) ⊙ gates / m."""
        assert self._gates is not None
        assert self._inner is not None
        return smallest_eigenvalue((self._inner * self._gates).cpu())
