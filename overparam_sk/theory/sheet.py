"""A sheet of what theorems ask for, beside what a fitted network has and did."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from overparam_sk.theory._pictures import draw
from overparam_sk.theory._text import (
    as_html,
    as_table,
    as_text,
    as_title,
    asked,
    figure,
)
from overparam_sk.theory.powers import PowerProduct
from overparam_sk.world import OwnWorld

__all__ = ["Relation", "SheetRow", "TheorySheet"]

Relation = Literal[">=", "<=", ">", "<", "=="]


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
    relation: Relation | None = None
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

    @property
    def verdict(self) -> str:
        """In words: holds, does not hold, nothing asked, or cannot be tested."""
        if self.relation is None:
            return "nothing asked"
        if self.holds is None:
            return "cannot be tested"
        return "holds" if self.holds else "does not hold"

    @property
    def comparison(self) -> str:
        """What was found and what is asked, in a line; empty if nothing is."""
        required = asked(self.to_dict())
        return f"{figure(self.found)}, asked {required}" if required else ""

    @property
    def digits_short(self) -> float | None:
        """Where it does not hold: by how many powers of ten, if both are positive."""
        if self.holds is not False or self.found is None or self.found <= 0:
            return None
        if self.required_log10 is None:
            return None
        return abs(self.required_log10 - math.log10(self.found))

    @property
    def costliest(self) -> str | None:
        """The factor that makes a product of powers hardest to meet."""
        if not isinstance(self.required, PowerProduct):
            return None
        costs = self.required.costs
        hardest = min if self.relation in ("<=", "<") else max
        return hardest(costs, key=costs.__getitem__)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, as JSON has them."""
        product = self.required if isinstance(self.required, PowerProduct) else None
        return {
            "part": self.part,
            "quantity": self.quantity,
            "symbol": self.symbol,
            "found": self.found,
            "relation": self.relation,
            "required": None if product else self.required,
            "required_log10": self.required_log10,
            "formula": str(product) if product else None,
            "costs": product.costs if product else None,
            "costliest": self.costliest,
            "verdict": self.verdict,
            "digits_short": self.digits_short,
            "note": self.note,
        }


@dataclass(frozen=True)
class TheorySheet(OwnWorld):
    """What `theory_sheet` found.

    It prints as a table; ``sheet["Theorem 4.1"]`` and ``sheet["m"]`` are the rows of a
    part or of a symbol.

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

    @property
    def title(self) -> str:
        """The paper and the setting in a line."""
        return as_title(self.to_dict())

    def __getitem__(self, name: str) -> tuple[SheetRow, ...]:
        """Rows whose symbol it is, or whose part is that or begins with it.

        Raises
        ------
        KeyError
            If there are none.
        """
        found = tuple(
            row
            for row in self.rows
            if name in (row.symbol, row.part) or row.part.startswith(f"{name} ")
        )
        if not found:
            parts = ", ".join(dict.fromkeys(row.part for row in self.rows))
            raise KeyError(f"no row has the symbol or part {name!r}; parts: {parts}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """The sheet as plain values, as JSON has them.

        Returns
        -------
        dict
            "paper", "setting" and "rows", a dict each: part, quantity, symbol, found,
            relation, required (None for a product of powers), required_log10, formula
            and costs (log10 of each power, for a product of powers), costliest,
            verdict, digits_short, note.
        """
        rows = [row.to_dict() for row in self.rows]
        return {"paper": self.paper, "setting": dict(self.setting), "rows": rows}

    def to_table(self) -> list[list[str]]:
        """The sheet as text, the head in the first line.

        Returns
        -------
        list of list of str
            Part, symbol, found, asked, verdict, quantity, notes.
        """
        return as_table(self.to_dict())

    def to_frame(self) -> Any:
        """One line a row, as `to_dict` has them.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "A table needs pandas; install it with: pip install "
                "'overparam-sk[frame]'"
            ) from error
        return pd.DataFrame(self.to_dict()["rows"])

    def plot(self, ax: Any = None) -> Any:
        """Draw how far what was found is from what is asked, in powers of ten.

        A row each that compares two positive numbers; beside a product of powers
        stands the factor that costs most.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a figure.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return draw(self.paper, [row.to_dict() for row in self.rows], ax)

    def __str__(self) -> str:
        return as_text(self.to_dict())

    def _repr_html_(self) -> str:
        return as_html(self.to_dict())
