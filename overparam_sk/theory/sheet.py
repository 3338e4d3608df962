"""A sheet of what theorems ask for, beside what a fitted network has and did."""

import math
from dataclasses import dataclass
from typing import Literal

from overparam_sk.theory.powers import PowerProduct

__all__ = ["SheetRow", "TheorySheet"]


@dataclass(frozen=True)
class SheetRow:
    """One quantity of a theorem.

    Attributes
    ----------
    part : str
        The theorem, lemma or assumption, with its number in the paper.
    quantity : str
        In words.
    symbol : str
    found : float or None
        What the estimator or the data has; None where the paper only defines a number.
    relation : {">=", "<=", ">", "<", "=="} or None
        How ``found`` is to stand to ``required``; None where nothing is asked.
    required : float, PowerProduct or None
        Every constant that the paper leaves in an O or Ω is 1, and every logarithm
        that it hides in a tilde.
    note : str, default=""
        What has to be known to read the row; also why it cannot be tested.
    """

    part: str
    quantity: str
    symbol: str
    found: float | None = None
    relation: Literal[">=", "<=", ">", "<", "=="] | None = None
    required: float | PowerProduct | None = None
    note: str = ""

    @property
    def required_log10(self) -> float | None:
        """log10 of what is required, where that is positive."""
        if isinstance(self.required, PowerProduct):
            return self.required.log10
        if self.required is None or self.required <= 0:
            return None
        return math.log10(self.required)

    @property
    def holds(self) -> bool | None:
        """Whether it is as required; None where nothing is asked or found."""
        if self.relation is None or self.found is None or self.required is None:
            return None
        found, required = self.found, self.required
        if isinstance(required, PowerProduct):
            # Compared by digits: the number itself may be too large for a float.
            found = math.log10(found) if found > 0 else -math.inf
            required = required.log10
        return {
            ">=": found >= required,
            "<=": found <= required,
            ">": found > required,
            "<": found < required,
            "==": math.isclose(found, required, rel_tol=1e-9),
        }[self.relation]


@dataclass(frozen=True)
class TheorySheet:
    """What `theory_sheet` found.

    Attributes
    ----------
    paper : str
        The paper, as "Li and Liang (2018)".
    setting : dict of str to float
        What the theorems' numbers were computed for: n, k, l, δ, ε, ...
    rows : tuple of SheetRow
        In the paper's order.
    """

    paper: str
    setting: dict[str, float]
    rows: tuple[SheetRow, ...]
