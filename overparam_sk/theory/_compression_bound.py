"""Occam's bound for W(0), by its seed, and an update of low rank in few bits."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam_sk.theory._bounded_network import BoundedNetwork
from overparam_sk.theory._kl_inverse import kl_inverse
from overparam_sk.theory.bound import Bound

__all__ = ["compression_bound", "quantised"]

Floats = NDArray[np.float64]

# Bits of a number of the factors.
_BITS = (2, 3, 4, 6, 8, 16)
_SCALE_BITS = 32
# A description that loses less training accuracy counts as one of the network.
_KEPT = 0.01


def quantised(factor: Floats, bits: int) -> Floats:
    """Round each column to 2^bits − 1 values, evenly spaced about 0.

    The spacing is a number of float32, so that a column of m numbers is described by
    m·bits + 32 bits.
    """
    most = 2 ** (bits - 1) - 1
    spacing = (np.abs(factor).max(axis=0) / most).astype(np.float32).astype(np.float64)
    safe = np.where(spacing > 0, spacing, 1.0)
    return np.asarray(np.clip(np.rint(factor / safe), -most, most) * spacing)


@dataclass(frozen=True)
class _Description:
    rank: int
    bits: int
    total: int


def compression_bound(net: BoundedNetwork, delta: float) -> Bound:
    """Of the network of a quantised update, which is one of 2^(bits) for a given seed.

    LL18 §6: the initialisation is a helper string, from which the update is described
    by few numbers (Arora, Ge, Neyshabur, Zhang 2018). For one of N networks that
    are fixed before the rows, kl(R̂ ‖ R) ≤ ln(N/δ')/n by Chernoff's bound; δ' is δ
    over the number of ranks and precisions from which one is chosen, the shortest
    description that keeps the network's training error.
    """
    descriptions = _descriptions(net)
    enough = net.errors(net.W)[0] + _KEPT
    for one in descriptions:
        train, test = net.errors(_described(net, one))
        if train <= enough:
            break
    budget = one.total * math.log(2) + math.log(len(descriptions) / delta)
    return Bound(
        name="compression",
        source="Arora, Ge, Neyshabur, Zhang (2018); LL18 §6; Chernoff's bound",
        classifier="the network of the quantised update",
        value=kl_inverse(train, budget / net.n),
        trivial=net.trivial,
        assumptions=net.always_asked,
        train_error=train,
        test_error=test,
        parameters={
            "rank": one.rank,
            "bits a number": one.bits,
            "bits": one.total,
        },
    )


def _descriptions(net: BoundedNetwork) -> list[_Description]:
    """All from which one is chosen, shortest first; they depend on the sizes alone."""
    m, d = net.W.shape
    most = min(m, d)
    ranks = [*(2**i for i in range(most.bit_length()) if 2**i < most), most]
    found = [
        _Description(r, b, r * (b * (m + d) + 2 * _SCALE_BITS))
        for r in ranks
        for b in _BITS
    ]
    return sorted(found, key=lambda one: one.total)


def _described(net: BoundedNetwork, one: _Description) -> Floats:
    """The weights that such a description gives."""
    left = net.compressed.left_[:, : one.rank].astype(np.float64)
    right = net.compressed.right_[: one.rank].T.astype(np.float64)
    # Either factor may have the size of the product: of the same size both have
    # spacings in float32.
    sizes = (np.frexp(np.abs(factor).max(axis=0))[1] for factor in (left, right))
    half = np.subtract(*sizes) // 2
    left, right = np.ldexp(left, -half), np.ldexp(right, half)
    update = quantised(left, one.bits) @ quantised(right, one.bits).T
    return net.W0 + update
