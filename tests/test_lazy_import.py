"""``import overparam_sk`` is cheap; what it names is imported when asked for."""

import subprocess
import sys

import pytest

import overparam_sk

NAMES = [*overparam_sk.__all__, *overparam_sk.PUBLIC_PACKAGES]


def printed(code):
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_every_public_name_is_an_attribute():
    assert set(NAMES) <= set(dir(overparam_sk))
    code = "import overparam_sk as o; print([n for n in {} if getattr(o, n) is None])"
    assert printed(code.format(NAMES)) == "[]"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'overparam_sk' has no attribute 'wide'"):
        overparam_sk.wide  # noqa: B018


def test_the_package_alone_brings_in_neither_torch_nor_scikit_learn():
    code = "import sys, overparam_sk; print({'torch', 'sklearn'} & set(sys.modules))"
    assert printed(code) == "set()"
