"""Print the peak memory of a fit beyond X, and the bytes of W, of a block and of X."""

import ast
import gc
import sys
from pathlib import Path

import numpy as np
from scipy import sparse

from overparam_sk import OverparamReLUClassifier

rng = np.random.default_rng(0)
# Kind of rows -> X, m.
KINDS = {
    "dense": lambda: (rng.normal(size=(4000, 2000)).astype("f4"), 8000),
    "few rows": lambda: (rng.normal(size=(1000, 8000)).astype("f4"), 4000),
    "sparse": lambda: (
        sparse.random(20_000, 20_000, density=1e-3, format="csr", dtype="f4", rng=rng),
        1000,
    ),
}


def status(name):
    """Bytes, of Linux's own account: VmRSS is what there is, VmHWM its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def main():
    """Fit once small, to have all that is imported late, and once in earnest."""
    kind, *words = sys.argv[1:]
    given = dict(word.split("=") for word in words)
    options = {"batch_size": 16, "learning_rate": 1.0, "random_state": 0}
    options |= {name: ast.literal_eval(value) for name, value in given.items()}
    X, m = KINDS[kind]()
    y = rng.integers(0, 10, X.shape[0])
    OverparamReLUClassifier(10, max_iter=20, **options).fit(X[:200, :50], y[:200])
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = status("VmRSS")
    net = OverparamReLUClassifier(m, max_iter=300, **options).fit(X, y)
    d = X.shape[1]
    rows = net.history_["block_size"][-1]
    block = rows * (m + d + rows) * 4
    size = X.nbytes if kind != "sparse" else X.data.nbytes + X.indices.nbytes
    print(status("VmHWM") - before, net.hidden_weights_.nbytes, block, size)


if __name__ == "__main__":
    main()
