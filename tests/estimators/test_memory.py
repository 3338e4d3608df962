"""Peak memory of a fit, measured by the operating system in a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from scipy import sparse
from overparam_sk import OverparamReLUClassifier

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

kind, width, d = sys.argv[1], 8000, 2000
rng = np.random.default_rng(0)
y = rng.integers(0, 10, 2000)
if kind == "dense":
    X = rng.normal(size=(2000, d)).astype("f4")
else:
    d = 20_000
    width = 500
    places = rng.integers(0, 20_000, (2, 400_000))  # density 0.1 %
    X = sparse.csr_array((np.ones(400_000, "f4"), places), shape=(20_000, d))
    y = rng.integers(0, 10, 20_000)
options = {"batch_size": 16, "learning_rate": 1.0, "random_state": 0}
OverparamReLUClassifier(10, max_iter=20, **options).fit(X[:500], y[:500])
before = peak()
net = OverparamReLUClassifier(width, max_iter=50, **options).fit(X, y)
block = 512 * (width + d) * 4
allowed = 2 * net.hidden_weights_.nbytes + block + 100e6
print(peak() - before, allowed)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_peak_is_two_weights_a_block_and_a_constant(kind):
    # The sparse X would be 1.6 GB if it were ever dense.
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind],
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    used, allowed = map(float, run.stdout.split())
    assert used <= allowed
