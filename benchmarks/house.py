"""How many rooms the house has: files, classes, lines, and the way through a fit.

    python benchmarks/house.py [--package overparam_sk] [--tests tests]

Prints one table in Markdown, for any tree of this package, and below it the walks. The
figures say how much one has to know, not how good it is.

A *way* is the chain of calls from ``fit(X, y)`` to the inner step, read off the stack
when a trainer's ``advance`` enters the inner step for the first time. It *crosses* the
own classes of every ``self`` on it, inherited ones too, since its methods may stand in
any of them; the files of both have to be read. ``inside`` of world.py, which every
public method passes, counts as the file that it is; frames of scikit-learn, of which a
way has none, would not count.
"""

import argparse
import ast
import importlib
import inspect
import pkgutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
# Each estimator with few units and steps, and the function that is its inner step.
FITS = {
    "OverparamReLUClassifier": ({"width": 16, "max_iter": 4}, "differentiate_"),
    "TwoHiddenReLURegressor": (
        {"width2": 16, "max_iter": 4},
        "preactivation_gradients",
    ),
}
# Where only scikit-learn could hand over what has no type; those of them that exist.
BELOW_ESTIMATORS = (
    "devices",
    "diagnostics",
    "fits",
    "linalg",
    "networks",
    "rows",
    "shards",
    "training",
)
SHORT_FILE = 60
REPEATED = 5  # parameters, side by side


