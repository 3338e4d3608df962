"""Print ms a step of one network, with "distributed" that of all processes."""

import os
import statistics
import sys
import time

import numpy as np
import torch

from overparam_sk import OverparamReLUClassifier


def main():
    """Long fit minus short fit, so that set-up and the last look do not count."""
    m, distributed = int(sys.argv[1]), "distributed" in sys.argv
    torch.set_num_threads(1 if distributed else 2)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8192, 784)).astype("f4")
    y = rng.integers(0, 10, 8192)
    options = {"learning_rate": 1.0, "batch_size": 64, "random_state": 0}
    options |= {"diagnostics": None, "record_every": None, "distributed": distributed}
    steps = max(64, 1_000_000 // m)

    def seconds(max_iter):
        start = time.perf_counter()
        OverparamReLUClassifier(m, max_iter=max_iter, **options).fit(X, y)
        return time.perf_counter() - start

    seconds(10)
    runs = [seconds(10 + steps) - seconds(10) for _ in range(3)]
    if os.environ.get("RANK", "0") == "0":
        print(1e3 * statistics.median(runs) / steps)


if __name__ == "__main__":
    main()
