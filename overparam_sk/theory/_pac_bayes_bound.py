"""PAC-Bayes around W(0): the network beneath Gaussian noise."""

import math

import numpy as np

from overparam_sk.theory._bounded_network import (
    BoundedNetwork,
    Labelled,
    margins,
    outputs_of,
)
from overparam_sk.theory._kl_inverse import kl_inverse
from overparam_sk.theory.bound import Assumption, Bound

__all__ = ["noisy_error", "pac_bayes_bound"]

# The noise s is 2^(j/2)/√m for j of these, whatever the rows are.
_STEPS = range(-40, 11)


def pac_bayes_bound(
    net: BoundedNetwork, delta: float, n_draws: int, seed: int
) -> Bound:
    """Of a network whose weights are N(W, s²I), against the prior N(W(0), s²I).

    kl(R̂ ‖ R) ≤ (‖W − W(0)‖²_F/(2s²) + ln(2√n/δ'))/n (Maurer 2004, of Langford and
    Seeger; n ≥ 8), for all s of a grid at once, each with its share δ' of δ/2.

    R̂, the mean training error beneath the noise, is not known but drawn. For a row x
    the noise of the pre-activations is N(0, s²‖x‖²), independent over the units, and
    R̂ is a mean over rows; so every row and draw gets noise of its own. Then the
    n·n_draws outcomes are independent, and Hoeffding's inequality for variables of
    different means bounds R̂ from above with the other half of δ.
    """
    n, m = net.n, len(net.W)
    random = np.random.default_rng(seed)
    squared_distance = float(((net.W - net.W0) ** 2).sum())
    share = delta / (2 * len(_STEPS))
    best, best_s, drawn = math.inf, math.nan, math.nan
    # From much noise to little: divergence grows, and soon nothing can be gained.
    for j in reversed(_STEPS):
        s = 2 ** (j / 2) / m**0.5
        divergence = squared_distance / (2 * s * s)
        budget = (divergence + math.log(2 * math.sqrt(n) / share)) / n
        if kl_inverse(0.0, budget) >= best:
            break
        frequency = noisy_error(net.train, net, s, n_draws, random)
        upper = kl_inverse(frequency, math.log(1 / share) / (n * n_draws))
        value = kl_inverse(upper, budget)
        if value < best:
            best, best_s, drawn = value, s, frequency
    test = None
    if net.test is not None:
        test = noisy_error(net.test, net, best_s, n_draws, random)
    return Bound(
        name="PAC-Bayes",
        source="Langford, Seeger (2001); Maurer (2004); Dziugaite, Roy (2017)",
        classifier="the network with weights N(W, s²I)",
        value=best,
        trivial=net.trivial,
        assumptions=(*net.always_asked, Assumption("n ≥ 8", n >= 8)),
        train_error=drawn,
        test_error=test,
        parameters={
            "s·√m": best_s * m**0.5,
            "KL in nats": squared_distance / (2 * best_s**2),
        },
    )


def noisy_error(
    rows: Labelled,
    net: BoundedNetwork,
    s: float,
    n_draws: int,
    random: np.random.Generator,
) -> float:
    """Share of the rows' draws that are wrong, with noise of its own for each."""
    total = 0
    for part in rows.in_their_units().blocks(len(net.W)):
        Z = part.X @ net.W.T
        scale = s * np.linalg.norm(part.X, axis=1, keepdims=True)
        # Of noise that is drawn, more digits are of no use; nor is the size of the
        # outputs, which might be none of float32.
        largest = np.maximum(np.abs(Z).max(axis=1, keepdims=True), scale)
        largest[largest == 0] = 1
        Z, scale, a = (
            part.astype(np.float32)
            for part in (Z / largest, scale / largest, net.a / np.abs(net.a).max())
        )
        noise = np.empty_like(Z)
        for _ in range(n_draws):
            random.standard_normal(out=noise, dtype=np.float32)
            noise *= scale
            noise += Z
            total += (margins(outputs_of(noise, a), part.labels) <= 0).sum()
    return float(total / (n_draws * len(rows.X)))