class Package:
    """The files of one tree, parsed and imported."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        sys.path.insert(0, str(self.root.parent))
        self.module = importlib.import_module(self.root.name)
        if Path(self.module.__file__).resolve().parent != self.root:
            raise SystemExit(f"{self.root.name} came from {self.module.__file__}")
        paths = sorted(self.root.rglob("*.py"))
        self.lines = {path: len(path.read_text().splitlines()) for path in paths}
        self.trees = {path: ast.parse(path.read_text()) for path in paths}

    def name(self, path: Path | str) -> str:
        """Path below the package, or "" for a file of others."""
        path = Path(path)
        return str(path.relative_to(self.root)) if path in self.lines else ""

    @cached_property
    def classes(self) -> list[type]:
        """Every class of ours, in whatever module it is defined."""
        found = {}
        for info in pkgutil.walk_packages([str(self.root)], f"{self.root.name}."):
            if not info.name.endswith("__main__"):
                module = importlib.import_module(info.name)
                for _, kind in inspect.getmembers(module, inspect.isclass):
                    if self.is_ours(kind):
                        found[kind] = None
        return list(found)

    @cached_property
    def estimators(self) -> list[type]:
        """Those of them that scikit-learn would call estimators."""
        return [kind for kind in self.classes if hasattr(kind, "get_params")]

    def is_ours(self, kind: type) -> bool:
        """Whether a class is defined in this package."""
        return kind.__module__.split(".")[0] == self.root.name

    def depth(self, kind: type) -> int:
        """Own classes in the longest chain from ``kind`` up."""
        return self.is_ours(kind) and 1 + max(map(self.depth, kind.__bases__))

    def methods(self, kind: type) -> set[str]:
        """Names of methods and properties that are written in a file of ours."""
        return {
            name
            for base in kind.__mro__
            if self.is_ours(base)
            for name, member in vars(base).items()
            if self.name(written_in(member))
        }


def written_in(member: object) -> str:
    """File of a function, whatever it is wrapped in; "" for anything else."""
    for inner in ("fget", "__func__", "func"):
        member = getattr(member, inner, member)
    code = getattr(inspect.unwrap(member), "__code__", None) if member else None
    return code.co_filename if code else ""


class Walk:
    """What a fit of a small network passes: functions as "file:name", and classes."""

    def __init__(self, package: Package, estimator: str) -> None:
        self.package, self.estimator = package, estimator
        parameters, self.inner = FITS[estimator]
        self.way: list[str] = []  # the chain, once known
        self.crossed: list[type] = []  # classes of the objects on it
        self.entered: dict[str, None] = {}  # by the whole fit, in order
        self.entered_before = 0  # how many of them until the inner step
        X = np.random.default_rng(0).normal(size=(40, 4)).astype("f4")
        net = getattr(package.module, estimator)(random_state=0, **parameters)
        net.fit(X, np.arange(40) % 2)  # lazy imports are no part of the walk
        sys.setprofile(self._look)
        try:
            net.fit(X, np.arange(40) % 2)
        finally:
            sys.setprofile(None)
        if not self.way:
            raise SystemExit(f"{estimator}: no {self.inner} was entered in a step")

    @property
    def files_to_read(self) -> list[str]:
        """Files of the way and of the classes that it crosses."""
        bases = (self.package.name(inspect.getfile(kind)) for kind in self.crossed)
        return list(dict.fromkeys([*files(self.way), *bases]))

    def _look(self, frame, event, _) -> None:
        if event != "call" or not (here := self._function(frame)):
            return
        self.entered[here] = None
        if self.way or unqualified(here) != self.inner:
            return
        frames = [frame]
        while frame := frame.f_back:
            frames.append(frame)
        frames = [frame for frame in reversed(frames) if self._function(frame)]
        way = list(dict.fromkeys(map(self._function, frames)))
        if "advance" in map(unqualified, way):
            kinds = [type(frame.f_locals.get("self")).__mro__ for frame in frames]
            every = dict.fromkeys(kind for mro in kinds for kind in mro)
            self.crossed = [kind for kind in every if self.package.is_ours(kind)]
            self.way, self.entered_before = way, len(files(self.entered))

    def _function(self, frame) -> str:
        """As "file:Class.function"; "" for one of others, and for a comprehension."""
        file = self.package.name(frame.f_code.co_filename)
        name = frame.f_code.co_qualname.split("<locals>.")[-1]
        return f"{file}:{name}" if file and not name.endswith(">") else ""


def unqualified(function: str) -> str:
    """Its name alone."""
    return function.replace(":", ".").split(".")[-1]


def files(functions: Iterable[str]) -> list[str]:
    """Their files, in order."""
    return list(dict.fromkeys(function.split(":")[0] for function in functions))


def functions(tree: ast.AST, owner: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Class ("" for none) and syntax of every function, at whatever depth."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, FUNCTION):
            yield owner, node
        inner = node.name if isinstance(node, ast.ClassDef) else owner
        yield from functions(node, "" if isinstance(node, FUNCTION) else inner)


def parameters(function: ast.FunctionDef) -> list[ast.arg]:
    """All of them but self and cls."""
    own = function.args
    every = [*own.posonlyargs, *own.args, own.vararg, *own.kwonlyargs, own.kwarg]
    return [arg for arg in every if arg and arg.arg not in ("self", "cls")]


def share_of_any(package: Package) -> tuple[int, int]:
    """Parameters below estimators/ that are annotated Any, and all there."""
    annotations = [
        ast.unparse(arg.annotation) if arg.annotation else ""
        for path, tree in package.trees.items()
        if Path(package.name(path)).parts[0].removesuffix(".py") in BELOW_ESTIMATORS
        for _, function in functions(tree)
        for arg in parameters(function)
    ]
    return annotations.count("Any"), len(annotations)


def repetitions(package: Package) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Pairs of functions with parameters alike, side by side: kind -> pair -> names."""
    holders = defaultdict(list)
    for path, tree in package.trees.items():
        for owner, function in functions(tree):
            if "overload" in map(ast.unparse, function.decorator_list):
                continue
            names = [arg.arg for arg in parameters(function)]
            name = ".".join(filter(None, [owner, function.name]))
            for first in range(len(names) - REPEATED + 1):
                run = tuple(names[first : first + REPEATED])
                holders[run].append(f"{package.name(path)}:{name}")
    kinds = {"function": {}, "override": {}, "constructor": {}}
    for run, who in holders.items():
        for pair in combinations(who, 2):
            names = kinds[kind_of_pair(package, *pair)].setdefault(pair, [])
            names += [name for name in run if name not in names]
    return kinds


def kind_of_pair(package: Package, one: str, other: str) -> str:
    """Why two functions may have the same parameters."""
    owners = [full.split(":")[1].rpartition(".")[0] for full in (one, other)]
    if unqualified(one) != unqualified(other) or not all(owners):
        return "function"
    estimators = {kind.__name__ for kind in package.estimators}
    both = unqualified(one) == "__init__" and estimators.issuperset(owners)
    return "constructor" if both else "override"


def longest_body(package: Package) -> tuple[int, str]:
    """Lines of the longest body without its docstring, and whose it is."""
    from test_layering import body_lines

    return max(
        (body_lines(function), f"{package.name(path)}:{function.name}")
        for path, tree in package.trees.items()
        for _, function in functions(tree)
    )


def count_lines(paths: Iterable[Path]) -> tuple[int, int]:
    """All lines, and those that are not blank."""
    lines = [line for path in paths for line in path.read_text().splitlines()]
    return len(lines), sum(bool(line.strip()) for line in lines)


def percent(part: int, whole: int) -> str:
    """A count with its share."""
    return f"{part} of {whole} ({100 * part / whole:.1f} %)"


