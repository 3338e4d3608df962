"""Empirical kernels by neural-tangents, written to data/neural_tangents.npz.

Run in an environment of its own, which the tests do not need::

    python3.11 -m venv nt && nt/bin/pip install "jax==0.4.30" "jaxlib==0.4.30" \
        "numpy<2" "scipy<1.14" neural-tangents
    nt/bin/python tests/diagnostics/neural_tangents_values.py

neural-tangents 0.6.5 works with jax 0.4.23 to 0.4.30. Its ``experimental`` part wants
TensorFlow: with ``--no-deps`` for neural-tangents, and an empty module in the place of
``neural_tangents/experimental``, it does without.

The networks are written as the papers have them, in JAX and apart from the package;
weights, rows and kernels are float64.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import neural_tangents as nt
import numpy as np

jax.config.update("jax_enable_x64", True)

DATA = Path(__file__).parent / "data" / "neural_tangents.npz"
N, D, K = 9, 5, 3


def li_liang_2018(params, X):
    """LL18's outputs, whose class-averaged kernel is over k·m."""
    return jnp.maximum(X @ params["W"].T, 0) @ params["a"].T


def linearized(params, X):
    """LL18's pseudo network, with the patterns of G."""
    return (X @ params["W"].T * (X @ params["G"].T > 0)) @ params["a"].T


def kong_2019(params, X):
    """K19's output."""
    hidden = jnp.maximum(jnp.maximum(X @ params["A"].T, 0) @ params["B"].T, 0)
    return (hidden @ params["w"] / params["B"].size ** 0.5)[:, None]


# name -> (outputs, shapes of the trained weights, of the others)
NETWORKS = {
    "li_liang_2018": (li_liang_2018, {"W": (14, D)}, {"a": (K, 14)}),
    "linearized": (linearized, {"W": (14, D)}, {"a": (K, 14), "G": (14, D)}),
    "kong_2019": (kong_2019, {"A": (4, D), "B": (11, 4)}, {"w": (11,)}),
}


def kernel(outputs, trained, fixed, X):
    """(n, k, n, k) Gram matrix of the Jacobian in the trained weights."""

    def apply(params, X):
        return outputs({**params, **fixed}, X)

    ntk = nt.empirical_ntk_fn(apply, trace_axes=(), vmap_axes=None)
    return np.asarray(ntk(X, None, trained)).transpose(0, 2, 1, 3)


def main():
    rng = np.random.default_rng(0)
    values = {"versions": np.array([nt.__version__, jax.__version__])}
    for name, (outputs, trained, fixed) in NETWORKS.items():
        X = rng.normal(size=(N, D))
        start = {k: rng.normal(size=shape) for k, shape in trained.items()}
        now = {k: W + 0.3 * rng.normal(size=W.shape) for k, W in start.items()}
        rest = {k: rng.normal(size=shape) for k, shape in fixed.items()}
        if "w" in rest:
            rest["w"] = np.sign(rest["w"])
        if "G" in rest:
            rest["G"] = start["W"]
        values |= {f"{name}/X": X, f"{name}/H0": kernel(outputs, start, rest, X)}
        values |= {f"{name}/H": kernel(outputs, now, rest, X)}
        values |= {f"{name}/{k}0": W for k, W in start.items()}
        values |= {f"{name}/{k}": W for k, W in (now | rest).items()}
    np.savez_compressed(DATA, **values)


if __name__ == "__main__":
    main()
