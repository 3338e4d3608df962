"""Infinitely wide networks by neural-tangents, to data/neural_tangents_infinite.npz.

Run in the environment of tests/diagnostics/neural_tangents_values.py, which the tests
do not need::

    nt/bin/python tests/networks/neural_tangents_infinite.py

The networks have no bias and weights N(0, 1) over the root of the width below, so that
the first layer, which is not divided by √d here, gets W_std = √d there. All is float64.
No two rows are near each other's line: there neural-tangents is right to 1e-8 only.
"""

from pathlib import Path

import jax
import neural_tangents as nt
import numpy as np
from neural_tangents import stax

jax.config.update("jax_enable_x64", True)

DATA = Path(__file__).parent / "data" / "neural_tangents_infinite.npz"
N, N_NEW, D = 12, 7, 4
DEPTHS = (1, 2, 3, 4)
# Time in units of 1/learning_rate, of a loss that is the mean there and the sum here.
TIMES = (0.0, 0.3, 4.0, 50.0, None)
NOISE = 0.2


def network(depth):
    """Its kernel function, with ``depth`` hidden layers."""
    first = stax.Dense(1, W_std=D**0.5), stax.Relu()
    later = [layer for _ in range(depth) for layer in (stax.Dense(1), stax.Relu())]
    return stax.serial(*first, *later[:-2], stax.Dense(1))[2]


def main():
    rng = np.random.default_rng(0)
    X, X_new = rng.normal(size=(N, D)), rng.normal(size=(N_NEW, D))
    y = rng.normal(size=(N, 2))
    values = {"versions": np.array([nt.__version__, jax.__version__])}
    values |= {"X": X, "X_new": X_new, "y": y, "noise": np.array(NOISE)}
    values["times"] = np.array([np.inf if t is None else t for t in TIMES])
    for depth in DEPTHS:
        kernel = network(depth)
        for of, rows in (("X", (X, None)), ("new", (X_new, X))):
            both = kernel(*rows, ("nngp", "ntk"))
            values |= {f"{depth}/{of}/{k}": getattr(both, k) for k in ("nngp", "ntk")}
        for noise in (0.0, NOISE):
            predict = nt.predict.gradient_descent_mse_ensemble(
                kernel, X, y, diag_reg=noise, diag_reg_absolute_scale=True
            )
            for get in ("nngp", "ntk"):
                found = [
                    predict(
                        None if t is None else t * y.size,
                        X_new,
                        get,
                        compute_cov=True,
                    )
                    for t in TIMES
                ]
                name = f"{depth}/{get}/{'noise' if noise else 'exact'}"
                values[f"{name}/mean"] = np.stack([one.mean for one in found])
                values[f"{name}/cov"] = np.stack([one.covariance for one in found])
    np.savez_compressed(DATA, **values)


if __name__ == "__main__":
    main()
