"""Registering a diagnostic of one's own: as a call, a decorator and a context."""

import inspect

import pytest
from diagnostics.own import active_share, moved

from overparam_sk.diagnostics import REGISTRY, Diagnostic, WeightView, register

BUILT_IN = dict(REGISTRY)


@pytest.fixture(autouse=True)
def as_before():
    yield
    found = dict(REGISTRY)
    REGISTRY.clear()
    REGISTRY.update(BUILT_IN)
    assert found == BUILT_IN or "stays" in found


def test_a_call_a_decorator_and_a_context():
    kind = moved(name="stays")
    assert register(kind) is kind
    assert {**BUILT_IN, "stays": kind} == REGISTRY

    with register(moved()) as decorated:
        assert inspect.isclass(decorated)
        assert REGISTRY["moved"] is decorated
        with register(active_share()) as other:
            assert list(REGISTRY)[-3:] == ["stays", "moved", "active_share"]
            assert REGISTRY["active_share"] is other
    assert {**BUILT_IN, "stays": kind} == REGISTRY


def test_a_context_ends_with_what_was_there_before():
    kind, anew = moved(), moved()
    with register(kind):
        with register(kind):
            pass
        assert REGISTRY["moved"] is kind
        order = list(REGISTRY)
        with register(anew):  # the cell of a notebook, run again
            assert REGISTRY["moved"] is anew
        assert REGISTRY["moved"] is kind
        assert list(REGISTRY) == order
        with pytest.raises(RuntimeError, match="inside"), register(active_share()):
            raise RuntimeError("inside")
    assert REGISTRY == BUILT_IN


def test_a_context_is_of_what_is_registered():
    kind = moved()
    with (
        pytest.raises(ValueError, match=r"Moved must be registered, as by register\(M"),
        kind,
    ):
        pass


def _with(**attributes):
    return type("Odd", (moved(),), {"name": "odd", **attributes})


class NeedsOne(moved()):
    name = "needs_one"

    def __init__(self, threshold):
        self.threshold = threshold


# What is no diagnostic -> what is said of it.
REFUSED = {
    "a number": (3, "must be a subclass of overparam_sk.diagnostics.Diagnostic, got 3"),
    "None": (None, "subclass of overparam_sk.diagnostics.Diagnostic, got None"),
    "a name": ("coupling", "diagnostics.Diagnostic, got 'coupling'"),
    "a function": (len, "diagnostics.Diagnostic, got <built-in function len>"),
    "another class": (int, "diagnostics.Diagnostic, got <class 'int'>"),
    "an instance": (moved()(), "diagnostics.Diagnostic, got <diagnostics.own"),
    "the base": (Diagnostic, "Diagnostic must define accumulate and value"),
    "half of one": (
        type("Half", (Diagnostic,), {"name": "half", "value": lambda self: 0.0}),
        "Half must define accumulate",
    ),
    "no name": (
        type(
            "Nameless",
            (Diagnostic,),
            {"sees": WeightView, "value": len, "accumulate": len},
        ),
        "Nameless.name must be an identifier .* got None",
    ),
    "no view": (
        type("Blind", (Diagnostic,), {"name": "b", "value": len, "accumulate": len}),
        "Blind.sees must be one of WeightView, .*GradientView, got None",
    ),
    "another view": (_with(sees=int), "Odd.sees must be one of .*, got <class 'int'>"),
    "a view's name": (_with(sees="WeightView"), "Odd.sees must be .*, got 'WeightV"),
    "a layer": (_with(layers=1), "Odd.layers must be a slice, got 1"),
    "layers by name": (
        _with(layers=slice("first", None)),
        r"Odd.layers must be a slice of integers, got slice\('first', None, None\)",
    ),
    "no step": (_with(layers=slice(0, 2, 0)), "Odd.layers must be .*step cannot be"),
    "a class beside": (_with(along=moved()), "Odd.along must be a tuple, got <class"),
    "no diagnostic beside": (
        _with(along=(3,)),
        "an entry of Odd.along must be a subclass .* got 3",
    ),
    "an argument": (NeedsOne, "NeedsOne must be made without arguments, .*threshold"),
    **{
        f"the name {name!r}": (_with(name=name), r"Odd\.name must be an identifier")
        for name in (
            "",
            "two words",
            "_hidden",
            "late_",
            "moved_1",
            "1st",
            3,
            b"x",
            "é",
        )
    },
    **{
        f"the name of {name}": (
            _with(name=name),
            f"Odd.name must be a name of its own.*{name}",
        )
        for name in (*BUILT_IN, "update_singular_values", "effective_rank")
    },
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what):
    kind, said = REFUSED[what]
    with pytest.raises(ValueError, match=said):
        register(kind)
    assert REGISTRY == BUILT_IN


def test_a_name_that_another_class_of_ones_own_has():
    with (
        register(moved(name="odd")),
        pytest.raises(ValueError, match=r"'odd', the name of diagnostics\.own\.mov"),
    ):
        register(_with())
