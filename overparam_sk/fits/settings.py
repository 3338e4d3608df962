"""How a fit goes. Every "auto", "all" and None of an estimator is settled here."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from torch import Tensor

from overparam_sk.diagnostics import REGISTRY, Diagnostic
from overparam_sk.diagnostics.registry import (
    Asked,
    check_diagnostic,
    custom,
    kinds_of,
)
from overparam_sk.parameters import either, instance, one_of, several
from overparam_sk.training import auto_block_rows

__all__ = [
    "SPECTRUM",
    "Settings",
    "asked_diagnostics",
    "asked_for",
    "names_asked_for",
]

# The one figure that needs the weights alone, and is computed when first looked at.
SPECTRUM = "update_singular_values"

# With record_every="auto" looking may cost about this share of the steps.
_MONITORED_SHARE = 0.08
_FEWEST_RECORDS, _MOST_RECORDS = 8, 40
# If the run ends by itself: steps to the second look, and later their growth.
_FEWEST_BETWEEN = 4
_LOOKS_SHARE = 6
_BATCH_SIZE = 256
_PATIENCE = 10
# Steps with max_iter="auto", and passes over the rows where they are more.
_STEPS = 1000
_PASSES = 20


def asked_for(diagnostics: Asked) -> tuple[str | type[Diagnostic], ...]:
    """What a ``diagnostics`` parameter stands for, by name or as a class."""
    return (*REGISTRY, SPECTRUM) if diagnostics == "all" else tuple(diagnostics or ())


def names_asked_for(diagnostics: Asked) -> tuple[str, ...]:
    """The names of all of it."""
    return tuple(
        one if isinstance(one, str) else one.name for one in asked_for(diagnostics)
    )


def asked_diagnostics(name: str, value: Any, *others: str | None) -> Asked:
    """The rule of what to measure: names that are registered by now, and classes.

    Parameters
    ----------
    name : str
        Of the parameter.
    value : object
    *others : str or None
        What it may be beside a tuple.

    Raises
    ------
    ValueError
        For another value, and for a class that is no diagnostic or has another's name.
    """
    known = names_asked_for("all")
    one_or_the_other = either(one_of(*known), instance(type, "a class"))
    names = several(
        one_or_the_other, f"a tuple of names among {known} or of Diagnostic classes"
    )
    asked: Asked = either(one_of(*others), names)(name, value)
    kinds: dict[str, Any] = {}
    for one in () if asked in others else asked_for(asked):
        if not isinstance(one, str):
            check_diagnostic(one, f"each class of {name}")
        said, kind = next(iter(kinds_of((one,)).items()), (one, None))
        if kinds.setdefault(str(said), kind) is not kind:
            raise ValueError(
                f"{name} must hold diagnostics with names of their own, got two with "
                f"the name {said!r}."
            )
    return asked


@dataclass(frozen=True)
class Settings:
    """What all networks go by in a fit; None is left where the rows decide.

    Parameters
    ----------
    learning_rate : float or None
        None is the largest safe one, adapted on the way.
    max_iter : int or None
        None is what the rows need.
    one_pass : bool
        Whether to go over the rows once instead.
    momentum : float
    batch_size : int or None
        None is 256.
    full_batch : bool
        Whether every step takes all rows, as where no batch_size is a parameter.
    tol : float
    patience : int or None
        Looks without improvement after which to stop.
    until_done : bool
        Whether the run is to end where nothing is left to gain, and to say so where
        that was not reached.
    early_stopping : bool
        Whether what must improve is the validation score, and the best weights stay.
    fit_intercept : bool
    record_every : "auto", int, tuple of int or None
    diagnostics : tuple of str or Diagnostic classes
    gram_samples : int
    block_size : int or None
        None is what costs least.
    precision : str
        A key of `overparam_sk.rows.PRODUCTS`.
    device : str
    distributed : bool
    verbose : bool
    """

    learning_rate: float | None = None
    max_iter: int | None = None
    one_pass: bool = False
    momentum: float = 0.0
    batch_size: int | None = None
    full_batch: bool = False
    tol: float = 1e-4
    patience: int | None = None
    until_done: bool = False
    early_stopping: bool = False
    fit_intercept: bool = True
    record_every: Literal["auto"] | int | tuple[int, ...] | None = "auto"
    diagnostics: tuple[str | type[Diagnostic], ...] = ()
    gram_samples: int = 1
    block_size: int | None = None
    precision: str = "ieee"
    device: str = "auto"
    distributed: bool = False
    verbose: bool = False

    @classmethod
    def of(
        cls,
        parameters: Mapping[str, Any],
        *,
        labels: bool = False,
        one_pass: bool = False,
    ) -> Self:
        """The settings that an estimator's checked parameters stand for.

        Parameters
        ----------
        parameters : mapping
        labels : bool, default=False
            Whether the targets are labels, which have no noise of numbers.
        one_pass : bool, default=False
            Whether to go over the rows once instead, to whatever end.
        """
        known = {field.name for field in fields(cls)}
        given = {name: v for name, v in parameters.items() if name in known}
        for name in ("learning_rate", "max_iter", "batch_size", "block_size"):
            if given.get(name) == "auto":
                given[name] = None
        given["full_batch"] = "batch_size" not in given
        if given.get("momentum") == "auto":
            # A step that is given is plain gradient descent's, as in the papers; over
            # all rows momentum would fit the noise of numbers.
            noisy = given["full_batch"] and not labels
            automatic = not noisy and given["learning_rate"] is None
            given["momentum"] = 0.9 if automatic else 0.0
        patience = parameters.get("n_iter_no_change")
        # A step that is given is the papers' way: all of T steps.
        given["until_done"] = patience == "auto" and given.get("learning_rate") is None
        if one_pass:
            given |= {"one_pass": True, "until_done": False}
        if patience in (None, "auto"):
            patience = _PATIENCE if parameters.get("early_stopping") else None
        given["diagnostics"] = asked_for(given.get("diagnostics"))
        given["verbose"] = bool(given.get("verbose"))
        return cls(patience=patience, **given)

    @property
    def wanted(self) -> list[type[Diagnostic]]:
        """The diagnostics that are measured in the fit."""
        return list(kinds_of(self.diagnostics).values())

    def check_names(
        self, attributes: Iterable[str], columns: Iterable[str] = ()
    ) -> None:
        """Refuse a diagnostic of one's own that has the name of something else.

        Parameters
        ----------
        attributes, columns : iterable of str
            Of the fitted estimator and of its history, without the diagnostics'.
        """
        taken = {*attributes, *(f"{column}_" for column in columns)}
        for name, kind in custom(self.diagnostics).items():
            if f"{name}_" in taken:
                raise ValueError(
                    f"{kind.__name__}.name must be a name of its own, got {name!r}: "
                    f"{name}_ is another attribute, or {name} another column of "
                    "history_."
                )

    def steps(self, n: int) -> int:
        """Steps of a whole fit to n rows, at most."""
        if self.one_pass:
            return self.steps_per_pass(n)
        if self.max_iter is not None:
            return self.max_iter
        if self.learning_rate is not None:
            return _STEPS
        return max(_STEPS, _PASSES * self.steps_per_pass(n))

    def steps_per_pass(self, n: int) -> int:
        """Steps that see each of n rows once."""
        return -(-n // self.batch_rows(n))

    def batch_rows(self, n: float = math.inf) -> int:
        """Rows of a batch, of n rows."""
        return int(min(n if self.full_batch else self.batch_size or _BATCH_SIZE, n))

    def block_rows(self, W: Tensor, columns: int, batch_size: int) -> int:
        """Rows of a block of the s-step engine, whose steps cost as ``columns``."""
        if self.block_size is not None:
            return self.block_size
        return auto_block_rows(
            len(W),
            columns,
            batch_size,
            momentum=self.momentum > 0,
            dtype=W.dtype,
            device=W.device,
        )

    def checkpoints(
        self, first: int, n_steps: int, look_cost: float, *, resumes: bool
    ) -> list[int]:
        """Iterations at which a run is looked at, the start and the end included.

        Parameters
        ----------
        first : int
            Where the run starts.
        n_steps : int
        look_cost : float
            What a look costs, in steps.
        resumes : bool
            Whether an earlier run has looked at the start.
        """
        every, last = self.record_every, first + n_steps
        if every is None:
            return [last]
        if isinstance(every, tuple):
            return [*sorted({i for i in every if first <= i < last}), last]
        looks = (
            list(range(first, last, every))
            if every != "auto"
            else [first + i for i in self._automatic_looks(n_steps, look_cost)]
        )
        # What early stopping may come back to is compared on this run's own rows.
        skipped = resumes and not self.early_stopping
        return [*looks[skipped:], last]

    def _automatic_looks(self, n_steps: int, look_cost: float) -> list[int]:
        """Steps of a run after which to look, but for the last."""
        if not self.until_done or self.early_stopping:
            affordable = _MONITORED_SHARE * n_steps / look_cost
            every = -(
                -n_steps // int(min(_MOST_RECORDS, max(_FEWEST_RECORDS, affordable)))
            )
            return list(range(0, n_steps, every))
        # Nobody knows where such a run ends: the more steps are done, the longer it is
        # to the next look.
        looks, rarest = [0], -(-n_steps // _FEWEST_RECORDS)
        while looks[-1] < n_steps:
            later = max(_FEWEST_BETWEEN, looks[-1] // _LOOKS_SHARE)
            if len(looks) > _FEWEST_RECORDS:
                later = max(later, math.ceil(look_cost / _MONITORED_SHARE))
            looks.append(looks[-1] + min(later, rarest))
        return looks[:-1]
