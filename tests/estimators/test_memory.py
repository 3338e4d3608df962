"""Peak memory of a fit, measured by the operating system in a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from scipy import sparse
import overparam_sk

def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(l for l in lines if l.startswith(name)).split()[1])

kind, momentum, width, d = sys.argv[1], float(sys.argv[2]), 8000, 2000
frozen = kind == "frozen"
names = "OverparamReLUClassifier", "LinearizedReLUClassifier"
classifier = getattr(overparam_sk, names[frozen])
rng = np.random.default_rng(0)
y = rng.integers(0, 10, 2000)
if kind != "sparse":
    X = rng.normal(size=(2000, d)).astype("f4")
else:
    d = 20_000
    width = 500
    places = rng.integers(0, 20_000, (2, 400_000))  # density 0.1 %
    X = sparse.csr_array((np.ones(400_000, "f4"), places), shape=(20_000, d))
    y = rng.integers(0, 10, 20_000)
options = {"batch_size": 16, "learning_rate": 1.0, "random_state": 0}
options["momentum"] = momentum
classifier(10, max_iter=20, **options).fit(X[:500], y[:500])
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
before = status("VmRSS")
net = classifier(width, max_iter=50, **options).fit(X, y)
# Frozen patterns need W(0) too, and its products with the block.
block = 512 * ((1 + frozen) * width + d) * 4
allowed = (2 + frozen) * net.hidden_weights_.nbytes + block + 100e6
print(status("VmHWM") - before, allowed)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's account of memory")
@pytest.mark.parametrize(
    ("kind", "momentum"),
    [("dense", 0.9), ("sparse", 0.9), ("frozen", 0.9), ("dense", 0.0)],
)
def test_peak_is_two_weights_a_block_and_a_constant(kind, momentum):
    # The sparse X would be 1.6 GB if it were ever dense.
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, str(momentum)],
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    used, allowed = map(float, run.stdout.split())
    assert used <= allowed, f"{used / 1e6:.0f} MB, allowed {allowed / 1e6:.0f} MB"
