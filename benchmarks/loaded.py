"""Time fits beside a busy process: who waits for a thread whose turn has not come?

    python benchmarks/loaded.py [--quick] [--out docs/benchmarks/loaded.md]

For two cores. Each peer does the same steps three times over, each time in a process of
its own: with one thread, pinned to a core, and with two threads; both while the other
core is kept busy by a process of another session. Then with two threads on a machine
that is otherwise idle. What counts is the ratio of the first two. "ours, forced" is our
fit with the rule of `overparam_sk/threads.py` switched off. JAX takes part where it is
installed. The estimators' own fits are timed, their beginning and end included.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib.util import find_spec
from unittest.mock import patch

TWO_CORES = {0, 1}
# It ends with whoever started it, however that ended.
BUSY = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(10**6):
        pass
"""
# d, m, B, and a number of steps that take about a second in one thread.
QUICK = [
    (4, 1000, 150, 1500),
    (64, 1000, 64, 2000),
    (784, 1000, 16, 1500),
    (1000, 4000, 16, 300),
    (784, 4000, 64, 100),
]
FULL = [
    *QUICK[:2],
    (64, 1000, 256, 700),
    (784, 250, 16, 3000),
    QUICK[2],
    (784, 1000, 64, 400),
    *QUICK[3:],
    (784, 16000, 64, 30),
]
# n, d, steps of the others: Kong's with h1 = 5, h2 = 2000, and the infinite width.
OTHERS = [
    ("regressor", 100, 100, 1000),
    ("regressor", 4000, 100, 60),
    ("infinite", 1000, 64, 1000),
    ("infinite", 4000, 64, 100),
]
ROWS = 2048
LONGEST = 3.0  # seconds
MOST = 3000  # steps


def ours(d, m, B):
    """The classifier's fit with a given step."""
    import numpy as np

    from overparam_sk import OverparamReLUClassifier

    random = np.random.default_rng(0)
    X = random.standard_normal((ROWS, d)).astype(np.float32)
    net = OverparamReLUClassifier(
        width=m,
        batch_size=B,
        learning_rate=0.1,
        diagnostics=None,
        record_every=None,
        fit_intercept=False,
        random_state=0,
    )
    y = random.integers(10, size=ROWS)

    return lambda n_steps: net.set_params(max_iter=n_steps).fit(X, y)


def forced(*size):
    """The same in as many threads as there are, everywhere."""
    fit = ours(*size)

    def run(n_steps):
        with patch("overparam_sk.fits.fit.one_thread", nullcontext):
            fit(n_steps)

    return run


def plain(d, m, B):
    """autograd and torch.optim.SGD."""
    from _timing import Problem, plain_loop

    problem = Problem(ROWS, d, m)
    batches = problem.batches(B, MOST)
    return lambda n_steps: plain_loop(problem, batches[:n_steps])


def mlp(d, m, B):
    """scikit-learn's; it trains the readout and intercepts too."""
    from _timing import Problem
    from sklearn.neural_network import MLPClassifier

    problem = Problem(ROWS, d, m)
    X, y = problem.X.numpy(), problem.y.numpy()
    net = MLPClassifier(
        (m,),
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        batch_size=B,
        learning_rate_init=problem.step,
    )
    net.partial_fit(X[:B], y[:B], classes=range(10))

    def run(n_steps):
        rows = n_steps * B
        for first in range(0, rows, ROWS):
            net.partial_fit(X[: rows - first], y[: rows - first])

    return run


def jax_loop(d, m, B):
    """jit and a loop of plain SGD."""
    import jax
    import jax.numpy as jnp
    from _timing import Problem

    problem = Problem(ROWS, d, m)
    X, y = jnp.asarray(problem.X.numpy()), jnp.asarray(problem.y.numpy())
    W, a = jnp.asarray(problem.W.numpy()), jnp.asarray(problem.a.numpy())
    batches = jnp.asarray(problem.batches(B, MOST).numpy())

    def loss(W, X, y):
        outputs = jax.nn.relu(X @ W.T) @ a.T
        return -jax.nn.log_softmax(outputs)[jnp.arange(B), y].mean()

    @jax.jit
    def train(W, n_steps):
        def step(i, W):
            rows = batches[i]
            return W - problem.step * jax.grad(loss)(W, X[rows], y[rows])

        return jax.lax.fori_loop(0, n_steps, step, W)

    train(W, 1).block_until_ready()  # and compile
    return lambda n_steps: train(W, n_steps).block_until_ready()


