"""Whatever takes numpy's arrays from a user is a door to our own world."""

from importlib import import_module
from inspect import isfunction

import pytest

from overparam_sk import PUBLIC_PACKAGES

NO_DOORS = {
    # of our own floors, which are inside already; and what takes no arrays
    "diagnostics": {"check_gram_fits", "history_columns", "register"},
    # run what is the user's, in the user's world
    "interop": {
        "FirstLayerModule",
        "HalfSquaredSum",
        "TrainingDiagnostics",
        "TwoHiddenModule",
    },
    "model_selection": {"diagnostic_scorer", "diagnostic_scoring", "width_study"},
}
HOLD_VALUES_ONLY = {
    *("Assumption", "Bound", "Fit", "PowerLaw", "PowerProduct", "Separability"),
    *("SheetRow", "Slip"),
}


def public(module):
    exported = import_module(f"overparam_sk.{module}")
    names = set(exported.__all__) - NO_DOORS.get(module, set()) - HOLD_VALUES_ONLY
    return [getattr(exported, name) for name in sorted(names)]


FUNCTIONS = [f for module in PUBLIC_PACKAGES for f in public(module) if isfunction(f)]
CLASSES = [
    c
    for module in PUBLIC_PACKAGES
    for c in public(module)
    if isinstance(c, type) and module != "diagnostics"
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_a_function_is_a_door(function):
    assert getattr(function, "in_own_world", False)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_every_public_member_of_a_class_is_a_door(cls):
    for base in cls.__mro__:
        if not base.__module__.startswith("overparam_sk."):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") and name != "__call__":
                continue
            if isinstance(member, property):
                member = member.fget
            function = getattr(member, "__func__", member)
            if callable(function):
                assert getattr(function, "in_own_world", False), f"{base}.{name}"


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_a_method_to_come_is_a_door(cls):
    class Later(cls):
        def later(self):
            """What a user adds."""

        @property
        def even_later(self):
            """And looks at."""

    assert Later.later.in_own_world
    assert Later.even_later.fget.in_own_world


def test_there_are_some():
    assert len(FUNCTIONS) > 14
    assert len(CLASSES) > 9
