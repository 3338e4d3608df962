"""Say whether a ratio has become worse than it was when it was recorded.

    python benchmarks/guard.py [--record] [--file docs/benchmarks/ratios.json]

Each figure is a ratio of two times of one run, so that a slow machine changes little.
One that falls below three quarters of what was recorded is measured again, twice: only
what stays below it in all three runs is reported, with exit status 1.
"""

import argparse
import json
import os
import statistics
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))

import numpy as np
import torch
from _peers import jax, one_thread_for_jax, peers_of
from _timing import (
    Problem,
    gemm_flops,
    in_turn,
    machine,
    markdown,
    plain_loop,
    step_flops,
)
from scipy import sparse

from overparam_sk import OverparamReLUClassifier

TOLERANCE = 0.75
TRIES = 3
FIT = {"batch_size": 64, "learning_rate": 1.0, "random_state": 0}
QUIET = {"diagnostics": None, "record_every": None}


def over_plain_torch(m, B):
    """Plain PyTorch's time over ours."""
    problem = Problem(2048, 784, m)
    n_steps = max(8, int(5e9 / step_flops(m, 784, B)))
    batches, trainer = problem.batches(B, n_steps), problem.ours(B)
    peers = {
        "ours": partial(trainer.advance, n_steps),
        "plain": partial(plain_loop, problem, batches),
    }
    seconds = in_turn(peers, 3)
    return seconds["plain"] / seconds["ours"]


def share_of_sgemm(m, B):
    """The engine's rate over that of a product."""
    n_steps = max(8, int(1e10 / step_flops(m, 784, B)))
    trainer = Problem(2048, 784, m).ours(B)
    seconds = in_turn({"ours": partial(trainer.advance, n_steps)}, 3)["ours"]
    return n_steps * step_flops(m, 784, B) / seconds / gemm_flops(m, 784, 256, 3)


def share_of_sgemm_of_predictions():
    """The rate of predict over that of a product."""
    X = np.random.default_rng(0).normal(size=(10_000, 784)).astype("f4")
    y = np.arange(len(X)) % 10
    net = OverparamReLUClassifier(4000, max_iter=5, **FIT, **QUIET).fit(X, y)
    seconds = in_turn({"ours": partial(net.predict, X)}, 3)["ours"]
    return 2 * X.size * 4000 / seconds / gemm_flops(4000, 784, 1024, 3)


def without_over_with_diagnostics():
    """A fit without diagnostics over one with all of them."""
    X = np.random.default_rng(0).normal(size=(2000, 200)).astype("f4")
    y = np.arange(len(X)) % 10
    net = partial(OverparamReLUClassifier, max_iter=800, **FIT)
    peers = {"with": net().fit, "without": net(**QUIET).fit}
    seconds = in_turn({name: partial(fit, X, y) for name, fit in peers.items()}, 3)
    return seconds["without"] / seconds["with"]


def whole_over_low_rank():
    """A fit on 1000 columns over one where all but 100 of them are constant."""
    X = np.random.default_rng(0).normal(size=(4096, 1000)).astype("f4")
    low = X.copy()
    low[:, 100:] = low[0, 100:]
    y = np.arange(len(X)) % 10
    # Long enough for the basis of the rows to be looked for.
    net = OverparamReLUClassifier(2000, max_iter=1600, **FIT, **QUIET)
    seconds = in_turn({"X": partial(net.fit, X, y), "low": partial(net.fit, low, y)}, 3)
    return seconds["X"] / seconds["low"]


def dense_over_sparse():
    """A fit on dense rows over one on the same rows, with 0.5 % of numbers, sparse."""
    X = sparse.random(4096, 2000, density=0.005, format="csr", dtype="f4", rng=0)
    y = np.arange(4096) % 10
    net = OverparamReLUClassifier(1000, max_iter=100, **FIT, **QUIET)
    dense = X.toarray()
    peers = {"dense": partial(net.fit, dense, y), "sparse": partial(net.fit, X, y)}
    seconds = in_turn(peers, 3)
    return seconds["dense"] / seconds["sparse"]


def over_jax(d, m, B):
    """JAX's time over ours, where it is installed."""
    problem = Problem(2048, d, m)
    n_steps = max(8, int(5e9 / step_flops(m, d, B)))
    peers = peers_of(problem, B, n_steps, ("ours", "JAX"))
    seconds = in_turn(peers, 3)
    return seconds["JAX"] / seconds["ours"]


