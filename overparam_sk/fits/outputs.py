"""Outputs of a trained first layer, and patterns, on many rows."""

from collections.abc import Iterator
from functools import partial
from itertools import repeat

from torch import Tensor

from overparam_sk.networks import FirstLayerNetwork
from overparam_sk.rows import Rows
from overparam_sk.threads import parts, share_out

__all__ = ["outputs_of", "preactivations_of"]

# Numbers of pre-activations that a prediction holds at a time.
_PREDICT_ELEMENTS = 2**22
# What a unit's output costs beside its pre-activation, as operations of a product.
_POINTWISE_OPERATIONS = 100.0


def outputs_of(
    network: FirstLayerNetwork, W: Tensor, intercept: Tensor, rows: Rows
) -> Tensor:
    """Outputs of a trained network on given rows, on the CPU.

    Parameters
    ----------
    network : FirstLayerNetwork
        Gate weights have the weights of a constant 1 as their last column, or not.
    W : Tensor of shape (m, d)
    intercept : Tensor of shape (m,)
        The weights of the constant.
    rows : Rows
        Without it.
    """
    size = max(1, _PREDICT_ELEMENTS // len(W))
    G, d = network.gate_weights, rows.n_columns
    gates: Iterator[Tensor | None] = repeat(None)
    if G is not None:
        gates = preactivations_of(rows, G[:, :d], G[:, d:].sum(dim=1), size)
    outputs = W.new_empty(len(rows), len(network.a))
    for (places, Z), gate in zip(rows.products(W.T, size), gates, strict=False):
        _write_outputs(network, Z.add_(intercept), gate, outputs[places])
    return outputs.cpu()


def _write_outputs(
    network: FirstLayerNetwork, Z: Tensor, gate: Tensor | None, outputs: Tensor
) -> None:
    """Write the outputs of some rows; helpers may do some of them."""

    def write(here: slice) -> None:
        outputs[here] = network.outputs_(Z[here], None if gate is None else gate[here])

    operations = _POINTWISE_OPERATIONS * Z.numel() if Z.device.type == "cpu" else 0
    share_out([partial(write, at) for at in parts(len(Z), operations, Z.itemsize)])


def preactivations_of(
    rows: Rows, W: Tensor, intercept: Tensor | None, size: int
) -> Iterator[Tensor]:
    """W x of blocks of rows."""
    for _, Z in rows.products(W.T, size):
        yield Z if intercept is None else Z.add_(intercept)
