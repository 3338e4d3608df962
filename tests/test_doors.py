"""Every parameter of every public callable meets every hostile value."""

import inspect

import pytest
from doors import DOORS, RIGHT, verdict
from hostile import HOSTILE

import overparam_sk
from overparam_sk import (
    datasets,
    diagnostics,
    experiments,
    interop,
    model_selection,
    plotting,
    theory,
)

# One of so many of all inputs; benchmarks/hostile_inputs.py takes them all.
SHARE = 29
INPUTS = [
    (door, parameter, hostile)
    for door in DOORS
    for parameter in door.readings
    for hostile in HOSTILE
]
REGISTERED = {(door.name, parameter) for door in DOORS for parameter in door.readings}

# Public, but no doors: what functions return, and what only our own code calls.
RESULTS = {
    *("DivergenceError", "Separability", "PowerLaw", "WidthStudy", "Fit"),
    *("DiagnosticScorer", "Defaults", "FitRow", "Problem", "Study"),
    *("summary_table", "write_report"),
    *("Assumption", "Bound", "GeneralizationBounds", "GradientFlow"),
    *("PowerProduct", "SheetRow", "Slip", "TheorySheet", "ResidualModes"),
}
INSIDE = {
    *("Diagnostic", "Panel", "GramSource", "GradientView", "GramView", "PatternView"),
    *(
        "DescentSource",
        "GramDriftView",
        "WeightView",
        "check_gram_fits",
        "history_columns",
    ),
    *("FirstLayerModule", "TwoHiddenModule", "HalfSquaredSum", "OneTargetNet"),
    *("first_layer_net", "two_hidden_net"),
}
# Methods that scikit-learn and skorch call, or that take what another one returned.
HOOKS = {
    *("set_callbacks", "is_stationary", "expand", "of", "on_epoch_begin"),
    *("on_epoch_end", "initialize", "initial_weights", "gate_weights"),
}
# Of whatever another package takes.
PASSED_ON = {"net_params", "options", "self", "cls"}


def public_parameters():
    """(callable, parameter) of everything that a user calls."""
    packages = (
        *(datasets, diagnostics, experiments, interop, model_selection, plotting),
        theory,
    )
    for package in (overparam_sk, *packages):
        for name in package.__all__:
            one = getattr(package, name)
            if not callable(one) or name in RESULTS | INSIDE:
                continue
            if inspect.isfunction(one):
                yield from named(name, one)
            elif isinstance(one, type):
                # A display is made by its from_ methods.
                if not name.endswith("Display"):
                    yield from named(name, one)
                for method in methods(one):
                    yield from named(f"{name}.{method}", getattr(one, method))


def methods(cls):
    """Public methods that this package defines."""
    for name in dir(cls):
        found = inspect.getattr_static(cls, name)
        found = getattr(found, "__func__", found)
        if not inspect.isfunction(found) or name in HOOKS:
            continue
        public = not name.startswith("_") or name == "__call__"
        if public and found.__module__.startswith("overparam_sk"):
            yield name


def named(name, one):
    for parameter in inspect.signature(one).parameters:
        if parameter not in PASSED_ON:
            yield name, parameter


def test_every_public_parameter_is_registered():
    assert sorted(set(public_parameters()) - REGISTERED) == []


@pytest.mark.parametrize("start", range(4))
def test_a_hostile_value_is_its_plain_value_or_is_refused(start):
    plain_outcomes, wrong = {}, []
    for door, parameter, hostile in INPUTS[start :: 4 * SHARE]:
        found, answer = verdict(door, parameter, hostile, plain_outcomes)
        if found not in RIGHT:
            wrong.append((door.name, parameter, hostile.label, found, answer))
    assert wrong == []