def without_over_with_momentum(d, m, B):
    """A step of plain SGD over one with momentum."""
    n_steps = max(8, int(5e9 / step_flops(m, d, B)))
    peers = {
        momentum: partial(
            Problem(2048, d, m, momentum=momentum).ours(B).advance, n_steps
        )
        for momentum in (0.0, 0.9)
    }
    seconds = in_turn(peers, 3)
    return seconds[0.0] / seconds[0.9]


def many_over_few_rows():
    """A fit on more rows than columns over one on fewer, in the dual form."""
    X = np.random.default_rng(0).normal(size=(2000, 1000)).astype("f4")
    y = np.arange(len(X)) % 10
    net = OverparamReLUClassifier(2000, max_iter=400, **FIT, **QUIET)
    few = partial(net.fit, X[:500], y[:500])
    seconds = in_turn({"many": partial(net.fit, X, y), "few": few}, 3)
    return seconds["many"] / seconds["few"]


RATIOS = {
    "plain PyTorch / ours, m = 250, B = 16": partial(over_plain_torch, 250, 16),
    "plain PyTorch / ours, m = 4000, B = 16": partial(over_plain_torch, 4000, 16),
    "plain PyTorch / ours, m = 4000, B = 64": partial(over_plain_torch, 4000, 64),
    "ours / sgemm, m = 4000, B = 16": partial(share_of_sgemm, 4000, 16),
    "ours / sgemm, m = 4000, B = 64": partial(share_of_sgemm, 4000, 64),
    "JAX / ours, d = 784, m = 4000, B = 16": partial(over_jax, 784, 4000, 16),
    "JAX / ours, d = 784, m = 4000, B = 64": partial(over_jax, 784, 4000, 64),
    "JAX / ours, d = 64, m = 1000, B = 64": partial(over_jax, 64, 1000, 64),
    "JAX / ours, d = 4, m = 1000, B = 150": partial(over_jax, 4, 1000, 150),
    "step without / with momentum, d = 64, B = 256": partial(
        without_over_with_momentum, 64, 1000, 256
    ),
    "step without / with momentum, d = 784, B = 64": partial(
        without_over_with_momentum, 784, 4000, 64
    ),
    "fit on 2000 / on 500 rows of 1000 columns": many_over_few_rows,
    "predict / sgemm, m = 4000": share_of_sgemm_of_predictions,
    "fit without / with diagnostics": without_over_with_diagnostics,
    "fit on 1000 columns / on rank 101": whole_over_low_rank,
    "fit on dense / sparse rows": dense_over_sparse,
}


def measurable(names):
    """Those that can be measured here."""
    return [name for name in names if jax is not None or not name.startswith("JAX")]


def record(path):
    """Medians of three runs, to compare with from now on."""
    ratios = {
        name: statistics.median(RATIOS[name]() for _ in range(TRIES))
        for name in measurable(RATIOS)
    }
    rounded = {name: round(ratio, 3) for name, ratio in ratios.items()}
    path.write_text(json.dumps(rounded, indent=2) + "\n")
    print(markdown(["ratio", "recorded"], rounded.items()))


def compare(path):
    """Whether all ratios are what they were, but for noise."""
    lines, worse = [], False
    recorded = json.loads(path.read_text())
    for name in measurable(recorded):
        before, measured = recorded[name], []
        while len(measured) < TRIES:
            measured.append(RATIOS[name]())
            if measured[-1] >= TOLERANCE * before:
                break
        holds = measured[-1] >= TOLERANCE * before
        worse |= not holds
        said = ", ".join(f"{ratio:.2f}" for ratio in measured)
        lines.append([name, before, said, "holds" if holds else "worse"])
    print(markdown(["ratio", "recorded", "measured", ""], lines))
    return not worse


def main():
    """Record, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--file", type=Path, default="docs/benchmarks/ratios.json")
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    if os.environ["OMP_NUM_THREADS"] == "1":
        one_thread_for_jax()
    print(machine())
    if arguments.record or not arguments.file.exists():
        record(arguments.file)
    elif not compare(arguments.file):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
