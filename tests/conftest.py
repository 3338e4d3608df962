"""Skip what this machine cannot run, with the reason; how thorough fault tests are."""

import signal
import sys
from pathlib import Path

import hypothesis
import pytest
import torch

from overparam_sk.training import BatchedSGD

# No test asserts a time: on a busy machine any example may take long.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption(
        "--rounds",
        choices=("few", "full"),
        default="few",
        help="how often the tests in tests/faults make each fault happen",
    )


@pytest.fixture
def ctrl_c():
    """Python's own answer to SIGINT, which a background job may have switched off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def batches(monkeypatch):
    """How many fits were done as one, each time that some were."""
    made, init = [], BatchedSGD.__init__

    def counted(self, members, **options):
        made.append(len(members))
        init(self, members, **options)

    monkeypatch.setattr(BatchedSGD, "__init__", counted)
    return made


# They kill processes by signals, and fill disks and memory by limits, of POSIX.
POSIX = ("estimators/test_distributed.py", "faults/")


def pytest_collection_modifyitems(items):
    no_gpu = pytest.mark.skip(reason="needs a CUDA device; torch sees none here")
    no_posix = pytest.mark.skip(reason="makes its faults by what Windows does not have")
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        if "gpu" in item.keywords and not torch.cuda.is_available():
            item.add_marker(no_gpu)
        if sys.platform == "win32" and place.startswith(POSIX):
            item.add_marker(no_posix)