def other(name, n, d):
    """The regressor's fit, or the infinite width's."""
    import numpy as np

    from overparam_sk import InfiniteWidthReLUClassifier, TwoHiddenReLURegressor

    random = np.random.default_rng(0)
    X = random.standard_normal((n, d)).astype(np.float32)
    common = {"record_every": None, "random_state": 0}
    if name == "regressor":
        y = random.standard_normal(n)
        net = TwoHiddenReLURegressor(5, 2000, diagnostics=None, **common)
    else:
        y = random.integers(10, size=n)
        net = InfiniteWidthReLUClassifier(initial_width=1000, **common)
    return lambda n_steps: net.set_params(max_iter=n_steps).fit(X, y)


PEERS = {
    "ours": ours,
    "ours, forced": forced,
    "plain PyTorch": plain,
    "MLPClassifier": mlp,
}
if find_spec("jax") is not None:
    PEERS["JAX"] = jax_loop


@contextmanager
def neighbour(busy):
    """Another session's process on the second core."""
    if not busy:
        yield
        return
    command = [sys.executable, "-c", BUSY]
    pin = partial(os.sched_setaffinity, 0, {max(TWO_CORES)})
    process = subprocess.Popen(command, preexec_fn=pin, start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measured(peer, size, threads, busy):
    """Milliseconds a step in a process of its own."""
    cores = {min(TWO_CORES)} if threads == 1 else TWO_CORES
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads))
    command = [sys.executable, __file__, "--one", json.dumps([peer, size])]
    with neighbour(busy):
        done = subprocess.run(
            command,
            env=environment,
            preexec_fn=partial(os.sched_setaffinity, 0, cores),
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout)


def one(peer, size):
    """In such a process: warm up, and print the milliseconds of a step."""
    from _timing import timed

    *shape, most = size
    made = PEERS[peer] if peer in PEERS else partial(other, peer)
    run = made(*shape)
    few = max(3, most // 20)
    slowly = timed(partial(run, few)) / few
    # Who waits for a core in every step is not waited for to the end.
    n_steps = max(few, min(most, int(LONGEST / slowly)))
    print(1e3 * timed(partial(run, n_steps)) / n_steps)


def row(peer, size, repeats):
    """The three settings in turn; medians."""
    settings = [(1, True), (2, True), (2, False)]
    turns = [[measured(peer, size, *one) for one in settings] for _ in range(repeats)]
    pinned, busy, idle = map(statistics.median, zip(*turns, strict=True))
    figures = [f"{ms:.3g}" for ms in (idle, pinned, busy)]
    return [*figures, f"{busy / pinned:.1f}"]


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer sizes, once")
    parser.add_argument("--out", default="docs/benchmarks/loaded.md")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(*json.loads(arguments.one))
        return
    from _timing import machine, markdown, write

    repeats = 1 if arguments.quick else 3
    figures = ["two threads, idle", "one, pinned, busy", "two, busy"]
    columns = [*figures, "two over one, busy"]
    peers, others = [], []
    for size in QUICK if arguments.quick else FULL:
        for peer in PEERS:
            peers.append([*size[:3], peer, *row(peer, size, repeats)])
            print(*peers[-1], flush=True)
    for name, *size in OTHERS:
        others.append([name, *size[:2], *row(name, size, repeats)])
        print(*others[-1], flush=True)
    text = f"# Beside a busy process\n\n{machine()}, medians of {repeats}, float32; "
    text += "ms a step.\n\n" + markdown(["d", "m", "B", "peer", *columns], peers)
    text += "\n" + markdown(["our estimator", "n", "d", *columns], others)
    write(arguments.out, text)


if __name__ == "__main__":
    main()
