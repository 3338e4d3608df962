"""Which estimators make up one curve: a name and its repeats."""

from collections.abc import Iterable, Mapping
from typing import Any

from overparam_sk.parameters import shown
from overparam_sk.plotting._inside import inside
from overparam_sk.plotting._rules import NAMES

__all__ = ["as_groups", "fitted_attribute"]


def as_groups(
    items: Any, names: Iterable[str] | None, attribute: str | None
) -> dict[str, list[Any]]:
    """Name -> repeats, of a dict of items or of lists, or of a list of items.

    Parameters
    ----------
    items : dict or list
        A dict maps a name to one item or to a list of them, its repeats. In a list
        every entry is a curve of its own.
    names : iterable of str or None
        One name an entry of a list; a dict has its own.
    attribute : str or None
        A fitted attribute: of each item, what has it is taken, the item itself or the
        estimator inside. None takes the items.

    Returns
    -------
    dict of str to list

    Raises
    ------
    ValueError
        If nothing is given, the names do not fit, or the attribute is missing.
    """
    names = NAMES("names", names)
    if isinstance(items, Mapping):
        if names is not None:
            raise ValueError("names must be None where a dict names the curves.")
        groups = {
            str(name): list(entry) if isinstance(entry, (list, tuple)) else [entry]
            for name, entry in items.items()
        }
    elif isinstance(items, (list, tuple)):
        named = _default_names(items, attribute) if names is None else list(names)
        named = [str(name) for name in named]
        if len(named) != len(items) or len(set(named)) != len(named):
            raise ValueError(
                f"names must be {len(items)} different names, one an estimator, got "
                f"{named}."
            )
        groups = {name: [item] for name, item in zip(named, items, strict=True)}
    else:
        raise ValueError(f"estimators must be a dict or a list, got {shown(items)}.")
    if not groups or not all(groups.values()):
        raise ValueError(
            "estimators must hold at least one estimator under every name, got "
            f"{ {name: len(group) for name, group in groups.items()} }."
        )
    return {name: [_bare(i, attribute) for i in of] for name, of in groups.items()}


def fitted_attribute(estimator: Any, name: str) -> Any:
    """Read an attribute of a fitted estimator; a ValueError says if it is missing."""
    return getattr(inside(estimator, name), name)


def _bare(item: Any, attribute: str | None) -> Any:
    return item if attribute is None else inside(item, attribute)


def _default_names(items: Iterable[Any], attribute: str | None) -> list[Any]:
    """Take the widths where they tell the estimators apart, and otherwise numbers."""
    widths = [getattr(_bare(item, attribute), "width", None) for item in items]
    if None in widths or len(set(widths)) < len(widths):
        return list(range(len(widths)))
    return widths
