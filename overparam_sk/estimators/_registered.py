"""Diagnostics that are registered here, in another process.

A worker of joblib's has not run what registered them. So the pickle of an estimator
that is yet to be fitted brings along those of them that it asks for, by their names or
as "all"; what is fitted has their figures.
"""

import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from joblib import wrap_non_picklable_objects

from overparam_sk.diagnostics import REGISTRY, Diagnostic
from overparam_sk.diagnostics.registry import Asked, custom
from overparam_sk.fits import asked_for

__all__ = ["Registered", "asked_elsewhere", "registered"]


class Registered(dict[str, type[Diagnostic]]):
    """Name -> class; pickled by value where there is no module to import it from."""

    def __reduce__(self) -> tuple[Callable[..., "Registered"], tuple[bytes | None]]:
        """Pickle, whatever the classes are: what cannot be is left to its name."""
        pack = None
        with suppress(Exception):
            pack = pickle.dumps(wrap_non_picklable_objects(dict(self), False))
        return _unpacked, (pack,)

    def __fingerprint__(self) -> tuple[Any, ...]:
        """What counts of it, which the bytes of a pickle do not tell."""
        return Registered, (dict(self),)


def registered(asked: Asked) -> Registered:
    """Those registered here among what ``diagnostics`` asks for by name."""
    names = [one for one in asked_for(asked) if isinstance(one, str)]
    return Registered(custom(tuple(names)))


def asked_elsewhere(asked: Asked, there: Mapping[str, type[Diagnostic]]) -> Asked:
    """What to ask for here, where they may be unknown: then for the classes."""
    if all(REGISTRY.get(name) is kind for name, kind in there.items()):
        return asked
    here = [one for one in asked_for(asked) if one not in there]
    return (*here, *there.values())


def _unpacked(pack: bytes | None) -> Registered:
    """Those that were packed, as far as they can be made here."""
    with suppress(Exception):
        if pack is not None:
            return Registered(pickle.loads(pack))
    return Registered()
