"""Who else does the same steps: PyTorch, JAX, scikit-learn."""

import os
import warnings

import numpy as np
import torch
from _timing import CLASSES, plain_loop
from sklearn.neural_network import MLPClassifier

from overparam_sk import OverparamReLUClassifier
from overparam_sk.threads import one_thread

try:
    import jax
    import optax
except ImportError:  # the extra `bench`
    jax = optax = None


def one_thread_for_jax():
    """One processor for the whole process: JAX's threads heed nothing else."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def sklearn_peer(problem, B, n_steps):
    """scikit-learn's MLP; it trains the readout and intercepts too."""
    net = MLPClassifier(
        (len(problem.W),),
        solver="sgd",
        momentum=problem.momentum,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=B,
        learning_rate_init=problem.step,
    )
    X, y = problem.X.numpy(), problem.y.numpy()
    net.partial_fit(X[:B], y[:B], classes=range(CLASSES))
    order = problem.batches(B, n_steps).flatten().numpy()

    def passes():
        for start in range(0, len(order), len(X)):
            rows = order[start : start + len(X)]
            net.partial_fit(X[rows], y[rows])

    return passes


def jax_peer(problem, B, n_steps):
    """``jit`` and ``lax.scan`` over all steps of ``optax.sgd``, data resident."""
    X, y, a = (jax.numpy.asarray(t.numpy()) for t in (problem.X, problem.y, problem.a))
    W0 = jax.numpy.asarray(problem.W.numpy())
    batches = jax.numpy.asarray(problem.batches(B, n_steps).numpy())
    optimizer = optax.sgd(problem.step, momentum=problem.momentum or None)

    def loss(W, batch):
        outputs = jax.numpy.maximum(X[batch] @ W.T, 0) @ a.T
        losses = optax.softmax_cross_entropy_with_integer_labels(outputs, y[batch])
        return losses.mean()

    def step(state, batch):
        W, memory = state
        update, memory = optimizer.update(jax.grad(loss)(W, batch), memory)
        return (optax.apply_updates(W, update), memory), None

    run = jax.jit(lambda W: jax.lax.scan(step, (W, optimizer.init(W)), batches)[0][0])
    return lambda: torch.from_numpy(np.array(run(W0).block_until_ready()))


def plain_peer(problem, B, n_steps):
    """Autograd and torch.optim.SGD."""
    batches = problem.batches(B, n_steps)
    return lambda: plain_loop(problem, batches)


def engine_peer(problem, B, n_steps):
    """Our engine, from the initial weights; in threads as a fit has them."""

    def run():
        with one_thread(problem.device):
            trainer = problem.ours(B)
            trainer.advance(n_steps)
        return trainer.W

    return run


def fit_peer(problem, B, n_steps):
    """A whole ``fit`` with as many steps: checks, drawing W(0), state, everything."""
    net = OverparamReLUClassifier(
        len(problem.W),
        learning_rate=problem.step * len(problem.W),
        momentum=problem.momentum,
        batch_size=B,
        max_iter=n_steps,
        fit_intercept=False,
        diagnostics=None,
        record_every=None,
        random_state=0,
        device="cpu",
    )
    X, y = problem.X.numpy(), problem.y.numpy()
    return lambda: net.fit(X, y)


PEERS = {
    "ours": engine_peer,
    "fit": fit_peer,
    "plain": plain_peer,
    "JAX": jax_peer,
    "sklearn": sklearn_peer,
}


def peers_of(problem, B, n_steps, names=tuple(PEERS)):
    """Functions that each do the same steps; JAX where it is installed."""
    there = [name for name in names if jax is not None or name != "JAX"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: PEERS[name](problem, B, n_steps) for name in there}
