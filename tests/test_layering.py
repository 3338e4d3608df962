"""The floors of the package, read off its source: what may import what."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = "overparam_sk"

# Parameters, arrays and room are refused in the same way on every floor; the world
# around is kept out by all.
DOOR = {"arrays", "memory", "parameters", "world"}

# One row per file or folder directly under the package: what it may import of ours.
# A name allows all that is under it; "training.loop" would allow that module only.
ALLOWED = {
    # entry points
    "__init__": {"estimators", "training", "version"},
    "__main__": {"cli"},
    "cli": {"__init__", "experiments", "parameters"},
    "experiments": {
        *DOOR,
        "__init__",
        "datasets",
        "devices",
        "diagnostics",
        "drawing",
        "estimators",
        "interrupts",
        "model_selection",
        "plotting",
        "progress",
        "theory",
    },
    # what theorems ask for, beside what estimators did
    "theory": {*DOOR, "datasets", "diagnostics", "distances", "drawing", "networks"},
    # presentation
    # (the kernel along a run is computed when it is displayed: no fit keeps it)
    "plotting": {*DOOR, "diagnostics", "drawing"},
    "drawing": {"parameters"},
    "model_selection": {*DOOR, "fingerprints", "interrupts", "progress", "store"},
    "store": {"fingerprints"},
    "fingerprints": set(),
    # estimators
    "estimators": {
        *DOOR,
        "devices",
        "diagnostics",
        "fits",
        "interop",
        "networks",
        "rows",
        "threads",
        "training",
        "version",
    },
    "interop": {*DOOR, "diagnostics", "fits", "networks", "rows"},
    # a fit
    "fits": {
        *DOOR,
        "devices",
        "diagnostics",
        "linalg",
        "networks",
        "rows",
        "shards",
        "threads",
        "training",
    },
    # dynamics
    "diagnostics": {*DOOR, "devices", "linalg", "networks", "rows", "shards"},
    "training": {"interrupts", "linalg", "networks", "rows"},
    # definitions
    "networks": {*DOOR, "linalg", "shards", "threads"},
    "arrays": set(),
    "devices": {*DOOR},
    "interrupts": {"world"},
    "memory": set(),
    "parameters": set(),
    "progress": {"world"},
    "linalg": set(),
    "rows": {"threads", "world"},
    "shards": set(),
    "threads": set(),
    "version": set(),
    "world": set(),
    # beside the house
    "datasets": {*DOOR, "distances"},
    "distances": set(),
}
# These see of other floors what a user sees: of a public package what it exports, and
# no module or name with an underscore.
PUBLIC_NAMES_ONLY = {"__main__", "cli", "experiments"}

# Where a third-party package may be imported at all.
TORCH_FLOORS = {
    "devices",
    "diagnostics",
    "estimators",
    "fits",
    "interop",
    "linalg",
    "networks",
    "rows",
    "shards",
    "theory",
    "threads",
    "training",
}
SKLEARN_FLOORS = set(ALLOWED) - {
    *DOOR,
    "devices",
    "diagnostics",
    "drawing",
    "fits",
    "interrupts",
    "linalg",
    "networks",
    "progress",
    "rows",
    "shards",
    "store",
    "threads",
    "training",
}
THIRD_PARTY = {
    "jinja2": {"experiments"},
    "sklearn": SKLEARN_FLOORS,
    "torch": TORCH_FLOORS,
}
# Extras, which `import overparam_sk` must do without: inside functions only.
OPTIONAL = {"dask", "distributed", "matplotlib", "pandas", "rich", "skops"}

MAX_FILE_LINES = 400
MAX_BODY_LINES = 60

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Import:
    place: str  # "file:line"
    importer: str  # dotted module, from the package's name on
    target: str  # dotted module, ours or not
    name: str  # the name taken from it, "" for a plain import
    in_function: bool

    @property
    def floor(self) -> str:
        return floor_of(self.importer)


def floor_of(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def is_ours(module: str) -> bool:
    return module.split(".")[0] == PACKAGE


def parse(root: Path) -> dict[str, tuple[Path, ast.Module]]:
    """Module name -> (path, syntax tree) of every file under ``root``."""
    modules = {}
    for path in sorted(root.rglob("*.py")):
        parts = (PACKAGE, *path.relative_to(root).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = path, syntax(path.read_text(encoding="utf-8"))
    return modules


@cache
def syntax(text: str) -> ast.Module:
    return ast.parse(text)


def place(root: Path, path: Path, line: int) -> str:
    return f"{PACKAGE}/{path.relative_to(root).as_posix()}:{line}"


def targets(node: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    """Yield (module, name) for everything that ``node`` imports."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name, ""
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join(above) if node.level else ""
        module = ".".join(filter(None, [base, node.module]))
        for alias in node.names:
            yield module, alias.name
    elif isinstance(node, ast.Call) and node.args:
        function = node.func
        called = getattr(function, "attr", getattr(function, "id", ""))
        first = node.args[0]
        if (
            called in {"import_module", "__import__"}
            and isinstance(first, ast.Constant)
            and isinstance(first.value, str)
        ):
            dots = len(first.value) - len(first.value.lstrip("."))
            above = package.split(".")[: len(package.split(".")) - dots + 1]
            base = ".".join(above) + "." if dots else ""
            yield base + first.value.lstrip("."), ""


