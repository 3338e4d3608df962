"""Products of powers, in logarithms: a theorem may ask for a width of 65 digits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PowerProduct"]


@dataclass(frozen=True)
class PowerProduct:
    """A number as the product of powers that a theorem has for it.

    Parameters
    ----------
    bases : dict of str to float
        Symbol -> its value, positive.
    powers : dict of str to float
        Symbol -> its exponent.
    """

    bases: Mapping[str, float]
    powers: Mapping[str, float]

    @property
    def costs(self) -> dict[str, float]:
        """Symbol -> log10 of its power: what each contributes, by digits."""
        return {
            symbol: power * math.log10(self.bases[symbol])
            for symbol, power in self.powers.items()
        }

    @property
    def log10(self) -> float:
        """Of the product."""
        return math.fsum(self.costs.values())

    @property
    def costliest(self) -> str:
        """The symbol whose power contributes most."""
        return max(self.costs, key=self.costs.__getitem__)

    def __str__(self) -> str:
        return " ".join(
            symbol if power == 1 else f"{symbol}^{power:g}"
            for symbol, power in self.powers.items()
        )
