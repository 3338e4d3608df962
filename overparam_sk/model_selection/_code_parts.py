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
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from overparam_sk.model_selection._graph import CannotDescribeError, Parts
from overparam_sk.model_selection._installed import distribution_of, reference

__all__ = [
    "ModuleAttributes",
    "cell_parts",
    "class_parts",
    "code_parts",
    "function_parts",
    "module_parts",
    "named",
]

_NAMES_A_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
# With these a function gets at more than it names.
_SEES_ALL = ("eval", "exec", "globals", "__import__")
_SEES_ATTRIBUTES = {"getattr", "vars", "dir", "__dict__"}
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
    """What is known by name; None where there is more to say."""
    found = reference(value)
    return found and Parts(f"named {found[0]}", distribution=found[1])


@dataclass(frozen=True)
class ModuleAttributes:
    """What a function may use of a module of the user's: the attributes it names."""

    module: ModuleType
    names: frozenset[str]

    def key_of_part(self) -> tuple[int, frozenset[str]]:
        """The same for the same attributes of the same module."""
        return id(self.module), self.names

    def parts(self) -> Parts:
        """The attributes that are there."""
        found = sorted(self.names & vars(self.module).keys())
        return Parts(
            f"module with {found}",
            [
                (f".{name}", _narrowed(vars(self.module)[name], self.names))
                for name in found
            ],
        )


def _narrowed(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, ModuleType) and distribution_of(value.__name__) is None:
        return ModuleAttributes(value, names)
    return value


def module_parts(module: ModuleType) -> Parts:
    """Of a module that is handed over whole."""
    distribution = distribution_of(module.__name__)
    if distribution is not None:
        return Parts(f"module {module.__name__}", distribution=distribution)
    held = {
        name: value
        for name, value in sorted(vars(module).items())
        if not (name.startswith("__") and name.endswith("__"))
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
    names = frozenset(_attribute_names(code))
    whole = not _SEES_ATTRIBUTES.isdisjoint(names)
    for name in sorted(_global_names(code)):
        if name in around:
            value = around[name]
        elif hasattr(sys.modules["builtins"], name):
            value = getattr(sys.modules["builtins"], name)
        else:
            continue
        if name in _SEES_ALL and reference(value) == (f"builtins.{name}", "python"):
            raise CannotDescribeError(f"it calls {name}, which can reach everything.")
        yield name, value if whole else _narrowed(value, names)
    for name, level in sorted(_imports(code)):
        module = _imported(name, level, around)
        yield f"{'.' * level}{name}", module if whole else _narrowed(module, names)


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


@_over_all
def _global_names(code: CodeType) -> Iterator[str]:
    for one in dis.get_instructions(code):
        if one.opname in _NAMES_A_GLOBAL:
            yield one.argval


@_over_all
def _attribute_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from (one for one in code.co_consts if isinstance(one, str))


@_over_all
def _imports(code: CodeType) -> Iterator[tuple[str, int]]:
    before = list(dis.get_instructions(code))
    for number, one in enumerate(before):
        if one.opname == "IMPORT_NAME":
            level = before[number - 2].argval
            yield one.argval, level if isinstance(level, int) else 0