def imports(root: Path) -> list[Import]:
    """Every import under ``root``, at whatever depth it stands."""
    modules = parse(root)
    found = []

    def walk(node: ast.AST, importer: str, path: Path, in_function: bool) -> None:
        package = importer
        if path.name != "__init__.py":
            package = importer.rpartition(".")[0]
        for module, name in targets(node, package):
            # `from package import module` is an edge to the module
            inner = f"{module}.{name}"
            target, taken = (inner, "") if inner in modules else (module, name)
            where = place(root, path, node.lineno)
            found.append(Import(where, importer, target, taken, in_function))
        for child in ast.iter_child_nodes(node):
            walk(child, importer, path, in_function or isinstance(node, FUNCTION))

    for importer, (path, tree) in modules.items():
        walk(tree, importer, path, in_function=False)
    return found


def forbidden_edges(root: Path) -> list[str]:
    faults, public = [], public_packages(root)
    for edge in imports(root):
        if edge.floor not in ALLOWED:
            faults.append(f"{edge.place}: {edge.floor} has no row in ALLOWED")
            continue
        if not is_ours(edge.target):
            continue
        floor = floor_of(edge.target)
        if floor == edge.floor:
            continue
        inside = edge.target.removeprefix(f"{PACKAGE}.")
        inside = "__init__" if edge.target == PACKAGE else inside
        allowed = ALLOWED[edge.floor]
        if not any(f"{inside}.".startswith(f"{name}.") for name in allowed):
            faults.append(f"{edge.place}: {edge.floor} -> {inside} is forbidden")
        elif edge.floor in PUBLIC_NAMES_ONLY and (
            is_private(f"{inside}.{edge.name}") or inside.rpartition(".")[0] in public
        ):
            faults.append(
                f"{edge.place}: {edge.floor} -> {inside} {edge.name} is private"
            )
    return faults


def is_private(dotted: str) -> bool:
    return any(
        part.startswith("_") and not part.endswith("__") for part in dotted.split(".")
    )


def forbidden_third_parties(root: Path) -> list[str]:
    faults = []
    for edge in imports(root):
        package = edge.target.split(".")[0]
        if package in THIRD_PARTY and edge.floor not in THIRD_PARTY[package]:
            faults.append(f"{edge.place}: {edge.floor} -> {package} is forbidden")
        if package in OPTIONAL and not edge.in_function:
            faults.append(f"{edge.place}: {package} is imported outside a function")
    return faults


def circles(root: Path) -> list[str]:
    """One line per import that closes a circle of modules."""
    graph: dict[str, dict[str, str]] = {name: {} for name in parse(root)}
    for edge in imports(root):
        if edge.target in graph and edge.target != edge.importer:
            graph[edge.importer].setdefault(edge.target, edge.place)
    faults = []
    finished: set[str] = set()

    def visit(module: str, trail: list[str]) -> None:
        for target, where in graph[module].items():
            if target in trail:
                circle = [*trail[trail.index(target) :], target]
                faults.append(f"{where}: circle {' -> '.join(circle)}")
            elif target not in finished:
                visit(target, [*trail, target])
        finished.add(module)

    for module in graph:
        if module not in finished:
            visit(module, [module])
    return faults


