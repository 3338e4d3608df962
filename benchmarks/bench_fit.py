"""Time the engine against its peers, and the diagnostics against the fit.

    python benchmarks/bench_fit.py [--quick] [--threads 1 2] [--out FILE]

All peers of a row are timed in one process, in turn; medians of 5 (--quick: 3). JAX is
a peer where the extra `bench` is installed. "sgemm" is the rate of one product X Wᵀ of
the engine's block in the same run, in the row's precision, and the share of it counts
only the 4·B·m·d operations of a step that any method must do. "fit" is a whole fit
without diagnostics, with all that comes before and after its steps.
"""

import argparse
import os
import subprocess
import sys

THREADS = os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))

import numpy as np
import torch
from _diagnostics import diagnostics_table
from _peers import PEERS, one_thread_for_jax, peers_of
from _timing import (
    Problem,
    gemm_flops,
    in_turn,
    machine,
    markdown,
    step_flops,
    write,
)

# d, m, B, steps, rows
PLAIN = [
    (1000, 1000, 16, 400, 1024),
    (1000, 4000, 16, 100, 1024),
    (1000, 16000, 16, 25, 1024),
    (784, 4000, 64, 100, 6400),
    (784, 8000, 64, 100, 6400),
    (784, 16000, 64, 50, 3200),
    (64, 1000, 16, 1000, 1797),
    (64, 1000, 64, 1000, 1797),
    (64, 1000, 256, 400, 1797),
    (4, 1000, 150, 1000, 150),
]
WITH_MOMENTUM = [
    (1000, 1000, 16, 400, 1024),
    (1000, 4000, 16, 100, 1024),
    (784, 4000, 64, 100, 6400),
    (784, 1000, 256, 50, 6400),
    (64, 1000, 64, 1000, 1797),
    (64, 1000, 256, 400, 1797),
    (4, 1000, 150, 1000, 150),
]
DOUBLE = [
    (1000, 4000, 16, 50, 1024),
    (784, 4000, 64, 25, 6400),
    (64, 1000, 64, 500, 1797),
]

HEADER = ["d, m, B, steps", "ms/step", "plain", "JAX", "sklearn", "fit"]
HEADER += ["share of sgemm", "with all of a fit", "sgemm GFLOP/s"]


def engine_row(size, repeats, names, *, momentum=0.0, dtype=torch.float32):
    """Times of the peers over ours."""
    d, m, B, n_steps, n = size
    problem = Problem(n, d, m, dtype=dtype, momentum=momentum)
    peers = peers_of(problem, B, n_steps, names)
    if "JAX" in peers and dtype == torch.float32:
        check_same(problem, peers)
    else:
        peers.pop("JAX", None)  # which computes in float32 unless it is set globally
    seconds = in_turn(peers, repeats)
    rate = gemm_flops(m, d, 256, dtype=dtype)
    ours = seconds["ours"]
    least = n_steps * step_flops(m, d, B) / rate
    row = [", ".join(map(str, size[:4])), f"{1e3 * ours / n_steps:.3f}"]
    for name in ("plain", "JAX", "sklearn", "fit"):
        row.append(f"{seconds[name] / ours:.2f}" if name in seconds else "")
    return [
        *row,
        f"{least / ours:.2f}",
        f"{least / seconds['fit']:.2f}",
        int(rate / 1e9),
    ]


def check_same(problem, peers):
    """JAX takes the same steps; what differs is float32's rounding."""
    ours, other = peers["ours"](), peers["JAX"]()
    error = float((ours - other).norm() / (ours - problem.W).norm())
    if not error < 0.05:
        raise SystemExit(f"JAX's weights differ by {error:.1e}")


def momentum_rows(repeats, sizes):
    """What momentum adds to a step of plain SGD, in the same run."""
    for d, m, B, n_steps, n in sizes:
        with_, without = (
            Problem(n, d, m, momentum=momentum).ours(B) for momentum in (0.9, 0.0)
        )
        peers = {
            "with": lambda trainer=with_, n=n_steps: trainer.advance(n),
            "without": lambda trainer=without, n=n_steps: trainer.advance(n),
        }
        seconds = in_turn(peers, repeats)
        yield f"{d}, {m}, {B}", f"{seconds['with'] / seconds['without']:.2f}"


def tables(repeats, names):
    """All that is measured with the present number of threads."""
    sections = {
        "float32, plain SGD": (PLAIN, {}),
        "float32, momentum 0.9": (WITH_MOMENTUM, {"momentum": 0.9}),
        "float64, momentum 0.9": (DOUBLE, {"momentum": 0.9, "dtype": torch.float64}),
    }
    text = f"# Training: {machine()}\n\nMedians of {repeats}; times over ours.\n"
    for name, (sizes, options) in sections.items():
        rows = []
        for size in sizes:
            rows.append(engine_row(size, repeats, names, **options))
            print(name, *rows[-1], sep=" | ", file=sys.stderr, flush=True)
        text += f"\n{name}:\n\n{markdown(HEADER, rows)}"
    text += "\nA step with momentum over one without:\n\n"
    rows = list(momentum_rows(repeats, WITH_MOMENTUM))
    return text + markdown(["d, m, B", "ratio"], rows)


def main():
    """Measure with each number of threads in a process of its own; print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="without scikit-learn, medians of 3"
    )
    parser.add_argument("--threads", nargs="+", default=["1", THREADS])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", default="docs/benchmarks/fit.md")
    arguments = parser.parse_args()
    repeats = 3 if arguments.quick else 5
    torch.set_num_threads(int(THREADS))
    np.seterr(all="ignore")
    if arguments.here:
        if THREADS == "1":
            one_thread_for_jax()
        names = [name for name in PEERS if not (arguments.quick and name == "sklearn")]
        print(tables(repeats, names))
        return
    text = ""
    for threads in dict.fromkeys(arguments.threads):
        command = [sys.executable, __file__, "--here"]
        command += ["--quick"] * arguments.quick
        environment = os.environ | {"OMP_NUM_THREADS": threads}
        text += subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        ).stdout
    write(arguments.out, f"{text}\n## Diagnostics\n\n{diagnostics_table(repeats)}")


if __name__ == "__main__":
    main()
