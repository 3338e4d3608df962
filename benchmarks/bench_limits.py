"""How far from the machine's limits: scaling, memory, rank, sparse rows, predictions.

    python benchmarks/bench_limits.py [--only NAME ...] [--out FILE]

Each section is measured by itself; what is compared is timed in turn in one process, or
in processes of their own where memory or an import is measured.
"""

import argparse
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))

import numpy as np
import torch
from _timing import (
    Problem,
    fused_loop,
    gemm_flops,
    in_turn,
    machine,
    markdown,
    plain_loop,
    step_flops,
    write,
)
from scipy import sparse

from overparam_sk import OverparamReLUClassifier

QUARTILES = (0.25, 0.75)

FOLDER = Path(__file__).parent
# Every row of training is trained once or twice: a fit's fixed costs count.
FIT = {"batch_size": 64, "learning_rate": 1.0, "random_state": 0}
QUIET = {"diagnostics": None, "record_every": None}


def own_process(*arguments):
    """What a program prints, in numbers."""
    command = [sys.executable, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(word) for word in run.stdout.split()]


def small_widths(repeats):
    """Where Python between the products costs as much as these."""
    lines = []
    for m in (100, 250, 500):
        for B in (16, 64):
            problem = Problem(8192, 784, m)
            n_steps = max(8, int(2e10 / step_flops(m, 784, B)))
            batches, trainer = problem.batches(B, n_steps), problem.ours(B)
            seconds = in_turn(
                {
                    "ours": partial(trainer.advance, n_steps),
                    "plain": partial(plain_loop, problem, batches),
                    "by hand": partial(fused_loop, problem, batches),
                },
                repeats,
            )
            ours = seconds["ours"]
            share = n_steps * step_flops(m, 784, B) / ours / gemm_flops(m, 784, 256)
            ratios = [f"{seconds[peer] / ours:.2f}" for peer in ("plain", "by hand")]
            lines.append([m, B, f"{1e3 * ours / n_steps:.3f}", *ratios, f"{share:.2f}"])
    return "d = 784, 8192 rows.\n\n" + markdown(
        ["m", "B", "ours ms/step", "plain / ours", "by hand / ours", "ours / sgemm"],
        lines,
    )


def scaling(repeats):
    """Exponents of the engine's time, from least squares over logarithms."""
    base = {"m": 8000, "d": 784, "n": 4096, "T": 32}
    sizes = {
        "m": (4000, 8000, 16000, 32000),
        "T": (16, 32, 64, 128),
        "d": (400, 800, 1600, 3200),
        "n": (2048, 4096, 8192, 16384),
    }
    lines = []
    for name, values in sizes.items():
        peers = {}
        for value in values:
            at = base | {name: value}
            trainer = Problem(at["n"], at["d"], at["m"]).ours(64)
            peers[value] = partial(trainer.advance, at["T"])
        seconds = in_turn(peers, repeats)
        logs = np.log(values), np.log([seconds[value] for value in values])
        exponent = np.polyfit(*logs, 1)[0]
        times = ", ".join(f"{seconds[value]:.3f}" for value in values)
        lines.append([name, ", ".join(map(str, values)), times, f"{exponent:.2f}"])
    text = "B = 64, 64 rows a step; otherwise m = 8000, d = 784, n = 4096, T = 32.\n\n"
    return text + markdown(["in", "values", "s", "exponent"], lines)


def memory(_):
    """Peak of a fit beyond X, W twice and a block, by the operating system."""
    lines = []
    for kind, options in (
        ("dense", {}),
        ("dense", {"momentum": 0.9}),
        ("dense", {"diagnostics": None}),
        ("sparse", {}),
        ("sparse", {"momentum": 0.9}),
        ("few rows", {}),
    ):
        words = [f"{name}={value}" for name, value in options.items()]
        used, weights, block, X = own_process(FOLDER / "_peak.py", kind, *words)
        beyond = used - 2 * weights - block
        megabytes = [f"{value / 1e6:.0f}" for value in (X, weights, block, used)]
        lines.append([kind, " ".join(words), *megabytes, f"{beyond / 1e6:.0f}"])
    header = ["rows", "parameters", "X MB", "W MB", "block MB", "peak beyond X MB"]
    return markdown([*header, "beyond 2 W + a block MB"], lines)


def _ranks(rng):
    """Name -> (X of rank r < d, X of r columns)."""

    def full(n, d):
        return rng.normal(size=(n, d)).astype("f4")

    zeros, constant = full(4096, 1000), full(4096, 1000)
    zeros[:, rng.permutation(1000)[:600]] = 0
    constant[:, 400:] = rng.normal(size=600)
    words = sparse.random(500, 5000, density=0.04, format="csr", random_state=0)
    return {
        "600 of 1000 columns zero": (zeros, full(4096, 400)),
        "600 of 1000 columns constant": (constant, full(4096, 401)),
        "rank 50 of 1000": (full(4096, 50) @ full(50, 1000), full(4096, 50)),
        "200 rows of 2000": (full(200, 2000), full(200, 200)),
        "sparse, 500 rows of 5000": (words.astype("f4"), full(500, 500)),
    }