def oversizes(root: Path) -> list[str]:
    faults = []
    for path, tree in parse(root).values():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_FILE_LINES:
            where = place(root, path, lines)
            faults.append(f"{where}: {lines} lines, at most {MAX_FILE_LINES}")
        for node in ast.walk(tree):
            if isinstance(node, FUNCTION) and body_lines(node) > MAX_BODY_LINES:
                faults.append(
                    f"{place(root, path, node.lineno)}: {node.name} has a body of "
                    f"{body_lines(node)} lines, at most {MAX_BODY_LINES}"
                )
    return faults


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    has_docstring = ast.get_docstring(function) is not None
    body = function.body[1:] if has_docstring else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def misnamed(root: Path) -> list[str]:
    """One line per module that is not named as the package's docstring says."""
    modules = {name.partition(".")[2]: path for name, (path, _) in parse(root).items()}
    public = public_packages(root)
    faces = {f"{PACKAGE}.{package}" for package in public}
    shown = {
        edge.target.partition(".")[2]
        for edge in imports(root)
        if edge.importer in faces
    }
    faults, helpers = [], dict[str, str]()
    for module in sorted(set(modules) - {"", "__main__"}):
        package, _, name = module.rpartition(".")
        where, helper = place(root, modules[module], 1), name.startswith("_")
        if package not in public:
            if helper:
                faults.append(f"{where}: {module} is internal, where names are plain")
        elif module in shown and helper:
            faults.append(f"{where}: {module} is exported, and named as a helper")
        elif module not in shown and not helper:
            faults.append(f"{where}: {module} is a helper, and named as if exported")
        elif helper and helpers.setdefault(name, package) != package:
            faults.append(f"{where}: {helpers[name]} has a {name} as well")
    return faults


def public_packages(root: Path) -> set[str]:
    """What the package itself lists."""
    _, tree = parse(root).get(PACKAGE, (root, ast.Module([], [])))
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "PUBLIC_PACKAGES":
            return set(ast.literal_eval(node.value))
    return set()


RULES = [forbidden_edges, forbidden_third_parties, circles, oversizes, misnamed]


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_its_floors(rule):
    root = Path(__file__).parents[1] / PACKAGE
    assert len(parse(root)) > 10, f"the walk found no package at {root}"
    faults = list(dict.fromkeys(rule(root)))  # one line may import several names
    assert not faults, "\n" + "\n".join(faults)


# The rules themselves, on a tree of one or two files each.

NETWORKS = "overparam_sk/networks/small.py"


def plant(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / PACKAGE


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("from overparam_sk.training import train", "training"),
        ("from ..training import train", "training"),
        ("import overparam_sk.estimators.classifier", "estimators.classifier"),
        ("from overparam_sk import estimators", "estimators"),
        ("from overparam_sk import OverparamReLUClassifier", "__init__"),
        ("def f():\n    from overparam_sk import estimators", "estimators"),
        ("import_module('overparam_sk.training')", "training"),
        ("importlib.import_module('..training', __package__)", "training"),
    ],
)
def test_an_upward_import_is_reported_in_every_form(tmp_path, line, target):
    root = plant(tmp_path, {NETWORKS: line, "overparam_sk/estimators/__init__.py": ""})
    number = line.count("\n") + 1
    assert forbidden_edges(root) == [
        f"{NETWORKS}:{number}: networks -> {target} is forbidden"
    ]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (NETWORKS, "from overparam_sk.linalg import singular_values"),
        (NETWORKS, "from . import other"),
        (NETWORKS, "import torch\nimport numpy"),
        ("overparam_sk/fits/a.py", "from ..training.loop import Observer"),
        ("overparam_sk/fits/a.py", "from ..training import loop"),
        ("overparam_sk/cli.py", "from overparam_sk import __version__"),
        ("overparam_sk/plotting/a.py", "def f():\n    import matplotlib.pyplot"),
    ],
)
def test_a_downward_import_is_not_reported(tmp_path, file, line):
    loop = "overparam_sk/training/loop.py"
    root = plant(tmp_path, {loop: "", file: line})
    assert forbidden_edges(root) + forbidden_third_parties(root) + circles(root) == []