def rows_of_walk(walk: Walk) -> Iterator[tuple[str, object]]:
    """What one fit passes."""
    yield f"**`{walk.estimator}().fit(X, y)`**: files to read", len(walk.files_to_read)
    yield "– of these, files on the way itself", len(files(walk.way))
    yield "classes crossed", len(walk.crossed)
    methods = {
        full.rpartition(".")[0] for full in walk.way if "." in full[full.index(":") :]
    }
    yield "– of these, with a method on the way", len(methods)
    yield "files entered before the inner step, beside the way too", walk.entered_before
    yield "files entered in the whole fit", len(files(walk.entered))


def rows_of_classes(package: Package) -> Iterator[tuple[str, object]]:
    """How high the towers are."""
    others = [kind for kind in package.classes if kind not in package.estimators]
    for what, kinds in {"estimators": package.estimators, "all else": others}.items():
        top = max(kinds, key=package.depth)
        label = f"own inheritance, longest chain of {what}"
        yield label, f"{package.depth(top)} ({top.__name__})"
    biggest = max(package.classes, key=lambda kind: len(package.methods(kind)))
    count = len(package.methods(biggest))
    label = "methods and properties of the biggest class, inherited own ones too"
    yield label, f"{count} ({biggest.__name__})"


def rows_of_files(package: Package, tests: Path) -> Iterator[tuple[str, object]]:
    """What there is to read."""
    from test_layering import circles

    private = [
        path
        for path in package.lines
        if path.name.startswith("_") and not path.name.startswith("__")
    ]
    yield "private modules", percent(len(private), len(package.lines))
    short = [path for path, lines in package.lines.items() if lines < SHORT_FILE]
    no_init = [path for path in short if path.name != "__init__.py"]
    label = f"files under {SHORT_FILE} lines (without `__init__.py`)"
    yield label, f"{len(short)} ({len(no_init)})"
    yield (
        "parameters annotated `Any` below estimators/",
        percent(*share_of_any(package)),
    )
    pairs = {kind: len(found) for kind, found in repetitions(package).items()}
    label = f"pairs of functions with {REPEATED} parameters alike, side by side"
    yield label, pairs["function"]
    yield "– overrides of one method", pairs["override"]
    yield "– constructors, which scikit-learn wants written out", pairs["constructor"]
    source, filled = count_lines(package.lines)
    yield "source lines (not blank)", f"{source} ({filled})"
    checked, filled = count_lines(tests.rglob("*.py"))
    yield "test lines (not blank)", f"{checked} ({filled})"
    yield "test lines over source lines", f"{checked / source:.2f}"
    longest = max(package.lines, key=package.lines.get)
    yield "longest file", f"{package.lines[longest]} ({package.name(longest)})"
    yield "longest body of a function", "{} ({})".format(*longest_body(package))
    yield "import circles", len(circles(package.root))


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--package", type=Path, default=ROOT / "overparam_sk")
    parser.add_argument("--tests", type=Path, default=ROOT / "tests")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))  # its rules read any tree
    package = Package(arguments.package)
    walks = [Walk(package, estimator) for estimator in FITS]
    print("| figure | |\n| --- | --- |")
    rows = [row for walk in walks for row in rows_of_walk(walk)]
    rows += [*rows_of_classes(package), *rows_of_files(package, arguments.tests)]
    for label, value in rows:
        print(f"| {label} | {value} |")
    for walk in walks:
        print_walk(walk)
    for kind, pairs in repetitions(package).items():
        print_repetitions(kind, pairs)


def print_walk(walk: Walk) -> None:
    """The way, what it crosses, and where else the fit was."""
    print(f"\nThe way of `{walk.estimator}().fit(X, y)` to `{walk.inner}`:\n")
    for place, function in enumerate(walk.way, 1):
        print(f"{place}. {function}")
    print("\nClasses crossed:", ", ".join(kind.__name__ for kind in walk.crossed))
    print("\nFiles to read:", ", ".join(walk.files_to_read))
    print("\nFiles that the whole fit enters:", ", ".join(files(walk.entered)))


def print_repetitions(kind: str, pairs: dict[tuple[str, str], list[str]]) -> None:
    """Each list of parameters, and who has it."""
    holders = defaultdict(dict)
    for pair, names in pairs.items():
        holders[", ".join(names)].update(dict.fromkeys(pair))
    print(f"\nParameters alike ({kind}):\n" if pairs else "", end="")
    for names, who in holders.items():
        print(f"- `{names}`: {', '.join(who)}")


if __name__ == "__main__":
    main()
