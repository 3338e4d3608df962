"""Parameters of estimators: each stated once, with its default, its rule and its text.

An estimator is made of classes that each bring some parameters, as fields, and their
texts, in a numpydoc section. `estimator` makes of all of them the ``__init__`` that
scikit-learn reads, and one docstring.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

from overparam_sk.parameters import shown

__all__ = ["checked_parameters", "estimator", "parameter", "parameters"]

_Class = TypeVar("_Class")
_PLAIN = {"eq": False, "repr": False, "match_args": False}  # as scikit-learn has them
# A section of a numpydoc docstring: its title underlined, and all up to the next one.
_LATER = "(Attributes|See Also|Notes|References|Examples)"
_SECTION = r"(?ms)^{title}\n-+\n(?P<body>.*?)(?=^[^\n]+\n---|\Z)"


def parameter(
    default: Any, rule: Callable[[str, Any], Any], *, positional: bool = False
) -> Any:
    """State a parameter: its default, and what gives its plain value or refuses it."""
    return field(default=default, kw_only=not positional, metadata={"rule": rule})


@dataclass_transform(eq_default=False, field_specifiers=(parameter,))
def parameters(cls: type[_Class]) -> type[_Class]:
    """A class that brings parameters, but cannot be made alone."""
    return dataclass(init=False, **_PLAIN)(cls)


@dataclass_transform(eq_default=False, field_specifiers=(parameter,))
def estimator(cls: type[_Class]) -> type[_Class]:
    """A class whose parameters are its own and those of its bases."""
    whole: type[_Class] = dataclass(**_PLAIN)(cls)
    whole.__doc__ = _documented(whole)
    return whole


def checked_parameters(instance: Any) -> dict[str, Any]:
    """All parameters of an estimator, those that have a rule as plain Python values.

    Raises
    ------
    ValueError
        For one that breaks its rule, or two that exclude each other.
    """
    rules = {f.name: f.metadata["rule"] for f in fields(instance)}
    given = instance.get_params(deep=False)
    plain = {n: rules[n](n, v) if n in rules else v for n, v in given.items()}
    _check_together(plain)
    return plain


def _check_together(plain: Mapping[str, Any]) -> None:
    if plain["early_stopping"] and plain["record_every"] is None:
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
    text, order = inspect.cleandoc(cls.__doc__), list(inspect.signature(cls).parameters)
    for title in ("Parameters", "Attributes"):
        entries: dict[str, str] = {}
        for brings in cls.__mro__:
            if "__dataclass_fields__" in vars(brings):
                entries = _entries(brings.__doc__ or "", title) | entries
        if title == "Parameters":
            entries = {name: entries[name] for name in order if name in entries}
        text = _with_section(text, title, "\n".join(entries.values()))
    return text


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
