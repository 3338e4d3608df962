"""Exact s-step minibatch SGD for a network with one trained layer.

K successive batches are done as one block. With W the weights before the block, X the
block's K·B rows and Z = X Wᵀ, the pre-activations of batch j at *its* iterate are

    Z_j + Σ_{l<j} (X_j X_lᵀ) D_l,      D_l = −(η/B) · ∂loss/∂Z_l,

so that one product with W, one Gram matrix X Xᵀ and small corrections give all K
derivatives D, and W += Dᵀ X is the whole of the K updates. The iterates are those of
plain SGD up to rounding; W is read and written once per block instead of three times
per step. This is s-step (communication-avoiding) SGD (Devarakonda, Demmel 2020,
"Avoiding communication in logistic regression"), with ReLU and softmax resolved in
sequence inside the block.

Heavy-ball momentum μ, u ← μu + DᵀX, W ← W + u, stays exact: at batch j the velocity u
from before the block has been added s_j = μ + … + μ^j times, and batch l < j has been
added c_{j−l} = 1 + μ + … + μ^{j−l−1} times.
"""

import torch
from torch import Tensor

from overparam_sk.networks import FirstLayerNetwork, Scratch
from overparam_sk.rows import Rows
from overparam_sk.training.errors import DivergenceError
from overparam_sk.training.minibatches import MinibatchStream
from overparam_sk.training.step_size import CurvatureStep

__all__ = ["SStepSGD", "auto_block_rows"]

# Rows of an inner block: inside it the corrections go batch by batch, between inner
# blocks they are one product.
_INNER_ROWS = 64


def auto_block_rows(m: int, d: int) -> int:
    """Rows of a block that cost least, for m units and d columns.

    A block of R rows costs R/(2m) (the Gram matrix) and R/(4d) (the corrections) of
    the main work, and saves traffic to W as 1/R. The constant is measured
    (docs/performance.md).
    """
    rows = (12.0 / (1 / (2 * m) + 1 / (4 * d))) ** 0.5
    return int(min(512, max(64, 64 * round(rows / 64))))