def test_one_allowed_module_does_not_open_its_whole_floor(tmp_path, monkeypatch):
    monkeypatch.setitem(ALLOWED, "diagnostics", {"training.loop"})
    file = "overparam_sk/diagnostics/a.py"
    root = plant(tmp_path, {file: "from overparam_sk.training.sgd import SStepSGD"})
    assert forbidden_edges(root) == [
        f"{file}:1: diagnostics -> training.sgd is forbidden"
    ]
    line = "from overparam_sk.training.loop import train"
    assert forbidden_edges(plant(tmp_path, {file: line})) == []


@pytest.mark.parametrize(
    "line",
    [
        "from ..estimators._run import A",
        "from ..estimators import _A",
        "from ..estimators.kernels import A",
    ],
)
def test_experiments_use_public_names_only(tmp_path, line):
    file = "overparam_sk/experiments/a.py"
    public = {"overparam_sk/__init__.py": "PUBLIC_PACKAGES = ('estimators',)"}
    (fault,) = forbidden_edges(plant(tmp_path, {file: line, **public}))
    assert fault.startswith(f"{file}:1: experiments -> estimators")
    assert fault.endswith("is private")


def test_a_floor_without_a_row_is_reported(tmp_path):
    root = plant(tmp_path, {"overparam_sk/attic/a.py": "import numpy"})
    assert forbidden_edges(root) == [
        "overparam_sk/attic/a.py:1: attic has no row in ALLOWED"
    ]


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        (NETWORKS, "from sklearn.base import clone", "networks -> sklearn"),
        (NETWORKS, "def f():\n    import sklearn", "networks -> sklearn"),
        ("overparam_sk/plotting/a.py", "import torch.nn", "plotting -> torch"),
        ("overparam_sk/cli.py", "import torch", "cli -> torch"),
        ("overparam_sk/plotting/a.py", "import matplotlib", "matplotlib is imported"),
    ],
)
def test_a_third_party_on_the_wrong_floor_is_reported(tmp_path, file, line, fault):
    (found,) = forbidden_third_parties(plant(tmp_path, {file: line}))
    assert found.startswith(f"{file}:{1 + line.count(chr(10))}: {fault}")


def test_a_circle_is_reported_even_through_a_lazy_import(tmp_path):
    other = "overparam_sk/networks/other.py"
    files = {
        NETWORKS: "from .other import f",
        other: "def f():\n    from . import small",
    }
    (fault,) = circles(plant(tmp_path, files))
    assert fault == (
        f"{NETWORKS}:1: circle overparam_sk.networks.other -> "
        "overparam_sk.networks.small -> overparam_sk.networks.other"
    )


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("rows/_dense.py", "rows._dense is internal, where names are plain"),
        ("_world.py", "_world is internal, where names are plain"),
        ("plotting/_axes.py", "plotting._axes is exported, and named as a helper"),
        ("plotting/other.py", "plotting.other is a helper, and named as if exported"),
        ("plotting/_points.py", "datasets has a _points as well"),
    ],
)
def test_a_name_that_says_another_thing_is_reported(tmp_path, file, fault):
    files = {
        "__init__.py": "PUBLIC_PACKAGES = ('datasets', 'plotting')",
        "datasets/__init__.py": "from overparam_sk.datasets.xor import make",
        "datasets/xor.py": "",
        "datasets/_points.py": "",
        "plotting/__init__.py": "from overparam_sk.plotting._axes import a",
        "rows/dense.py": "",
    }
    planted = {f"{PACKAGE}/{name}": text for name, text in files.items()}
    assert misnamed(plant(tmp_path, planted)) == []
    root = plant(tmp_path, {f"{PACKAGE}/{file}": ""})
    assert misnamed(root) == [f"{PACKAGE}/{file}:1: {fault}"]


def test_a_long_file_and_a_long_body_are_reported(tmp_path):
    docstring = '    """' + "word\n" * MAX_BODY_LINES + '    """\n'
    at_limit = "def f():\n" + docstring + "    x = 1\n" * MAX_BODY_LINES
    over = at_limit + "    x = 2\n"
    assert oversizes(plant(tmp_path, {NETWORKS: at_limit})) == []
    (fault,) = oversizes(plant(tmp_path, {NETWORKS: over}))
    assert fault == f"{NETWORKS}:1: f has a body of 61 lines, at most 60"
    (fault,) = oversizes(plant(tmp_path, {NETWORKS: "x = 1\n" * 401}))
    assert fault == f"{NETWORKS}:401: 401 lines, at most 400"