def rank(repeats):
    """Data of rank r < d beside data of r columns, and beside random d columns."""
    rng = np.random.default_rng(0)
    lines = []
    for name, (X, narrow) in _ranks(rng).items():
        y = rng.integers(0, 10, X.shape[0])
        n = max(X.shape)  # so that these rows span all columns
        wide = rng.normal(size=(n, X.shape[1])).astype("f4")
        net = OverparamReLUClassifier(2000, max_iter=1000, **FIT, **QUIET)
        seconds = in_turn(
            {
                "ours": partial(net.fit, X, y),
                "narrow": partial(net.fit, narrow, y),
                "wide": partial(net.fit, wide, np.resize(y, n)),
            },
            repeats,
        )
        ours = seconds["ours"]
        ratios = [f"{ours / seconds[peer]:.2f}" for peer in ("narrow", "wide")]
        lines.append([name, narrow.shape[1], f"{ours:.2f}", *ratios])
    text = "A whole fit, m = 2000, 1000 steps of 64 rows, without diagnostics.\n\n"
    header = ["data", "r", "s", "over r random columns", "over d random columns"]
    return text + markdown(header, lines)


def sparse_rows(_):
    """20000 × 50000 of density 0.1 %, which would be 4 GB dense."""
    lines = []
    for options in ({}, {"momentum": 0.0, "learning_rate": 1.0}):
        words = [f"{name}={value}" for name, value in options.items()]
        seconds, used, loss, final = own_process(FOLDER / "_sparse_fit.py", *words)
        figures = [f"{seconds:.1f}", f"{used / 1e6:.0f}", f"{loss:.3f}, {final:.3f}"]
        lines.append([" ".join(words) or "defaults", *figures])
    text = "m = 1000, 200 steps of 256 rows, all diagnostics; W takes 200 MB.\n\n"
    return text + markdown(
        ["parameters", "s", "peak MB", "loss, first and last"], lines
    )


def importing(_):
    """Import of the package over the imports of torch and scikit-learn."""
    base = "import torch, sklearn, sklearn.base, sklearn.utils"
    pipeline = f"{base}, sklearn.pipeline"
    classifier = "from overparam_sk import OverparamReLUClassifier"
    pairs = {
        "`import overparam_sk` over torch and scikit-learn": (
            base,
            "import overparam_sk",
        ),
        "the classifier over torch and scikit-learn": (base, classifier),
        "the classifier over torch and `sklearn.pipeline`": (pipeline, classifier),
    }
    more = {name: [] for name in pairs}
    clock = "import time; now = time.perf_counter"
    for _ in range(9):
        for name, (before, after) in pairs.items():
            code = f"{clock}; {before}; t = now(); {after}; print(1e3 * (now() - t))"
            more[name] += own_process("-c", code)
    lines = [
        [
            name,
            f"{np.median(ms):.0f}",
            "{:.0f} to {:.0f}".format(*np.quantile(ms, QUARTILES)),
        ]
        for name, ms in more.items()
    ]
    return markdown(["import", "ms (median of 9)", "quartiles"], lines)


def predict(repeats):
    """60000 × 784 at m = 8000, many rows at a time or few."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60_000, 784)).astype("f4")
    y = rng.integers(0, 10, 1000)
    net = OverparamReLUClassifier(8000, max_iter=5, **FIT, **QUIET).fit(X[:1000], y)
    lines = []
    for size in (60_000, 5000, 500):

        def pass_over(size=size):
            for start in range(0, 60_000, size):
                net.predict(X[start : start + size])

        seconds = in_turn({"ours": pass_over}, repeats)["ours"]
        share = 2 * 60_000 * 784 * 8000 / seconds / gemm_flops(8000, 784, 1024)
        lines.append([size, f"{seconds:.2f}", f"{share:.2f}"])
    return markdown(["rows a call", "s", "share of sgemm"], lines)


def two_processes(_):
    """One network on two processes of one thread, beside one process of two."""
    lines = []
    for m in (1000, 4000, 16000):
        alone = own_process(FOLDER / "_sharded_fit.py", m)[0]
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
        both = own_process(*launch, FOLDER / "_sharded_fit.py", m, "distributed")
        lines.append([m, f"{alone:.2f}", f"{both[0]:.2f}", f"{alone / both[0]:.2f}"])
    text = "ms a step, d = 784, B = 64, 8192 rows.\n\n"
    header = ["m", "one process, two threads", "two processes, one thread", "ratio"]
    return text + markdown(header, lines)


SECTIONS = {
    "small widths": small_widths,
    "scaling": scaling,
    "memory": memory,
    "rank": rank,
    "sparse rows": sparse_rows,
    "import": importing,
    "predict": predict,
    "two processes": two_processes,
}


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", default=list(SECTIONS), choices=SECTIONS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", default="docs/benchmarks/limits.md")
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    text = "# Limits and small widths\n\n"
    text += f"{machine()}, medians of {arguments.repeats}, float32.\n"
    for name in arguments.only:
        print(name, flush=True)
        text += f"\n## {name.capitalize()}\n\n{SECTIONS[name](arguments.repeats)}"
    write(arguments.out, text)


if __name__ == "__main__":
    main()
