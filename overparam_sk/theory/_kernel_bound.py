"""The bound of Arora, Du, Hu, Li, Wang (2019) by the infinite width's Gram matrix."""

import math

import numpy as np
from numpy.typing import NDArray

from overparam_sk.diagnostics import infinite_width_gram
from overparam_sk.memory import check_room
from overparam_sk.theory._bounded_network import BoundedNetwork
from overparam_sk.theory.bound import Assumption, Bound

__all__ = ["kernel_bound", "label_complexity"]

Floats = NDArray[np.float64]


def label_complexity(H: Floats, Y: Floats) -> tuple[Floats, float]:
    """√(2 yᵀ H⁻¹ y/n) for each column y of Y, and λ0, the smallest eigenvalue of H.

    Both are infinite and 0 where λ0 is no larger than rounding noise.
    """
    eigenvalues, U = np.linalg.eigh(H)
    n = len(H)
    noise = n * np.finfo(np.float64).eps * eigenvalues[-1]
    if eigenvalues[0] <= noise:
        return np.full(Y.shape[1], np.inf), 0.0
    in_basis = U.T @ Y
    squares = ((in_basis**2) / eigenvalues[:, None]).sum(axis=0)
    return np.sqrt(2 * squares / n), float(eigenvalues[0])


def kernel_bound(net: BoundedNetwork, delta: float) -> Bound:
    """√(2 yᵀ(H∞)⁻¹y/n) + √(ln(n/(λ0 δ))/n), of one class against the rest.

    Theorem 5.1 and Corollary 5.2 of arXiv 1901.08584, where the second term is an O(·):
    its constant is 1 here. For k > 2 classes the network errs only where one of k
    binary ones does, which have δ/k each: the k bounds are added up.
    """
    X, labels = net.train.X, net.train.labels
    n, k = net.n, net.k
    one_hot = np.where(labels[:, None] == np.arange(k), 1.0, -1.0)
    targets = one_hot[:, 1:] if k == 2 else one_hot
    check_room(f"The Gram matrix of {n} rows", 4 * 8.0 * n * n, "pass fewer rows")
    complexity, lambda_0 = label_complexity(infinite_width_gram(X), targets)
    parts, value = len(complexity), math.inf
    if lambda_0 > 0:
        tail = math.sqrt(max(0.0, math.log(n * parts / (lambda_0 * delta))) / n)
        value = float(complexity.sum()) + parts * tail
    norms = np.linalg.norm(X, axis=1)
    train, test = net.errors(net.W)
    return Bound(
        name="kernel",
        source="Arora, Du, Hu, Li, Wang (2019), Theorem 5.1, Corollary 5.2",
        classifier="the network",
        value=value,
        trivial=net.trivial,
        assumptions=(
            *net.always_asked,
            Assumption(
                "rows of norm 1", bool(np.allclose(norms, 1, rtol=0, atol=1e-6))
            ),
            Assumption("λ_min(H∞) > 0", lambda_0 > 0),
            Assumption("squared loss to targets ±1, full batch, to the end", False),
            Assumption("readout of ±1", bool((np.abs(net.a) == 1).all())),
            # The outputs of W(0) are of order κ there, and of order 1 here.
            Assumption("κ ≤ λ0·δ/n", lambda_0 * delta / n >= 1),
            Assumption("m ≥ κ⁻² poly(n, 1/λ0, 1/δ), which is not given", None),
        ),
        train_error=train,
        test_error=test,
        parameters={
            "λ0": lambda_0,
            "largest √(2 yᵀ(H∞)⁻¹y/n)": float(complexity.max()),
            "constant of the O": 1.0,
        },
    )
