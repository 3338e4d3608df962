"""Everything that computes, made once and used: what must not depend on the world."""

import copy

import numpy as np
import scipy.sparse as sp
from estimators.small_nets import (
    ALL,
    NETS,
    WITH_WEIGHTS,
    X,
    ensemble,
    outputs,
    trained_weights,
)

from overparam_sk import InfiniteWidthKernel
from overparam_sk.datasets import (
    load_image_pair,
    make_clustered_mixture,
    make_unit_sphere,
    make_xor_balls,
    separability,
)
from overparam_sk.diagnostics import (
    activation_change,
    effective_rank,
    gram_lambda_min,
    gram_matrix,
    infinite_width_gram,
    infinite_width_lambda_min,
    relative_distance,
    update_singular_values,
)
from overparam_sk.model_selection import Fit, WidthStudy, fit_power_law
from overparam_sk.networks import infinite_kernels
from overparam_sk.theory import gradient_flow

ROWS = {
    "float64": X,
    "sparse": sp.csr_matrix(np.eye(30, 200) * np.arange(1.0, 201.0)),
    "wide": np.random.default_rng(1).normal(size=(20, 70)).astype(np.float32),
}
LABELS = np.arange(30) % 2
OPTIONS = {
    "max_iter": 7,
    "n_iter_no_change": None,
    "record_every": 3,
    "early_stopping": True,
}
QUICK = {"network": "kong_2019", "width1": 2, "n_points": 4}


def fitted(name, kind):
    """A net after ``fit`` and another call that goes on, with a validation set."""
    rows = ROWS[kind]
    labels = LABELS[: rows.shape[0]]
    net = ALL[name](**OPTIONS).fit(rows, labels, X_val=rows[:8], y_val=labels[:8])
    again = copy.deepcopy(net)
    if name in WITH_WEIGHTS:
        again.set_params(warm_start=True).fit(rows, labels)
    if hasattr(net, "partial_fit"):
        again.set_params(early_stopping=False).partial_fit(rows, labels)
    return net, again, rows, labels


def used(made):
    """All that a fitted net says."""
    net, again, rows, labels = made
    said = [outputs(one, rows) for one in (net, again)]
    said += [*trained_weights(net), *trained_weights(again)]
    said += [*net.history_.values(), *again.history_.values()]
    said += [net.predict(rows), net.score(rows, labels), net.n_iter_, net.loss_]
    if hasattr(net, "predict_proba"):
        said += [net.predict_proba(rows), net.predict_log_proba(rows)]
    if hasattr(net, "initial_weights"):
        said += [net.initial_weights(), net.update_singular_values_]
        said += [net.effective_rank_, gram_lambda_min(net, rows)]
    if hasattr(net, "second_weights_"):
        flow = gradient_flow(net, rows, labels, [0.0, 0.01])
        said += [flow.outputs, flow.change_times, *flow.history.values()]
    if hasattr(net, "compress"):
        small = net.compress(2)
        said += [outputs(small, rows), outputs(small.truncate(1), rows)]
        said += [small.expand().hidden_weights_, net.compress().rank_]
    if hasattr(net, "gate_weights"):
        said += [net.gate_weights()]
    return said


def diagnosed():
    infinite_kernels.cache_clear()
    W, W0 = np.random.default_rng(0).normal(size=(2, 6, 3))
    a = np.random.default_rng(1).normal(size=(2, 6))
    w = np.array([1.0, -1.0])
    said = [
        f(V, V0)
        for f in (relative_distance, update_singular_values)
        for V, V0 in (
            (W, W0),
            (W.tolist(), W0.tolist()),
            (W.astype(np.float32), W0.astype(np.float32)),
            ([[1, 2], [3, 4]], [[0, 1], [1, 1]]),
        )
    ]
    said += [activation_change(W, W0, X), activation_change(W.tolist(), W0, X)]
    said += [activation_change([[1, -2]], [[-1, 2]], [[3, 1], [0, 2]])]
    said += [effective_rank([3.0, 1.0, 1e-200])]
    said += [gram_matrix((W, a), X, which=which) for which in ("mean", "full")]
    said += [gram_matrix((W, a.T @ a, np.tile(w, 3)), X), gram_lambda_min((W, a), X)]
    said += [infinite_width_gram(X, Y=X[:5] / 2), infinite_width_lambda_min(X)]
    for row_norm in ("clip", None):
        said += [infinite_width_gram(X, row_norm=row_norm, **QUICK)]
    said += [infinite_width_lambda_min(X, **QUICK)]
    said += [infinite_width_gram(X, network="kong_2019", first_weights=W)]
    kernel = InfiniteWidthKernel()
    return [*said, kernel(X), kernel.diag(X), *kernel(X, eval_gradient=True)]


def drawn():
    mixture = make_clustered_mixture(30, 5, random_state=0, return_components=True)
    found = separability(*make_xor_balls(60, random_state=0))
    fits = [
        Fit("net", m, r, None, r, {"loss": (1 + 0.1 * r) / m})
        for m in (16, 64, 256)
        for r in range(3)
    ]
    power = fit_power_law(WidthStudy("width", {}, fits), "loss", n_resamples=50)
    return [
        *mixture,
        *make_unit_sphere(5, 3, random_state=0),
        *make_xor_balls(9, random_state=0, return_components=True),
        *load_image_pair("mnist", (0, 1), n_per_class=2),
        found.delta,
        found.diameters,
        found.lambda_,
        *(power.c, power.p, power.c_interval, power.p_interval, power([8])),
    ]


def spread(rows):
    """What an ensemble in closed form says."""
    net = ensemble(depth=2, alpha=0.1, time=3.0).fit(rows, LABELS[: rows.shape[0]])
    said = [*net.predict(rows, return_std=True), *net.predict(rows, return_cov=True)]
    return [*said, net.eigenvalues_, net.predict(rows, t=0.5)]


# By name: how a thing is made, and all that it then says.
SUBJECTS = {
    **{
        f"{name} {kind}": (lambda name=name, kind=kind: fitted(name, kind), used)
        for name in ALL
        for kind in (ROWS if name in NETS else ("float64", "wide"))
    },
    **{
        f"ensemble {kind}": (lambda rows=rows: rows, spread)
        for kind, rows in ROWS.items()
    },
    "diagnostics": (lambda: None, lambda _: diagnosed()),
    "data": (lambda: None, lambda _: drawn()),
}


def bits(said):
    """Something that is equal where all bits are."""
    if isinstance(said, (list, tuple)):
        return [bits(part) for part in said]
    array = np.asarray(said)
    return array.dtype.str, array.shape, array.tobytes()
