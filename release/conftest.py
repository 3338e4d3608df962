"""What is to be released."""

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--tag", help="the tag of this release; without it what there is is looked at"
    )


@pytest.fixture
def tag(pytestconfig):
    return pytestconfig.getoption("--tag")
