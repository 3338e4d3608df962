"""Skip what this machine cannot run, with the reason; how thorough fault tests are."""

import signal

import pytest
import torch


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


def pytest_collection_modifyitems(items):
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="needs a CUDA device; torch sees none here")
    for item in items:
        if "gpu" in item.keywords:
            item.add_marker(skip)
