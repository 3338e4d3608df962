"""Fits of a small width as one, against the same fits one after the other.

    python benchmarks/batched_fits.py [--device cpu] [--quick] [--out FILE]

On the CPU in one thread, in seconds of its time; the peers take turns.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch
from _timing import CLASSES, Problem, machine, markdown, synchronize, write

from overparam_sk.fits import pays_together
from overparam_sk.networks import LiLiang2018
from overparam_sk.rows import as_rows
from overparam_sk.training import (
    BatchedSGD,
    CurvatureStep,
    Member,
    MinibatchStream,
    SStepSGD,
    auto_block_rows,
    batched_block_rows,
)

N_FITS = 16
ROWS = 2000
SIZES = [  # m, d, B
    (250, 64, 16),
    (250, 64, 64),
    (250, 784, 16),
    (250, 784, 64),
    (100, 784, 16),
    (1000, 64, 16),
    (250, 13, 178),
    (250, 64, 256),
]


class OneOfMany(Problem):
    """A fit of its own data, weights and batches, with momentum or without."""

    def __init__(self, seed, m, d, B, device, momentum):
        super().__init__(ROWS, d, m, device, seed=seed)
        self.seed, self.B, self.momentum = seed, B, momentum
        self.rows = as_rows(
            self.X.cpu().numpy(),
            constant=False,
            dtype=self.X.dtype,
            device=self.device,
        )
        self.weight = torch.ones(ROWS, device=self.device)
        self.lengthen = CurvatureStep() if momentum else None

    def stream(self):
        """Its batches from the first one on."""
        return MinibatchStream(ROWS, self.B, seed=self.seed)

    def alone(self):
        """The engine of one fit."""
        return SStepSGD(
            LiLiang2018(self.a),
            self.W.clone(),
            self.rows,
            self.y,
            CLASSES,
            self.weight,
            self.stream(),
            step=self.step,
            block_rows=auto_block_rows(*self.W.shape),
            momentum=self.momentum,
            lengthen=self.lengthen,
        )

    def member(self):
        """What a batch is made of."""
        targets = torch.nn.functional.one_hot(self.y_there, CLASSES).to(self.W)
        network, data = LiLiang2018(self.a), (self.rows, targets, self.weight)
        return Member(
            network, self.W.clone(), *data, self.stream(), self.step, self.lengthen
        )


def seconds(function, device):
    """Of the processor, or of the device."""
    on_cpu = torch.device(device).type == "cpu"
    clock = time.process_time if on_cpu else time.perf_counter
    synchronize(device)
    start = clock()
    function()
    synchronize(device)
    return clock() - start


def one_size(m, d, B, device, momentum, n_steps, repeats):
    """Seconds a step and a fit: one after the other, and as one."""
    problems = [OneOfMany(i, m, d, B, device, momentum) for i in range(N_FITS)]
    trainers = [problem.alone() for problem in problems]
    batch = BatchedSGD(
        [problem.member() for problem in problems],
        block_rows=batched_block_rows(m, d),
        momentum=momentum,
    )
    peers = {
        "in turn": lambda: [trainer.advance(n_steps) for trainer in trainers],
        "as one": lambda: batch.advance(n_steps),
    }
    for peer in peers.values():
        peer()
    taken = {name: [] for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            taken[name].append(seconds(peer, device))
    return [statistics.median(t) / n_steps / N_FITS for t in taken.values()]


def batched_table(device="cpu", sizes=SIZES, operations=1e9, repeats=3):
    """In turn and as one, plain SGD and the defaults; ``operations`` a timing."""
    lines = []
    for m, d, B in sizes:
        n_steps = int(max(16, min(400, operations / (4 * B * m * d * N_FITS))))
        pays = pays_together(m, d, B, torch.device(device))
        line = [m, d, B, f"{4e-6 * B * m * d:.1f}"]
        for momentum in (0.0, 0.9):
            times = one_size(m, d, B, device, momentum, n_steps, repeats)
            line += [*(f"{1e6 * t:.0f}" for t in times), f"{times[0] / times[1]:.2f}"]
        lines.append([*line, "yes" if pays else ""])
        print(*lines[-1], flush=True)
    header = ["m", "d", "B", "10⁶ operations a step"]
    for name in ("plain SGD", "defaults"):
        header += [f"{name}: in turn µs", "as one µs", "ratio"]
    return markdown([*header, "done as one"], lines)


def main():
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true")
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--out", default=str(root / "docs/benchmarks/batched_fits.md"))
    arguments = parser.parse_args()
    if arguments.device == "cpu":
        torch.set_num_threads(1)
    quick = {"sizes": SIZES[:2], "operations": 1e8, "repeats": 1}
    table = batched_table(arguments.device, **(quick if arguments.quick else {}))
    text = (
        f"# {N_FITS} fits as one\n\nMicroseconds of a step of one of {N_FITS} fits, "
        f"float32, {ROWS} rows each, {CLASSES} classes; medians of 3, the peers in "
        "turn. On a CPU in one thread, in seconds of its time. Defaults are momentum "
        "0.9 and the automatic step; the last column is the rule of the product "
        f"(`overparam_sk.fits.pays_together`).\n\n{machine()}, {arguments.device}.\n\n"
    )
    write(arguments.out, text + table)


if __name__ == "__main__":
    main()
