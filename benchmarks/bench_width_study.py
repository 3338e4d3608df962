"""The study of Li and Liang on two cores: width_study beside the ways without it.

    python benchmarks/bench_width_study.py [--out docs/benchmarks/width_study.md]

The whole default study of the command line (synthetic data, 4 widths x 3 repeats), wall
time of a whole process each, in turn. "by hand" is two processes of one thread that
share the fits out beforehand, largest first, to whom has less, and only fit, look at
the same figures and keep nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

from _timing import machine, markdown, write

STUDY = """
import sys
from pathlib import Path
from overparam_sk.experiments import load_problem, run_study
problem = load_problem("synthetic")
d = problem.defaults
run_study(problem, d.widths, 3, fit_params=dict(
    learning_rate=d.learning_rate, batch_size=d.batch_size, max_iter=d.max_iter,
    record_every=10), target_accuracy=0.98, store=Path(sys.argv[2]),
    n_jobs=int(sys.argv[1]), progress=False)
"""
BY_HAND = """
import sys
from overparam_sk import OverparamReLUClassifier
from overparam_sk.experiments import load_problem
from overparam_sk.experiments.study import all_figures
from overparam_sk.parameters import repeat_seeds
problem = load_problem("synthetic")
d = problem.defaults
seeds = repeat_seeds(0, 3)
shares = [[], []]
for width, seed in sorted(((w, s) for w in d.widths for s in seeds), reverse=True):
    min(shares, key=lambda share: sum(w for w, _ in share)).append((width, seed))
for width, seed in shares[int(sys.argv[1])]:
    data = problem.for_repeat(seed)
    net = OverparamReLUClassifier(
        width, learning_rate=d.learning_rate, batch_size=d.batch_size,
        max_iter=d.max_iter, record_every=10, fit_intercept=False, random_state=seed)
    net.fit(data.X, data.y, X_val=data.X_test, y_val=data.y_test)
    all_figures(net, data.X_test, data.y_test)
"""


def run(commands, threads):
    """Seconds until processes that start at once have ended."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    set_ = {} if threads is None else dict.fromkeys(names, str(threads))
    environment = {**os.environ, **set_}
    started = time.perf_counter()
    processes = [
        subprocess.Popen([sys.executable, "-c", *command], env=environment)
        for command in commands
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise SystemExit(f"a process ended with {codes}")
    return time.perf_counter() - started


def study(n_jobs, threads):
    """A width study with a store, in a process of its own."""
    with tempfile.TemporaryDirectory() as store:
        return run([[STUDY, str(n_jobs), store]], threads)


WAYS = {
    "n_jobs=2": lambda: study(2, None),
    "n_jobs=1, two threads": lambda: study(1, 2),
    "by hand: two processes of one thread": lambda: run(
        [[BY_HAND, "0"], [BY_HAND, "1"]], 1
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="docs/benchmarks/width_study.md")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    seconds = {name: [] for name in WAYS}
    for _ in range(args.repeats):
        for name, way in WAYS.items():
            seconds[name].append(way())
    medians = {name: sorted(s)[len(s) // 2] for name, s in seconds.items()}
    best = min(value for name, value in medians.items() if name != "n_jobs=2")
    lines = [
        [
            name,
            f"{medians[name]:.1f}",
            f"{min(s):.1f} to {max(s):.1f}",
            f"{best / medians[name]:.2f}",
        ]
        for name, s in seconds.items()
    ]
    title = f"# Width study on two cores\n\n{machine()}; median of {args.repeats}.\n\n"
    header = ["way", "s", "range", "speed over the better of the other two"]
    write(args.out, title + markdown(header, lines))


if __name__ == "__main__":
    main()
