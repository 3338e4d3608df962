"""How large a network of one hidden layer is at initialisation, and in its outputs.

With f(x) = Σ_r a_r σ(⟨w_r, x⟩), w_r ~ N(0, ι² I/m) and a_r ~ N(0, 1), what is trained
is g = α f or g = α(f − f(0)), on the loss over α² (Chizat, Oyallon, Bach 2019, "On lazy
training in differentiable programming", §1), so that the first steps move g by as much
for every α. The larger α is, the less the weights move ("lazy"). α alone tells the
parametrisations apart:

====================  ===============  ============================================
``parametrization``   α of width m     who moves
====================  ===============  ============================================
"ntk"                 1                √m w_r and a_r by O(1/√m) each (LL18's)
"mean_field"          m^(−1/2)         both by O(1): g = (1/m) Σ_r a_r σ(⟨√m w_r, x⟩)
"mup"                 (m₀/m)^(1/2)     both by O(1), and at m = m₀ it is "ntk"
====================  ===============  ============================================

For one hidden layer the maximal update parametrisation is the mean field's (Yang, Hu
2021, "Tensor Programs IV", §3), up to the width m₀ at which the step was chosen.
"""

from dataclasses import dataclass
from typing import Literal, Self

__all__ = ["AS_PUBLISHED", "PARAMETRIZATIONS", "Parametrization", "Scaling"]

Parametrization = Literal["ntk", "mean_field", "mup"]
PARAMETRIZATIONS: tuple[Parametrization, ...] = ("ntk", "mean_field", "mup")


@dataclass(frozen=True)
class Scaling:
    """Factors of a network of one hidden layer.

    Parameters
    ----------
    output : float, default=1.0
        α.
    centered : bool, default=False
        Whether f(0) is taken off.
    init : float, default=1.0
        ι, of the hidden weights at initialisation.
    """

    output: float = 1.0
    centered: bool = False
    init: float = 1.0

    @property
    def of_outputs_alone(self) -> bool:
        """Whether the outputs are those of f: what fits in a batch can do."""
        return self.output == 1 and not self.centered

    def laziness(self, m: int) -> float:
        """α √m: the Gram matrix of two trained layers drifts by about its inverse."""
        root: float = m**0.5
        return self.output * root

    @classmethod
    def of(
        cls,
        m: int,
        *,
        parametrization: Parametrization,
        base_width: int,
        output_scale: float | None,
        init_scale: float,
    ) -> Self:
        """That of a network of width m; an ``output_scale`` is one of f − f(0)."""
        width_0 = {"ntk": m, "mean_field": 1, "mup": base_width}[parametrization]
        alpha = (width_0 / m) ** 0.5
        if output_scale is None:
            return cls(alpha, False, init_scale)
        return cls(alpha * output_scale, True, init_scale)


AS_PUBLISHED = Scaling()
