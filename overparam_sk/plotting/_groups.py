"""Which estimators make up one curve: a name and its repeats."""

from collections.abc import Iterable, Mapping
from typing import Any

from sklearn.utils.validation import check_is_fitted

__all__ = ["as_groups", "fitted_attribute"]


def as_groups(items: Any, names: Iterable[str] | None) -> dict[str, list[Any]]:
    """Name -> repeats, of a dict of items or of lists, or of a list of items.

    Parameters
    ----------
    items : dict or list
        A dict maps a name to one item or to a list of them, its repeats. In a list
        every entry is a curve of its own.
    names : iterable of str or None
        One name an entry of a list; a dict has its own.

    Returns
    -------
    dict of str to list

    Raises
    ------
    ValueError
        If nothing is given, or the names do not fit.
    """
    if isinstance(items, Mapping):
        if names is not None:
            raise ValueError("names must be None where a dict names the curves.")
        groups = {
            str(name): list(entry) if isinstance(entry, (list, tuple)) else [entry]
            for name, entry in items.items()
        }
    elif isinstance(items, (list, tuple)):
        named = _default_names(items) if names is None else [str(n) for n in names]
        if len(named) != len(items) or len(set(named)) != len(named):
            raise ValueError(
                f"names must be {len(items)} different names, one an estimator, got "
                f"{named}."
            )
        groups = {name: [item] for name, item in zip(named, items, strict=True)}
    else:
        raise ValueError(f"estimators must be a dict or a list, got {items!r}.")
    if not groups or not all(groups.values()):
        raise ValueError(
            "estimators must hold at least one estimator under every name, got "
            f"{ {name: len(group) for name, group in groups.items()} }."
        )
    return groups


def fitted_attribute(estimator: Any, name: str) -> Any:
    """Read an attribute of a fitted estimator; a ValueError says if it is missing."""
    if hasattr(estimator, "fit"):
        check_is_fitted(estimator)
    if not hasattr(estimator, name):
        raise ValueError(
            f"Every estimator must have the fitted attribute {name}, got "
            f"{type(estimator).__name__} without it."
        )
    return getattr(estimator, name)


def _default_names(items: Iterable[Any]) -> list[str]:
    """Take the widths where they tell the estimators apart, and otherwise numbers."""
    listed = list(items)
    widths = [getattr(item, "width", None) for item in listed]
    if None not in widths and len(set(widths)) == len(widths):
        return [str(width) for width in widths]
    return [str(i) for i in range(len(listed))]
