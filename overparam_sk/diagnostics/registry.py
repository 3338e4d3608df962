"""Which diagnostics there are, and how one's own becomes one of them."""

import inspect
import re
from typing import Any, Literal, TypeVar, get_args

from overparam_sk.diagnostics.diagnostic import (
    BEFORE,
    REGISTRY,
    Diagnostic,
    is_ours,
)
from overparam_sk.diagnostics.views import View
from overparam_sk.parameters import shown

__all__ = [
    "Asked",
    "check_diagnostic",
    "custom",
    "kinds_of",
    "register",
]

_VIEWS = get_args(View)
# A trailing number is that of a layer.
_NAME = re.compile(r"[^\W\d_]\w*(?<!_)(?<!_\d)", re.ASCII)
_LAYER = re.compile(r"_\d+$")
# Computed of the weights alone, when first looked at.
_NO_DIAGNOSTICS = ("update_singular_values", "effective_rank")


# What the parameter ``diagnostics`` of an estimator may be.
Asked = Literal["all"] | tuple[str | type[Diagnostic], ...] | None
_Kind = TypeVar("_Kind", bound=type[Diagnostic])


def register(diagnostic: _Kind) -> _Kind:
    """Make a diagnostic of one's own one that every estimator knows.

    From then on it is measured with ``diagnostics="all"``, may be asked for by its
    name, and is a fitted attribute, a column of ``history_`` and of
    ``diagnostic_columns``, and a record of
    `overparam_sk.interop.TrainingDiagnostics`, of every network that has what it sees.

    Without it a class may be given as it is, ``diagnostics=("coupling", MyClass)``.

    Parameters
    ----------
    diagnostic : subclass of Diagnostic
        With a ``name``, and a view that it ``sees``.

    Returns
    -------
    subclass of Diagnostic
        The same class: `register` may be a decorator. In a ``with`` statement the
        registry is at the end what it was before.

    Raises
    ------
    ValueError
        For what is no diagnostic, or has the name of another. The same class defined
        anew, as by a cell of a notebook that is run again, takes the place of the old.

    Examples
    --------
    >>> import torch
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> from overparam_sk.diagnostics import Diagnostic, WeightView, register
    >>> class UnitsChanged(Diagnostic):
    ...     "Hidden units whose weights have changed by more than 0.1."
    ...     name = "units_changed"
    ...     sees = WeightView
    ...     def accumulate(self, view):
    ...         self.add(torch.count_nonzero(view.update.norm(dim=1) > 0.1))
    ...     def value(self):
    ...         return float(self.total)
    >>> X, y = make_clustered_mixture(200, 50, random_state=0)
    >>> with register(UnitsChanged):
    ...     net = OverparamReLUClassifier(100, random_state=0).fit(X, y)
    >>> bool(0 < net.units_changed_ <= 100)
    True
    """
    check_diagnostic(diagnostic)
    known = REGISTRY.get(diagnostic.name)
    before = {} if known is None else {known.name: known}
    BEFORE.setdefault(diagnostic, []).append((diagnostic.name, before))
    REGISTRY[diagnostic.name] = diagnostic
    return diagnostic


def check_diagnostic(diagnostic: Any, what: str = "diagnostic") -> None:
    """Refuse what is no diagnostic, and say what it lacks."""
    if not (isinstance(diagnostic, type) and issubclass(diagnostic, Diagnostic)):
        raise ValueError(
            f"{what} must be a subclass of overparam_sk.diagnostics.Diagnostic, got "
            f"{shown(diagnostic)}."
        )
    said = diagnostic.__name__
    if missing := sorted(diagnostic.__abstractmethods__):
        raise ValueError(f"{said} must define {' and '.join(missing)}.")
    sees = getattr(diagnostic, "sees", None)
    if sees not in _VIEWS:
        views = ", ".join(view.__name__ for view in _VIEWS)
        raise ValueError(f"{said}.sees must be one of {views}, got {shown(sees)}.")
    for name, kind in (("layers", slice), ("along", tuple)):
        found = getattr(diagnostic, name)
        if not isinstance(found, kind):
            raise ValueError(
                f"{said}.{name} must be a {kind.__name__}, got {shown(found)}."
            )
    try:
        diagnostic.layers.indices(1)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{said}.layers must be a slice of integers, got "
            f"{shown(diagnostic.layers)}: {error}."
        ) from error
    try:
        inspect.signature(diagnostic).bind()
    except TypeError as error:
        raise ValueError(
            f"{said} must be made without arguments, got an __init__ with a {error}."
        ) from error
    _check_name(diagnostic)
    for other in diagnostic.along:
        check_diagnostic(other, f"an entry of {said}.along")


def _check_name(diagnostic: type[Diagnostic]) -> None:
    """Refuse a name that no attribute or column can have, or that another one has."""
    said, name = diagnostic.__name__, getattr(diagnostic, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or _LAYER.search(name):
        raise ValueError(
            f"{said}.name must be an identifier that neither begins nor ends with '_' "
            f"nor ends with the number of a layer, got {shown(name)}."
        )
    of = "update_singular_values" if name in _NO_DIAGNOSTICS else ""
    known = REGISTRY.get(name)
    if known is not None and _place(known) != _place(diagnostic):
        of = ".".join(_place(known))
    if of:
        raise ValueError(
            f"{said}.name must be a name of its own, got {name!r}, the name of {of}."
        )


def kinds_of(asked: Asked) -> dict[str, type[Diagnostic]]:
    """Name -> class of what ``diagnostics`` asks for, as far as it is a diagnostic."""
    if asked == "all":
        return dict(REGISTRY)
    given = {one if isinstance(one, str) else one.name: one for one in (asked or ())}
    kinds = {n: REGISTRY.get(n) if isinstance(k, str) else k for n, k in given.items()}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def custom(asked: Asked) -> dict[str, type[Diagnostic]]:
    """Those among them that are not this package's own."""
    return {name: kind for name, kind in kinds_of(asked).items() if not is_ours(kind)}


def _place(kind: type[Diagnostic]) -> tuple[str, str]:
    return kind.__module__, kind.__qualname__
