"""Memory runs out for real: the operating system refuses it to a process."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).with_name("little_memory.py")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc/self/statm says how much there is on Linux"
)


def train(megabytes, width, batch_size, block_size, kind="OverparamReLUClassifier"):
    arguments = map(str, (megabytes, width, batch_size, block_size, kind))
    run = subprocess.run(
        [sys.executable, PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    return json.loads(run.stdout)


def test_the_block_is_halved_and_the_fit_goes_on():
    """A block of 48 000 rows would take 384 MB for Z and 18 GB for X Xᵀ."""
    enough, little = train(4000, 1000, 16, 64), train(300, 1000, 16, 48_000)
    assert enough["block_size"] == [64] * 3
    first, *later = little["block_size"]
    assert first == 48_000
    assert later[0] == later[1] < 12_000
    np.testing.assert_allclose(little["weights"], enough["weights"], atol=1e-9)
    assert little["weight_change"] == pytest.approx(enough["weight_change"], rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "products"),
    # Z and a buffer, and for frozen patterns X W(0)ᵀ too.
    [("OverparamReLUClassifier", 2), ("LinearizedReLUClassifier", 3)],
)
def test_no_room_for_one_batch_names_the_width_and_the_bytes(kind, products):
    width, B, d, k = 30_000, 20_000, 21, 3
    error = train(100, width, B, B, kind)["error"]
    n_bytes = 8 * B * (d + products * width + 3 * k)
    assert f"got width {width} with blocks of {B} rows" in error
    assert f"{n_bytes:,} bytes: lower width or batch_size" in error