class SStepSGD:
    """Minibatch SGD on W, many batches at a time, with the iterates of plain SGD.

    Parameters
    ----------
    network : FirstLayerNetwork
    W : Tensor of shape (m, d)
        The weights before the first step; trained in place.
    rows : Rows
        The n training rows.
    targets : Tensor of shape (n,), int64, on the CPU
        Class indices, one-hot encoded block by block.
    n_outputs : int
        k, the number of classes.
    sample_weight : Tensor of shape (n,)
        Mean 1; multiplies each sample's gradient.
    stream : MinibatchStream
        Gives the batches, of B rows each.
    step : float
        η.
    momentum : float, default=0.0
        Heavy-ball μ.
    lengthen : CurvatureStep or None, default=None
        Multiplies each batch's step by a factor that depends on its outputs.
    block_rows : int
        Rows of a block; rounded down to whole batches, at least one batch. Speed
        only: the iterates are the same up to rounding.

    Attributes
    ----------
    W : Tensor of shape (m, d)
    iteration : int
        Steps done.
    """

    def __init__(
        self,
        network: FirstLayerNetwork,
        W: Tensor,
        rows: Rows,
        targets: Tensor,
        n_outputs: int,
        sample_weight: Tensor,
        stream: MinibatchStream,
        *,
        step: float,
        block_rows: int,
        momentum: float = 0.0,
        lengthen: CurvatureStep | None = None,
    ) -> None:
        self.W = W
        self.iteration = 0
        self._network = network
        self._rows = rows
        self._targets = targets
        self._n_outputs = n_outputs
        self._stream = stream
        self._weight = sample_weight
        self._step_per_row = -step / stream.batch_size
        self._lengthen = lengthen
        self._momentum = momentum
        self._velocity = torch.zeros_like(W) if momentum else None
        self._batches_per_block = max(1, block_rows // stream.batch_size)
        self._buffers: tuple[Tensor, Tensor, Tensor, Scratch] | None = None

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """The trained weights: W alone."""
        return (self.W,)

    @property
    def outputs(self) -> None:
        """No step of SGD looks at all rows."""
        return

    def advance(self, n_steps: int) -> None:
        """Do ``n_steps`` gradient steps.

        Raises
        ------
        DivergenceError
            When an output is no finite number; W is then of no use.
        """
        while n_steps > 0:
            n_batches = min(n_steps, self._batches_per_block)
            self._advance_block(n_batches)
            self.iteration += n_batches
            n_steps -= n_batches

    def _advance_block(self, n_batches: int) -> None:
        indices = self._stream.take(n_batches)
        X, Z, G, scratch = self._buffers_for(len(indices))
        self._rows.take(indices, out=X)
        targets = self._one_hot(indices)
        weight = self._weight[indices.to(self._weight.device)]

        torch.mm(X, self.W.T, out=Z)
        if n_batches > 1:
            torch.mm(X, X.T, out=G)
        if self._velocity is not None:
            self._carry_velocity(X, Z, G, n_batches)
        outputs = self._differentiate(X, Z, G, targets, weight, scratch)
        self._check_finite(outputs)
        self._update(Z, X, n_batches)

    def _differentiate(
        self,
        X: Tensor,
        Z: Tensor,
        G: Tensor,
        targets: Tensor,
        weight: Tensor,
        scratch: Scratch,
    ) -> Tensor:
        """Turn the block's X Wᵀ, in place, into the derivatives D of all batches."""
        B, n_rows = self._stream.batch_size, len(Z)
        inner = B * max(1, _INNER_ROWS // B)
        scale = (weight * self._step_per_row).unsqueeze(1)
        outputs = []
        for start in range(0, n_rows, inner):
            stop = min(start + inner, n_rows)
            if start > 0:
                Z[start:stop].addmm_(G[start:stop, :start], Z[:start])
            for low in range(start, stop, B):
                batch = slice(low, low + B)
                if low > start:
                    Z[batch].addmm_(G[batch, start:low], Z[start:low])
                f = self._network.differentiate_(
                    Z[batch], targets[batch], scale[batch], scratch
                )
                if self._lengthen is not None:
                    h = self._network.curvatures(f, targets[batch])
                    Z[batch] *= self._lengthen.factor(h, weight[batch], X[batch])
                outputs.append(f)
        return torch.cat(outputs)

    def _carry_velocity(self, X: Tensor, Z: Tensor, G: Tensor, n_batches: int) -> None:
        """Add the velocity's part to Z; weight G by how often D_l was added."""
        age = self._ages(n_batches)
        assert self._velocity is not None
        Z.addmm_(X * self._geometric(age, first=1), self._velocity.T)
        if n_batches > 1:
            # Clamped entries belong to pairs j <= l, which are never read.
            G.mul_(self._geometric((age - age.T).clamp_min(0), first=0))

    def _update(self, D: Tensor, X: Tensor, n_batches: int) -> None:
        if self._velocity is None:
            self.W.addmm_(D.T, X)
            return
        mu = self._momentum
        left = n_batches - 1 - self._ages(n_batches)  # batches after this one
        self.W.addmm_(D.T, X * self._geometric(left + 1, first=0))
        self.W.add_(self._velocity, alpha=sum(mu**i for i in range(1, n_batches + 1)))
        self._velocity.mul_(mu**n_batches).addmm_(D.T, X * mu**left)

    def _ages(self, n_batches: int) -> Tensor:
        """Index of its batch in the block, for every row: shape (n_batches · B, 1)."""
        ages = torch.arange(n_batches, dtype=self.W.dtype, device=self.W.device)
        return ages.repeat_interleave(self._stream.batch_size).unsqueeze(1)

    def _geometric(self, length: Tensor, *, first: int) -> Tensor:
        """μ^first + … , ``length`` terms."""
        mu = self._momentum
        return (1 - mu**length) / (1 - mu) * mu**first

    def _check_finite(self, outputs: Tensor) -> None:
        if bool(outputs.isfinite().all()):
            return
        first_row = int((~outputs.isfinite().all(dim=1)).nonzero()[0])
        iteration = self.iteration + first_row // self._stream.batch_size
        raise DivergenceError(
            "The outputs must stay finite during training, got a non-finite output at "
            f"iteration {iteration}: lower learning_rate, or scale X to smaller values."
        )

    def _one_hot(self, indices: Tensor) -> Tensor:
        classes = self._targets[indices].unsqueeze(1).to(self.W.device)
        shape = (len(indices), self._n_outputs)
        one_hot = torch.zeros(shape, dtype=self.W.dtype, device=self.W.device)
        return one_hot.scatter_(1, classes, 1)

    def _buffers_for(self, n_rows: int) -> tuple[Tensor, Tensor, Tensor, Scratch]:
        """X, Z, G and the scratch for a block of ``n_rows`` rows; kept and reused."""
        B = self._stream.batch_size
        side = n_rows if n_rows > B else 0  # one batch alone needs no correction
        if self._buffers is None or len(self._buffers[0]) < n_rows:
            m, d = self.W.shape
            self._buffers = (
                self.W.new_empty(n_rows, d),
                self.W.new_empty(n_rows, m),
                self.W.new_empty(side * side),
                Scratch(self.W.new_empty(B, m), self.W.new_empty(B, m)),
            )
        X, Z, G, scratch = self._buffers
        return X[:n_rows], Z[:n_rows], G[: side * side].view(side, side), scratch
