"""How a fit goes. Every "auto", "all" and None of an estimator is settled here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from torch import Tensor

from overparam_sk.diagnostics import REGISTRY, Diagnostic
from overparam_sk.parameters import Rule, one_of, several
from overparam_sk.training import auto_block_rows

__all__ = ["SPECTRUM", "Settings", "asked_for", "diagnostics_rule"]

# The one figure that needs the weights alone, and is computed when first looked at.
SPECTRUM = "update_singular_values"

# With record_every="auto" looking may cost about this share of the steps.
_MONITORED_SHARE = 0.08
_MOST_RECORDS = 40
_BATCH_SIZE = 256
_PATIENCE = 10


def asked_for(diagnostics: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Names that a ``diagnostics`` parameter stands for."""
    return (*REGISTRY, SPECTRUM) if diagnostics == "all" else tuple(diagnostics or ())


def diagnostics_rule() -> Rule:
    """The rule for several names of diagnostics: those that are registered by now."""
    known = asked_for("all")
    return several(one_of(*known), f"a tuple of names among {known}")


@dataclass(frozen=True)
class Settings:
    """What all networks go by in a fit; None is left where the rows decide.

    Parameters
    ----------
    learning_rate : float or None
        None is the largest safe one, adapted on the way.
    momentum : float
    batch_size : int or None
        None is 256; a network that takes all rows in every step does not ask.
    tol : float
    patience : int or None
        Looks without improvement after which to stop.
    early_stopping : bool
        Whether what must improve is the validation score, and the best weights stay.
    fit_intercept : bool
    record_every : "auto", int, tuple of int or None
    diagnostics : tuple of str
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
    momentum: float = 0.0
    batch_size: int | None = None
    tol: float = 1e-4
    patience: int | None = None
    early_stopping: bool = False
    fit_intercept: bool = True
    record_every: Literal["auto"] | int | tuple[int, ...] | None = "auto"
    diagnostics: tuple[str, ...] = ()
    gram_samples: int = 1
    block_size: int | None = None
    precision: str = "ieee"
    device: str = "auto"
    distributed: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """The settings that an estimator's checked parameters stand for."""
        known = {field.name for field in fields(cls)}
        given = {name: v for name, v in parameters.items() if name in known}
        for name in ("learning_rate", "batch_size", "block_size"):
            if given.get(name) == "auto":
                given[name] = None
        if given.get("momentum") == "auto":
            # A step that is given is plain gradient descent's, as in the papers; over
            # all rows, where there is no batch_size, momentum would fit their noise.
            minibatches = "batch_size" in given
            automatic = minibatches and given["learning_rate"] is None
            given["momentum"] = 0.9 if automatic else 0.0
        patience = parameters.get("n_iter_no_change")
        if patience is None and parameters.get("early_stopping"):
            patience = _PATIENCE
        given["diagnostics"] = asked_for(given.get("diagnostics"))
        given["verbose"] = bool(given.get("verbose"))
        return cls(patience=patience, **given)

    @property
    def wanted(self) -> list[type[Diagnostic]]:
        """The diagnostics that are measured in the fit."""
        return [REGISTRY[name] for name in self.diagnostics if name in REGISTRY]

    def batch_rows(self, n: float = math.inf) -> int:
        """Rows of a batch, of n rows."""
        return int(min(self.batch_size or _BATCH_SIZE, n))

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
        if every == "auto":
            affordable = _MONITORED_SHARE * n_steps / look_cost
            every = -(-n_steps // int(min(_MOST_RECORDS, max(8, affordable))))
        # What early stopping may come back to is compared on this run's own rows.
        skipped = resumes and not self.early_stopping
        return [*range(first, last, every)[skipped:], last]
