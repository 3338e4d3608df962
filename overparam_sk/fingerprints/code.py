"""What functions, classes and modules of the user's consist of.

What was installed is known by its name. Of everything else what it does is told: the
instructions and constants, and whatever they name. Line numbers, file names, comments,
docstrings and annotations are left out; only the annotations of what is defined inside
a function are not, where they are instructions.
"""

import dis
import functools
import importlib
import importlib.util
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from overparam_sk.fingerprints.graph import CannotDescribeError, Parts
from overparam_sk.fingerprints.installed import distribution_of, reference

__all__ = [
    "cell_parts",
    "class_parts",
    "code_parts",
    "function_parts",
    "module_parts",
    "named",
]

_NAMES_A_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_NAMES_A_VALUE = {
    name
    for name in dis.opmap
    if name.startswith("LOAD_")
    and dis.opmap[name] in {*dis.hasname, *dis.haslocal, *dis.hasfree}
    and name not in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "LOAD_CLOSURE")
}
# Instructions of Python 3.13 that load or store two variables.
_OF_TWO = {
    number: [f"{half}_FAST" for half in re.findall("(LOAD|STORE)_FAST", name)]
    for name, number in dis.opmap.items()
    if name.count("_FAST") == 2
}
_TAKES_AN_ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}
# With these a function gets at more than it names, by whatever name it knows them.
_REACHES_ALL = {
    *(f"builtins.{name}" for name in ("__import__", "eval", "exec", "globals")),
    *("gc.get_objects", "gc.get_referrers", "inspect.getclosurevars"),
    *("importlib.import_module", "importlib.reload", "inspect.getmodule"),
    *("importlib.util.module_from_spec", "pkgutil.resolve_name", "pydoc.locate"),
    *("importlib._bootstrap.module_from_spec", "importlib.__import__"),
    *("importlib._bootstrap.__import__", "pydoc.resolve", "pydoc.safeimport"),
    *("runpy.run_module", "runpy.run_path", "sys._getframe"),
}
# Where these lie; a function that hands one of them on may use all of it.
_REACHING = {
    *("builtins", "gc", "importlib", "importlib.util", "inspect", "pkgutil"),
    *("pydoc", "runpy", "sys"),
}
# What is reached by these of any object, as a name or as a string.
_REACHING_NAMES = {
    *("__builtins__", "__globals__", "__import__", "exec_module", "f_builtins"),
    *("f_globals", "f_locals", "import_module", "load_module"),
}
# Around it functools keeps caches that nobody can describe.
_DISPATCHES = vars(functools)["singledispatch"](len).__code__
_FLAGS = 0x3AC  # *args, **kwargs, generator, coroutine
_BY_NAME = {*dis.hasname, *dis.hasfree, *dis.haslocal}
_JUMPS = {*dis.hasjrel, *dis.hasjabs}
# Of a class: what Python makes, or the reader needs.
_NOT_OF_THE_CLASS = {
    "__abstractmethods__",
    "__annotate__",
    "__annotate_func__",
    "__annotations__",
    "__annotations_cache__",
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__module__",
    "__slotnames__",  # of whoever pickled an object
    "__static_attributes__",
    "__weakref__",
    "_abc_impl",
}


def named(value: Any) -> Parts | None:
    """What is known by name; None where there is more to say.

    Raises
    ------
    CannotDescribeError
        If it is something with which everything can be reached.
    """
    found = reference(value)
    if found and found[0] in _REACHES_ALL:
        raise CannotDescribeError(f"{found[0]} can reach everything.")
    return found and Parts(f"named {found[0]}", distribution=found[1])


def module_parts(module: ModuleType) -> Parts:
    """Of a module that is handed over whole."""
    distribution = distribution_of(module.__name__)
    if distribution is not None:
        return Parts(f"module {module.__name__}", distribution=distribution)
    held = {
        name: value
        for name, value in sorted(vars(module).items())
        if name == "__getattr__" or not (name.startswith("__") and name.endswith("__"))
    }
    children = [(f".{name}", value) for name, value in held.items()]
    return Parts(f"module with {list(held)}", children)


