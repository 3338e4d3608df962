"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil
import warnings

import pytest

import overparam_sk


def modules():
    for found in pkgutil.walk_packages(overparam_sk.__path__, "overparam_sk."):
        if found.name != "overparam_sk.__main__":
            yield importlib.import_module(found.name)


EXAMPLES = {
    test.name: test
    for module in modules()
    for test in doctest.DocTestFinder().find(module)
    if test.examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name):
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    out = []
    with warnings.catch_warnings():
        failed = runner.run(EXAMPLES[name], out=out.append).failed
    assert not failed, "".join(out)
    assert len(EXAMPLES) >= 12
