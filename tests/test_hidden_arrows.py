"""Arrows that no import shows: names of fitted attributes on floors below."""

import ast
import re
from pathlib import Path

import pytest
from test_layering import PACKAGE, floor_of, parse, place, plant

# What a fit sets is made here, and a display, a theorem's sheet or an experiment reads
# what users read.
MAY_NAME = {"estimators", "experiments", "fits", "plotting", "theory"}
MAKERS = {"estimators", "fits"}
# Any estimator of scikit-learn's may have these.
SCIKIT_LEARNS = {
    "classes_",
    "estimator_",
    "feature_names_in_",
    "n_features_in_",
    "n_iter_",
}
NAME = re.compile(r"[A-Za-z]\w*_")


def fitted_attributes(root: Path) -> set[str]:
    """What a fit sets: on self, as a property, in a state, or for a diagnostic."""
    found = set()
    for module, (_, tree) in parse(root).items():
        for node in ast.walk(tree):
            if floor_of(module) in MAKERS:
                found |= set(made(node))
            if floor_of(module) == "diagnostics" and is_named(node):
                found.add(f"{node.value.value}_")
    return {name for name in found if NAME.fullmatch(name)} - SCIKIT_LEARNS


def made(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ClassDef):
        stated = [one.target for one in node.body if isinstance(one, ast.AnnAssign)]
        functions = [one.name for one in node.body if isinstance(one, ast.FunctionDef)]
        return [*functions, *(ast.unparse(name) for name in stated)]
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return [node.attr]
    if isinstance(node, ast.Dict):
        return [key.value for key in node.keys if is_text(key)]
    return []


def is_named(node: ast.AST) -> bool:
    """Whether it is the line ``name: ClassVar[str] = ...`` of a diagnostic."""
    named = isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "name"
    return named and is_text(node.value)


def is_text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def hidden_arrows(root: Path) -> list[str]:
    """One line per name of a fitted attribute where estimators must not be known."""
    names, faults = fitted_attributes(root), []
    for module, (path, tree) in parse(root).items():
        if floor_of(module) in MAY_NAME:
            continue
        for node in ast.walk(tree):
            if is_text(node) and node.value in names:
                said = repr(node.value)
            elif isinstance(node, ast.Attribute) and reads(node, names):
                said = f".{node.attr}"
            else:
                continue
            where = place(root, path, node.lineno)
            faults.append(f"{where}: {floor_of(module)} names the fitted {said}")
    return faults


def reads(node: ast.Attribute, names: set[str]) -> bool:
    """Of another object than its own, which may have an attribute of that name."""
    of = node.value
    return node.attr in names and not (isinstance(of, ast.Name) and of.id == "self")


def test_no_floor_below_knows_a_fitted_attribute_by_name():
    root = Path(__file__).parents[1] / PACKAGE
    known = {"hidden_weights_", "first_weights_", "relative_distance_", "history_"}
    assert known <= fitted_attributes(root)
    faults = hidden_arrows(root)
    assert not faults, "\n" + "\n".join(faults)


# The rule itself, on a tree of a few files.

MADE = {
    f"{PACKAGE}/estimators/a.py": (
        "class A:\n"
        "    @property\n"
        "    def lazy_(self): ...\n"
        "    def fit(self):\n"
        "        self.set_ = self._kept_ = 1\n"
        "        self.classes_ = 2\n"
    ),
    f"{PACKAGE}/fits/a.py": "def state():\n    return {'state_': 1, 'plain': 2}\n",
    f"{PACKAGE}/diagnostics/d.py": "class D:\n    name: ClassVar[str] = 'drift'\n",
}


def test_what_a_fit_sets_is_found(tmp_path):
    made_there = {"lazy_", "set_", "state_", "drift_"}
    assert fitted_attributes(plant(tmp_path, MADE)) == made_there


@pytest.mark.parametrize("floor", ["diagnostics", "networks", "interop", "datasets"])
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("W = getattr(net, 'set_')", "'set_'"),
        ("NAMES = ('n_iter_', 'state_')", "'state_'"),
        ("def f(net):\n    return vars(net)['lazy_']", "'lazy_'"),
        ("def f(net):\n    return net.drift_", ".drift_"),
    ],
)
def test_a_name_of_another_floor_is_reported(tmp_path, floor, line, said):
    file = f"{PACKAGE}/{floor}/b.py"
    number = 1 + line.count("\n")
    assert hidden_arrows(plant(tmp_path, {**MADE, file: line})) == [
        f"{file}:{number}: {floor} names the fitted {said}"
    ]


@pytest.mark.parametrize(
    ("floor", "line"),
    [
        ("plotting", "history = getattr(net, 'set_')"),
        ("experiments", "net.state_"),
        ("diagnostics", "classes = net.classes_"),
        ("diagnostics", '"""Says nothing of set_ by itself."""'),
        ("diagnostics", "name = 'drift'"),
        ("interop", "class B:\n    def f(self):\n        self.set_ = self.set_"),
        ("rows", "x.mul_(2)"),
    ],
)
def test_a_name_that_is_no_arrow_is_not_reported(tmp_path, floor, line):
    file = f"{PACKAGE}/{floor}/b.py"
    assert hidden_arrows(plant(tmp_path, {**MADE, file: line})) == []