def function_parts(function: FunctionType) -> Parts:
    """Of a function of the user's, or one inside another."""
    if function.__code__ is _DISPATCHES:
        registered: Any = vars(function)["registry"]
        return Parts("dispatches by type", [(".registry", registered)])
    children: list[tuple[str, Any]] = [
        (".__code__", function.__code__),
        (".__defaults__", function.__defaults__),
        (".__kwdefaults__", sorted((function.__kwdefaults__ or {}).items())),
        *((f".{name}", held) for name, held in sorted(vars(function).items())),
        *(
            (f" uses {name}", cell)
            for name, cell in zip(
                function.__code__.co_freevars, function.__closure__ or (), strict=True
            )
        ),
    ]
    label = f"function {function.__name__} {sorted(vars(function))}"
    home = function.__globals__.get("__name__", "")
    # A function inside one that was installed: what stands around it was too.
    distribution = distribution_of(home) if home else None
    if distribution is None:
        used = dict(_globals_of(function))
        label += f" with {list(used)}"
        children += [(f" uses {name}", value) for name, value in used.items()]
    return Parts(label, children, distribution=distribution)


def _globals_of(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Name and value of everything that a function finds outside itself."""
    around = function.__globals__
    code = function.__code__
    for name in sorted(_strings(code) & _REACHING_NAMES):
        raise CannotDescribeError(f"it uses {name}, which can reach everything.")
    builtins = vars(sys.modules["builtins"])
    loads = sorted(_loads(code))
    of_globals = _global_names(code)
    for name, *steps in loads:
        if name in of_globals and (name in around or name in builtins):
            value = around[name] if name in around else builtins[name]
            yield _at(name, value, steps)
    for name, level, bound, *wanted in sorted(_imports(code)):
        module = _imported(name, level, around)
        if level == 0 and bound == name.partition(".")[0] and not wanted:
            name = bound  # "import a.b" is a
            module = _imported(name, level, around)
        if wanted and wanted[0] not in getattr(module, "__dict__", wanted):
            _imported(".".join(filter(None, [name, *wanted])), level, around)
        for steps in [steps for known, *steps in loads if known == bound]:
            yield _at(f"{'.' * level}{name}", module, [*wanted, *steps])


def _at(name: str, value: Any, steps: Iterable[str]) -> tuple[str, Any]:
    """What is used of a value: of a module the attribute, if just one is asked for.

    A module that goes on to another function, or is asked for what it does not have,
    counts with all that is in it.
    """
    modules = [(name, value)]
    for step in steps:
        if not isinstance(value, ModuleType) or step not in vars(value):
            break
        value = vars(value)[step]
        modules.append((f"{modules[-1][0]}.{step}", value))
    if value is sys.modules:
        raise CannotDescribeError("it uses sys.modules, which can reach everything.")
    if isinstance(value, ModuleType):
        if value.__name__ in _REACHING:
            raise CannotDescribeError(
                f"it hands on the module {value.__name__}, which can reach everything."
            )
    elif callable(value):
        named(value)
    # Of what was installed the first name says it all.
    for name, one in modules:
        if isinstance(one, ModuleType) and distribution_of(one.__name__) is not None:
            return name, one
    return modules[-1]


def _imported(name: str, level: int, around: Mapping[str, Any]) -> Any:
    """The module; its name where it was installed or is not there."""
    if level:
        package = around.get("__package__") or ""
        name = importlib.util.resolve_name("." * level + name, package)
    if name not in sys.modules:
        if distribution_of(name) is not None:
            return f"module {name}"
        try:
            return importlib.import_module(name)
        except ImportError:
            return f"no module {name}"
    return sys.modules[name]


def cell_parts(cell: CellType) -> Parts:
    """Of a variable of an enclosing function."""
    try:
        return Parts("cell", [("", cell.cell_contents)])
    except ValueError:
        return Parts("empty cell")


def class_parts(kind: type) -> Parts:
    """Of a class of the user's."""
    own = {
        name: held
        for name, held in sorted(vars(kind).items())
        if name not in _NOT_OF_THE_CLASS
    }
    return Parts(
        f"class {kind.__name__} with {list(own)}, {len(kind.__bases__)} bases",
        [
            (" metaclass", type(kind)),
            *((f" base {base.__name__}", base) for base in kind.__bases__),
            *((f".{name}", held) for name, held in own.items()),
        ],
    )


def code_parts(code: CodeType) -> Parts:
    """Of what is done: instructions with the names in them, and their constants."""
    words, constants = _instructions(code)
    label = (
        f"code {code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount} "
        f"{code.co_flags & _FLAGS} {code.co_varnames} {code.co_cellvars} "
        f"{code.co_freevars} {code.co_exceptiontable.hex()} {words}"
    )
    return Parts(label, [("", constant) for constant in constants])


@functools.lru_cache(4096)
def _instructions(code: CodeType) -> tuple[str, tuple[Any, ...]]:
    # By value, not by place: a docstring is a constant that no instruction loads.
    found: list[tuple[str, list[Any]]] = []
    for one in dis.get_instructions(code):
        if one.opname == "STORE_NAME" and one.argval in _NOT_OF_THE_CLASS:
            found.pop()  # the constant that a class inside a function is given
        elif one.opcode in dis.hasconst:
            found.append((one.opname, [one.argval]))
        elif one.opcode in _BY_NAME:
            found.append((f"{one.opname} {one.argrepr}", []))
        else:
            argument = one.argval if one.opcode in _JUMPS else one.arg
            found.append((f"{one.opname} {argument}", []))
    words = "\n".join(word for word, _ in found)
    return words, tuple(constant for _, held in found for constant in held)


def _over_all(
    of_one: Callable[[CodeType], Iterator[Any]],
) -> Callable[[CodeType], frozenset[Any]]:
    """Of a code and of all functions and classes inside it."""

    @functools.lru_cache(4096)
    def of_all(code: CodeType) -> frozenset[Any]:
        inside = (one for one in code.co_consts if isinstance(one, CodeType))
        return frozenset(of_one(code)).union(*map(of_all, inside))

    return of_all


def _steps(code: CodeType) -> list[tuple[str, Any]]:
    """Name and argument of each instruction, with one argument each."""
    steps: list[tuple[str, Any]] = []
    for one in dis.get_instructions(code):
        if isinstance(one.argval, tuple) and one.opcode in _OF_TWO:
            steps += zip(_OF_TWO[one.opcode], one.argval, strict=True)
        elif one.opname != "EXTENDED_ARG":  # with which an argument only begins
            steps.append((one.opname, one.argval))
    return steps


@_over_all
def _global_names(code: CodeType) -> Iterator[str]:
    for name, argument in _steps(code):
        if name in _NAMES_A_GLOBAL:
            yield argument


@_over_all
def _loads(code: CodeType) -> Iterator[tuple[str, ...]]:
    """Each name that is loaded, with the attributes that are taken of it at once."""
    steps = _steps(code)
    cells = {*code.co_cellvars, *code.co_freevars}
    for number, (name, argument) in enumerate(steps):
        if name in _NAMES_A_VALUE and not ("FAST" in name and argument in cells):
            taken = itertools.takewhile(
                lambda step: step[0] in _TAKES_AN_ATTRIBUTE, steps[number + 1 :]
            )
            yield argument, *(attribute for _, attribute in taken)


@_over_all
def _strings(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from (one for one in code.co_consts if isinstance(one, str))


@_over_all
def _imports(code: CodeType) -> Iterator[tuple[Any, ...]]:
    """What is imported: module, level, the name that it gets, what of the module."""
    steps = _steps(code)
    for number, (step, name) in enumerate(steps):
        if step != "IMPORT_NAME":
            continue
        level, wanted = (argument for _, argument in steps[number - 2 : number])
        level = level if isinstance(level, int) else 0
        after = steps[number + 1 :]
        if wanted:
            for (_, part), (_, bound) in zip(after[::2], after[1::2], strict=False):
                yield name, level, bound, part
                wanted = wanted[1:]
                if not wanted:
                    break
        else:
            yield name, level, next(a for s, a in after if s.startswith("STORE_"))
