"""An ensemble of infinitely wide networks under gradient flow, in closed form.

Networks that are so wide are linear in their weights θ where they train (Jacot,
Gabriel, Hongler 2018; Lee et al. 2019), so that the flow of

    ½ Σ_i w_i (f(x_i) − y_i)² + ½ α |θ − θ(0)|²

is solved by one eigendecomposition. With Σ the covariance of f(0), Θ the Gram matrix of
the layers that are trained, D = diag(w)^(1/2) and DΘD = UΛUᵀ, at the time t

===========  ===============================================================
G            U g Uᵀ with g(λ) = (1 − e^{−(λ + α)t}) / (λ + α)
mean         Θ(x, X) D G D y
covariance   of f(0) − Θ(x, X) D G D (f(0)(X) + ε), ε_i ~ N(0, α / w_i)
===========  ===============================================================

Each network sees noise ε of its own on the targets: with the readout alone trained,
Θ = Σ, and t → ∞ both are then those of the Gaussian process with the kernel Σ and the
noise α (Matthews et al. 2017). A direction in which Θ has nothing but rounding noise is
one in which nothing is learnt.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from overparam_sk.arrays import check_finite
from overparam_sk.linalg import with_eigenvectors
from overparam_sk.memory import check_room
from overparam_sk.networks import DirectedRows, layer_parts
from overparam_sk.rows import Rows, as_tensor, rows_that_fit
from overparam_sk.threads import one_thread, share_out

__all__ = ["FlowEnsemble", "WideNetwork"]

# Numbers of a block of all parts of a kernel: what a helper takes.
_BLOCK_ELEMENTS = 2**19
# Matrices of the size of the kernel that a fit holds at once.
_MATRICES = 9
_KEPT = {
    "X": "X_fit_",
    "modes": "modes_",
    "rates": "eigenvalues_",
    "prior": "prior_modes_",
    "targets": "target_modes_",
}
# An eigenvalue below this has no inverse in float64, and rounding noise is 0 beside it.
_SMALLEST = 2.0**-960
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class WideNetwork:
    """An infinitely wide network, and which of its layers are trained.

    Parameters
    ----------
    trained : sequence of bool
        Of W_1, …, W_L and of the readout.
    """

    trained: Sequence[bool]

    @property
    def depth(self) -> int:
        """Hidden layers L."""
        return len(self.trained) - 1

    def rows_of_a_block(self, n_columns: int) -> int:
        """How many rows of kernels of ``n_columns`` columns are made at a time."""
        return max(1, _BLOCK_ELEMENTS // (n_columns * len(self.trained)))

    def kernels(self, X: DirectedRows, Y: DirectedRows) -> tuple[Tensor, Tensor]:
        """Σ and Θ, shape (n, p)."""
        parts = layer_parts(X, Y, self.depth)
        trained = [part for part, is_ in zip(parts, self.trained, strict=True) if is_]
        return parts[-1], reduce(add, trained)

    def variances(self, X: DirectedRows) -> Tensor:
        """The diagonal of Σ, shape (n,)."""
        variances: Tensor = X.norms.square() * 0.5**self.depth
        return variances


@dataclass(frozen=True)
class FlowEnsemble:
    """The ensemble, from the eigenvectors along which something is learnt.

    Parameters
    ----------
    network : WideNetwork
    X : Tensor of shape (n, d)
        Training rows, with the column of ones if there is one.
    modes : Tensor of shape (n, r)
        D U.
    rates : Tensor of shape (r,)
        λ, descending and positive.
    prior : Tensor of shape (r, r)
        (D U)ᵀ Σ (D U).
    targets : Tensor of shape (r,) or (r, k)
        Uᵀ D y.
    alpha : float
    """

    network: WideNetwork
    X: Tensor
    modes: Tensor
    rates: Tensor
    prior: Tensor
    targets: Tensor
    alpha: float

    @classmethod
    def of(
        cls, network: WideNetwork, X: Rows, y: Tensor, weight: Tensor, alpha: float
    ) -> Self:
        """Solve the flow.

        Parameters
        ----------
        network : WideNetwork
        X : Rows
            n rows of float64.
        y : Tensor of shape (n,) or (n, k)
        weight : Tensor of shape (n,)
            Positive.
        alpha : float

        Raises
        ------
        MemoryError
            If the memory cannot hold the kernels.
        ValueError
            If they are not finite.
        """
        n = len(X)
        check_room(
            f"The kernels of {n} rows",
            8 * (_MATRICES * float(n) ** 2 + 2.0 * n * X.n_columns),
            "fit fewer rows",
        )
        dense = X.take(torch.arange(n, dtype=torch.int64))
        rows, root = DirectedRows.of(dense), weight.sqrt()
        covariance, gram = (dense.new_empty(n, n) for _ in range(2))

        def write(places: slice) -> None:
            both = network.kernels(rows.take(places), rows)
            covariance[places], gram[places] = both

        _in_blocks(n, network.rows_of_a_block(n), write)
        gram.mul_(root).mul_(root.unsqueeze(1))
        check_finite("The kernel of the rows of X", gram.numpy())
        rates, U = with_eigenvectors(gram)
        learnt = rates > _SMALLEST
        rates, U = rates[learnt], U[:, learnt]
        modes = root.unsqueeze(1) * U
        prior, targets = modes.T @ (covariance @ modes), modes.T @ y
        check_finite("The covariance at the rows of X", prior.numpy())
        if not bool(targets.isfinite().all()):
            raise ValueError(
                "y must be finite in float64 when it is added up over the rows, got "
                "infinity: scale y to smaller values."
            )
        return cls(network, dense, modes, rates, prior, targets, alpha)

    @classmethod
    def kept_by(cls, state: Mapping[str, Any]) -> Self:
        """The ensemble of fitted attributes."""
        arrays = (state[name] for name in _KEPT.values())
        parts = dict(zip(_KEPT, map(as_tensor, arrays), strict=True))
        network = WideNetwork(state["trained_layers_"].tolist())
        return cls(network, **parts, alpha=state["alpha_"])

    def kept(self) -> dict[str, Any]:
        """Fitted attributes."""
        arrays = {
            kept: np.ascontiguousarray(getattr(self, name).numpy())
            for name, kept in _KEPT.items()
        }
        trained = np.array(self.network.trained)
        return arrays | {"trained_layers_": trained, "alpha_": self.alpha}

    def gains(self, t: float) -> Tensor:
        """g, shape (r,), at the time t, up to infinity."""
        pulled = self.rates + self.alpha
        return -torch.expm1(-pulled * t) / pulled

    def means(self, rows: Rows, t: float) -> Tensor:
        """Mean at the time t of the outputs at some rows, shape (p,) or (p, k)."""
        gained = torch.einsum("r,r...->r...", self.gains(t), self.targets)
        dual = self.modes @ gained
        means = dual.new_empty(len(rows), *dual.shape[1:])
        fitted = DirectedRows.of(self.X)

        def write(places: slice) -> None:
            X = _directed(rows, places)
            means[places] = self.network.kernels(X, fitted)[1] @ dual

        _in_blocks(len(rows), self._size(rows), write)
        return means

    def variances(self, rows: Rows, t: float) -> Tensor:
        """Variance at the time t of the outputs at some rows, shape (p,)."""
        gains, noisy = self.gains(t), self._noisy_prior()
        variances, fitted = gains.new_empty(len(rows)), DirectedRows.of(self.X)

        def write(places: slice) -> None:
            X = _directed(rows, places)
            moved, before = self._in_modes(X, fitted, gains)
            change = ((moved @ noisy).sub_(before, alpha=2)).mul_(moved).sum(dim=1)
            variances[places] = self.network.variances(X) + change

        _in_blocks(len(rows), self._size(rows), write)
        return variances.clamp_min_(0)  # which rounding may have made negative

    def covariances(self, rows: Rows, t: float) -> Tensor:
        """Covariance at the time t of the outputs at some rows, shape (p, p)."""
        gains, fitted, p = self.gains(t), DirectedRows.of(self.X), len(rows)
        needed = 8 * (4.0 * p * p + 3.0 * p * len(gains))
        check_room(f"The covariance of {p} rows", needed, "ask for return_std")
        X = _directed(rows, slice(0, p))
        covariances = gains.new_empty(p, p)
        moved, before = (gains.new_empty(p, len(gains)) for _ in range(2))

        def write(places: slice) -> None:
            some = X.take(places)
            covariances[places] = self.network.kernels(some, X)[0]
            moved[places], before[places] = self._in_modes(some, fitted, gains)

        size = self.network.rows_of_a_block(max(p, len(self.X)))
        _in_blocks(p, size, write)
        half = moved @ (self._noisy_prior() @ moved.T / 2 - before.T)
        return covariances + half + half.T

    def _size(self, rows: Rows) -> int:
        size = self.network.rows_of_a_block(len(self.X))
        return min(size, rows_that_fit(rows.n_columns))

    def _noisy_prior(self) -> Tensor:
        """Covariance of f(0)(X) + ε in the modes."""
        return self.prior + self.alpha * torch.eye(len(self.rates), dtype=torch.float64)

    def _in_modes(
        self, X: DirectedRows, fitted: DirectedRows, gains: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What moves each output, and its covariance with f(0)(X), shape (p, r)."""
        covariance, gram = self.network.kernels(X, fitted)
        return (gram @ self.modes).mul_(gains), covariance @ self.modes


def _directed(rows: Rows, places: slice) -> DirectedRows:
    indices = torch.arange(places.start, places.stop, dtype=torch.int64)
    return DirectedRows.of(rows.take(indices))


def _in_blocks(n_rows: int, size: int, write: Callable[[slice], None]) -> None:
    """Write ``size`` rows at a time, each block by whoever is free."""
    starts = range(0, n_rows, size)
    with one_thread(_CPU):
        share_out([partial(write, slice(i, min(i + size, n_rows))) for i in starts])
