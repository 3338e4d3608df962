"""Print seconds and peak memory of a fit on large sparse rows, and its losses."""

import ast
import resource
import sys
import time

import numpy as np
from scipy import sparse

from overparam_sk import OverparamReLUClassifier

N, D, PER_ROW = 20_000, 50_000, 50


def main():
    """Fit labels that a few columns decide."""
    given = dict(word.split("=") for word in sys.argv[1:])
    options = {name: ast.literal_eval(value) for name, value in given.items()}
    rng = np.random.default_rng(0)
    columns = rng.integers(0, D, size=(N, PER_ROW))
    values = np.ones(N * PER_ROW, dtype="f4")
    starts = np.arange(0, N * PER_ROW + 1, PER_ROW)
    X = sparse.csr_array((values, columns.ravel(), starts), shape=(N, D))
    X.sum_duplicates()
    y = columns[:, 0] % 10
    net = OverparamReLUClassifier(1000, max_iter=200, random_state=0, **options)
    start = time.perf_counter()
    net.fit(X, y)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(seconds, peak, net.history_["loss"][0], net.history_["loss"][-1])


if __name__ == "__main__":
    main()
