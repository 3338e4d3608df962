"""What a study is made of, in words and checksums that can be compared later."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator

from overparam_sk.fingerprints.graph import checksum
from overparam_sk.fingerprints.installed import reference
from overparam_sk.fingerprints.objects import PLAIN, parts_of

__all__ = ["describe", "differences", "fingerprint"]

# What a clone keeps beside the parameters.
_KEPT = ("_sklearn_output_config", "_metadata_request", "_skl_callbacks")
# What is said in words of one object, and how deep; the rest is in checksums.
_MANY_WORDS = 1000
_DEPTH = 20


def fingerprint(data: Any) -> str:
    """Checksum of data in any container: its values, their types, the container.

    The same numbers have the same fingerprint on every machine, whatever the layout.

    Raises
    ------
    CannotDescribeError
        If it holds something that pickle could not move to another process.
    """
    if sp.issparse(data):
        data = data.tocsr()
    return checksum(data, parts_of, "data")[0]


def describe(
    value: Any,
    where: str = "value",
    needs: set[str] | None = None,
    cloned: bool = True,
) -> Any:
    """Describe a parameter by what it does, in strings, numbers, lists and dicts.

    Estimators that are cloned are described by class and parameters. Of what was
    installed the name is enough; of the user's functions and classes everything that
    they do is part of a checksum, and of other objects everything that pickle would
    move. An estimator with a ``__behind_parameters__`` names there what else it goes
    by, which its parameters only have a name for.

    Parameters
    ----------
    value : object
    where : str
        Its path, for refusals.
    needs : set of str, default=None
        Gets the names of the distributions that it comes from, whose versions say the
        rest.
    cloned : bool, default=True
        Whether it is used as a clone; otherwise the state of estimators counts too.

    Raises
    ------
    CannotDescribeError
        A TypeError, with the path of what cannot be described soundly.
    """
    return _Words(set() if needs is None else needs, cloned).of(value, where, ())


class _Words:
    def __init__(self, needs: set[str], cloned: bool) -> None:
        self.needs = needs
        self.cloned = cloned
        self.left = _MANY_WORDS

    def of(self, value: Any, where: str, above: tuple[int, ...]) -> Any:
        if isinstance(value, (np.bool_, np.int64, np.float64, np.str_)):
            value = value.item()
        is_long = type(value) is int and value.bit_length() > 64
        if type(value) in PLAIN and not is_long:
            return value
        self.left -= 1
        if id(value) in above or len(above) > _DEPTH or self.left < 0:
            return self._sum(value, where)
        above = (*above, id(value))
        if self.cloned and _is_cloned_by_parameters(value):
            return self._estimator(value, where, above)
        if type(value) in (list, tuple, dict) and len(value) < self.left:
            return self._entries(value, where, above)
        return self._object(value, where)

    def _estimator(self, value: Any, where: str, above: tuple[int, ...]) -> Any:
        held = value.get_params(deep=False)
        own = getattr(value, "__dict__", {})
        kept = {name: own[name] for name in _KEPT if name in own}
        behind: Any = getattr(value, "__behind_parameters__", dict)()
        return {
            "class": self.of(type(value), where, ()),
            **{
                str(name): self.of(entry, f"{where}.{name}", above)
                for name, entry in {**held, **kept, **behind}.items()
            },
        }

    def _entries(self, value: Any, where: str, above: tuple[int, ...]) -> Any:
        def of(entry: Any, key: object) -> Any:
            return self.of(entry, f"{where}[{key!r:.50}]", above)

        if type(value) is dict:
            # With its order, which a function may go by, and with keys of any type.
            pairs = value.items()
            return {"dict": [[of(key, key), of(held, key)] for key, held in pairs]}
        entries = [of(entry, i) for i, entry in enumerate(value)]
        return entries if type(value) is list else {"tuple": entries}

    def _object(self, value: Any, where: str) -> Any:
        known = reference(value) if callable(value) else None
        if known is not None:
            self._sum(value, where)  # refuses what can reach everything
            return known[0]
        name = getattr(value, "__qualname__", None)
        words = {"name": name} if isinstance(name, str) else {}
        if not words:
            words["class"] = f"{type(value).__module__}.{type(value).__qualname__}"
            held = getattr(value, "__dict__", {})
            words |= {k: v for k, v in held.items() if type(v) in PLAIN}
        return {**words, "checksum": self._sum(value, where)}

    def _sum(self, value: Any, where: str) -> str:
        found, needs = checksum(value, parts_of, where)
        self.needs |= needs
        return found


def _is_cloned_by_parameters(value: Any) -> bool:
    # Not FrozenEstimator: what is fitted stays fitted.
    clones = getattr(type(value), "__sklearn_clone__", BaseEstimator.__sklearn_clone__)
    return (
        callable(getattr(type(value), "get_params", None))
        and not isinstance(value, type)
        and clones is BaseEstimator.__sklearn_clone__
    )


EntryPath = tuple[str, ...]


def differences(before: Any, now: Any) -> dict[EntryPath, tuple[str, str]]:
    """Name every entry in which two descriptions differ: path -> (before, now)."""
    old, new = dict(_flat(before)), dict(_flat(now))
    return {
        path: (old.get(path, "nothing"), new.get(path, "nothing"))
        for path in {**old, **new}
        if old.get(path) != new.get(path)
    }


def _flat(value: Any, path: EntryPath = ()) -> Iterator[tuple[EntryPath, str]]:
    if isinstance(value, Mapping) and value:
        for key, entry in value.items():
            yield from _flat(entry, (*path, str(key)))
    else:
        yield path, json.dumps(value, ensure_ascii=False)
