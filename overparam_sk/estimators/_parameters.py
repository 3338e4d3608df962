"""Parameters of estimators: each stated once, with its default, its rule and its text.

An estimator is made of classes that each bring some parameters, a line each, and their
texts, in a numpydoc section. `estimator` makes of all of them the ``__init__`` that
scikit-learn reads, and one docstring.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import field, make_dataclass
from typing import Any, NamedTuple, TypeVar, dataclass_transform

from overparam_sk.parameters import shown, suggesting

__all__ = ["checked_parameters", "estimator", "parameter", "parameters"]

_Class = TypeVar("_Class")
# A section of a numpydoc docstring: its title underlined, and all up to the next one.
_LATER = "(Attributes|See Also|Notes|References|Examples)"
_SECTION = r"(?ms)^{title}\n-+\n(?P<body>.*?)(?=^[^\n]+\n---|\Z)"


class _Parameter(NamedTuple):
    default: Any
    rule: Callable[[str, Any], Any]
    kw_only: bool
    annotation: Any = Any


def parameter(
    *, default: Any, rule: Callable[[str, Any], Any], kw_only: bool = True
) -> Any:
    """State a parameter: its default, and what gives its plain value or refuses it."""
    return _Parameter(default, rule, kw_only)


@dataclass_transform(
    eq_default=False, kw_only_default=True, field_specifiers=(parameter,)
)
def parameters(cls: type[_Class]) -> type[_Class]:
    """A class that brings parameters, but cannot be made alone."""
    types = inspect.get_annotations(cls)
    own = {
        name: value._replace(annotation=types[name])
        for name, value in vars(cls).items()
        if isinstance(value, _Parameter)
    }
    for name in own:
        delattr(cls, name)
    cls._stated = own  # type: ignore[attr-defined]
    return cls


@dataclass_transform(
    eq_default=False, kw_only_default=True, field_specifiers=(parameter,)
)
def estimator(cls: type[_Class]) -> type[_Class]:
    """A class whose parameters are its own and those of its bases."""
    whole = parameters(cls)
    stated = [
        (name, found.annotation, field(default=found.default, kw_only=found.kw_only))
        for name, found in _parameters_of(whole).items()
    ]
    init: Any = make_dataclass(whole.__name__, stated).__init__  # type: ignore[misc]
    init.__qualname__ = f"{whole.__qualname__}.__init__"
    init.__module__ = cls.__module__
    whole.__init__ = suggesting(init)  # type: ignore[method-assign]
    whole.__doc__ = _documented(whole)
    return whole


def _parameters_of(cls: type) -> dict[str, _Parameter]:
    """Those of all classes of which one is made."""
    found: dict[str, _Parameter] = {}
    for brings in reversed(cls.__mro__):
        found |= vars(brings).get("_stated", {})
    return found


def checked_parameters(instance: Any) -> dict[str, Any]:
    """All parameters of an estimator, those that have a rule as plain Python values.

    Raises
    ------
    ValueError
        For one that breaks its rule, or two that exclude each other.
    """
    stated, given = _parameters_of(type(instance)), instance.get_params(deep=False)
    plain = {n: stated[n].rule(n, v) if n in stated else v for n, v in given.items()}
    _check_together(plain)
    return plain


def _check_together(plain: Mapping[str, Any]) -> None:
    if plain.get("early_stopping") and plain["record_every"] is None:
        raise ValueError(
            "record_every must not be None with early_stopping=True, which looks at "
            "the recorded iterations, got None."
        )
    if plain.get("distributed") and not isinstance(plain["random_state"], int):
        raise ValueError(
            "random_state must be an integer with distributed=True, so that all "
            f"processes draw the same, got {shown(plain['random_state'])}."
        )


def _documented(cls: type) -> str | None:
    """The docstring of a class with the entries of its bases added to its own."""
    if cls.__doc__ is None:  # python -OO
        return None
    text = inspect.cleandoc(cls.__doc__)
    told = _entries_of(cls, "Parameters")
    names = inspect.signature(cls).parameters
    in_order = [told[name] for name in names if name in told]
    text = _with_section(text, "Parameters", "\n".join(in_order))
    attributes = _entries_of(cls, "Attributes").values()
    text = _with_section(text, "Attributes", "\n".join(attributes))
    return f"{text.rstrip()}\n"


def _entries_of(cls: type, title: str) -> dict[str, str]:
    """Name -> text; what is nearest tells, where it stands is up to the farthest."""
    entries: dict[str, str] = {}
    for brings in cls.__mro__:
        if "_stated" in vars(brings):
            own = _entries(brings.__doc__ or "", title)
            nearer = {name: entries.pop(name) for name in own if name in entries}
            entries |= own | nearer
    return entries


def _with_section(text: str, title: str, body: str) -> str:
    """A docstring with another body of a section, or with one that it lacked."""
    section = f"{title}\n{'-' * len(title)}\n{body}\n\n"
    found = re.search(_SECTION.format(title=title), text)
    if found is None:
        found = re.search(_SECTION.format(title=_LATER), text)
        place = len(text) if found is None else found.start()
        return f"{text[:place].rstrip()}\n\n{section}{text[place:]}"
    return text[: found.start()] + section + text[found.end() :]


def _entries(doc: str, title: str) -> dict[str, str]:
    """Name -> text of the entries of a section."""
    found = re.search(_SECTION.format(title=title), inspect.cleandoc(doc))
    if found is None:
        return {}
    entries = re.split(r"\n(?=\S)", found["body"].strip())
    return {re.split(r" ?[:\n]", entry)[0]: entry for entry in entries}
