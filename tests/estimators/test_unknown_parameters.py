"""A parameter that there is not: the message names the class, and the nearest one."""

import inspect
import pickle
import re
from importlib import import_module

import pytest
from estimators.small_nets import EVERY
from sklearn.base import clone

import overparam_sk
from overparam_sk import InfiniteWidthKernel
from overparam_sk.interop import TrainingDiagnostics

NAMES = ("overparam_sk", *(f"overparam_sk.{n}" for n in overparam_sk.PUBLIC_PACKAGES))
CLASSES = {
    f"{module}.{name}": kind
    for module in NAMES
    for name in import_module(module).__all__
    if inspect.isclass(kind := getattr(import_module(module), name))
}
WITH_PARAMETERS = {
    **{type(make()).__name__: type(make()) for make in EVERY.values()},
    "InfiniteWidthKernel": InfiniteWidthKernel,
    "TrainingDiagnostics": TrainingDiagnostics,
}


def typed_wrongly(name):
    """As one writes it who thinks of another word, or is in a hurry."""
    yield f"{name}_"
    if len(name) > 4:
        yield name[:1] + name[2:]
        yield name.replace("_", "") if "_" in name else f"n_{name}"


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_class_is_called_by_its_name(name):
    kind = CLASSES[name]
    for unknown in ("alpha_beta", "self_", "C", "très"):
        with pytest.raises(TypeError) as caught:
            kind(**{unknown: 1})
        if "argument" in str(caught.value):
            assert kind.__name__ in str(caught.value)


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_the_nearest_parameter_is_named(name):
    kind = WITH_PARAMETERS[name]
    said = re.escape(f"{name}.__init__() got an unexpected keyword argument")
    known = list(inspect.signature(kind).parameters)
    with pytest.raises(TypeError, match=rf"^{said} 'qqq'\.$"):
        kind(qqq=1)
    for parameter in known:
        for wrong in typed_wrongly(parameter):
            if wrong in known:
                continue
            with pytest.raises(TypeError, match=f"^{said}") as caught:
                kind(**{wrong: 1})
            (close,) = re.findall(r"Did you mean '(\w+)'\?$", str(caught.value))
            assert close in known
    (close,) = re.findall(r"mean '(\w+)'", str(caught.value))
    assert close == known[-1]

    class Derived(kind):
        pass

    with pytest.raises(TypeError, match=r"^Derived\.__init__\(\) got .* 'qqq'\.$"):
        Derived(qqq=1)


@pytest.mark.parametrize("name", EVERY)
def test_what_reads_signatures_reads_the_parameters(name):
    net = EVERY[name]()
    names = set(inspect.signature(type(net)).parameters)
    assert names == set(net.get_params(deep=False))
    assert names == set(inspect.signature(type(net).__init__).parameters) - {"self"}
    assert type(net).__init__.__qualname__ == f"{type(net).__name__}.__init__"
    again = pickle.loads(pickle.dumps(clone(net)))
    assert repr(again) == repr(net)
    with pytest.raises(
        ValueError, match=rf"'alpah' for estimator {type(net).__name__}"
    ):
        net.set_params(alpah=1)
    with pytest.raises(TypeError, match="positional argument"):
        type(net)(*range(len(names) + 1))
