"""Examples in docstrings print what they say, and assembled ones say what is there."""

import doctest
import importlib
import inspect
import pkgutil
import re
import warnings

import pytest
from estimators.small_nets import ALL, X, ensemble, y

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


def entries(cls, title):
    """Name -> text of a section of a docstring."""
    section = inspect.getdoc(cls).split(f"{title}\n{'-' * len(title)}\n")[1]
    section = re.split(r"\n\n[^\n]+\n---", section)[0]
    found = re.findall(r"(?m)^(\w+) : .+\n((?: {4}.+\n?)*)", section)
    assert len(dict(found)) == len(found), "an entry is there once"
    return dict(found)


@pytest.mark.parametrize("name", ALL)
def test_a_docstring_tells_of_every_parameter_in_the_signature_s_order(name):
    cls = type(ALL[name]())
    signature, told = inspect.signature(cls).parameters, entries(cls, "Parameters")
    assert list(told) == list(signature)
    assert all(told.values())
    assert signature["validation_fraction"].annotation is float


def test_what_is_not_trained_tells_of_its_parameters_and_attributes():
    net = ensemble().fit(X, y)
    told = entries(type(net), "Parameters")
    assert list(told) == list(inspect.signature(type(net)).parameters)
    assert {n for n in vars(net) if n.endswith("_")} <= set(
        entries(type(net), "Attributes")
    )


@pytest.mark.parametrize("name", ALL)
def test_a_docstring_tells_of_every_fitted_attribute_its_own_first(name):
    net = ALL[name](early_stopping=True, validation_fraction=0.2).fit(X, y)
    told = entries(type(net), "Attributes")
    assert {n for n in vars(net) if n.endswith("_")} <= set(told)
    assert all(told.values())
    of_all = {"n_features_in_", "n_iter_", "device_", "best_validation_score_"}
    assert of_all <= set(list(told)[-6:])
