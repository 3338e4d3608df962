"""A margin bound with W(0) as its reference, unit by unit."""

import math

import numpy as np

from overparam_sk.theory._bounded_network import BoundedNetwork
from overparam_sk.theory.bound import Assumption, Bound

__all__ = ["margin_bound"]

# γ and β are 2^(j/2) for j of these, whatever the rows are.
_MARGINS = range(-20, 21)
_REACHES = range(-60, 21)


def margin_bound(net: BoundedNetwork, delta: float) -> Bound:
    """R ≤ R̂_γ + 4β‖a‖²_F‖X‖_F/(γn) + 3√(ln(2/δ')/(2n)), β = max_r ‖w_r − w_r(0)‖/‖a_r‖.

    R̂_γ is the mean of the ramp min(1, max(0, 1 − margin/γ)), the margin of a row being
    the right output less the largest other; a_r is the r-th column of a, (k,).

    The class, fixed before the rows, is that of all W with ‖w_r − w_r(0)‖ ≤ β‖a_r‖ for
    every r: a unit's gradient has a_r as a factor, so that units with a large a_r move
    far. Its Rademacher complexity, in four steps:

    1. The ramp of the margin is √2/γ-Lipschitz in f, so that by Maurer's vector
       contraction (2016, Corollary 4) that of the losses is at most
       (2/γ)(1/n) E sup_W Σ_ij ε_ij f_j(x_i). The part of W(0) has mean zero.
    2. The rest is a sum over the units of Σ_i σ_i φ_i(v·x_i), σ_i = Σ_j ε_ij a_jr and
       φ_i(t) = ReLU(w_r(0)·x_i + t) − ReLU(w_r(0)·x_i), 1-Lipschitz and 0 at 0; the
       supremum of the sum is the sum of the suprema, as the units are free.
    3. σ_i is symmetric, so that given |σ_i| its sign is a Rademacher variable, and
       Ledoux and Talagrand's contraction leaves E sup_v Σ_i σ_i v·x_i, at most
       β‖a_r‖ √(Σ_i E σ_i² ‖x_i‖²) = β‖a_r‖² ‖X‖_F.
    4. Summed: (2/(γn)) β‖a‖²_F ‖X‖_F; twice that, and the deviation, is Theorem 3.3 of
       Mohri, Rostamizadeh, Talwalkar (2018). δ' is δ over the grid of γ and β.
    """
    n = net.n
    sizes = np.linalg.norm(net.a, axis=0)
    moves = np.linalg.norm(net.W - net.W0, axis=1)
    reach = float((moves[moves > 0] / sizes[moves > 0]).max()) if moves.any() else 0.0
    grid = [2 ** (j / 2) for j in _REACHES]
    beta = next((value for value in grid if value >= reach), math.inf)
    capacity = 4 * beta * float(sizes @ sizes) * float(np.linalg.norm(net.train.X)) / n
    tail = 3 * math.sqrt(math.log(2 * len(grid) * len(_MARGINS) / delta) / (2 * n))
    margins = net.margins(net.train, net.W)
    best, gamma = math.inf, math.nan
    for j in _MARGINS:
        ramp = float(np.clip(1 - margins / 2 ** (j / 2), 0, 1).mean())
        if (value := ramp + capacity / 2 ** (j / 2) + tail) < best:
            best, gamma = value, 2 ** (j / 2)
    train, test = net.errors(net.W)
    return Bound(
        name="margin",
        source=(
            "Maurer (2016), Ledoux, Talagrand (1991), Mohri et al. (2018), in the "
            "manner of Neyshabur et al. (2019)"
        ),
        classifier="the network",
        value=best,
        trivial=net.trivial,
        assumptions=(
            *net.always_asked,
            Assumption("β within the grid", math.isfinite(beta)),
        ),
        train_error=train,
        test_error=test,
        parameters={
            "γ": gamma,
            "median margin": float(np.median(margins)),
            "β": beta,
        },
    )
