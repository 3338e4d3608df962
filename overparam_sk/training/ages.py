"""How often what a block's batches add has been added, with heavy-ball momentum."""

from functools import lru_cache
from math import log
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Ages"]


class Ages(NamedTuple):
    """Factors of a block of n batches of B rows, R = n·B (`training/sgd.py`).

    With c_p = 1 + μ + … + μ^(p−1): at batch j the velocity from before the block has
    been added μ c_j times, and what batch l < j gave, c_(j−l) times.
    """

    carried: Tensor  # (R, 1), the velocity, to Z
    between: Tensor  # (R, R), an earlier batch's D, to Z
    to_weights: Tensor  # (R, 1), D by the end of the block
    to_velocity: Tensor  # (R, 1), what is left of it in the velocity, beside that

    @staticmethod
    @lru_cache(maxsize=8)
    def of(
        n: int, batch_size: int, mu: float, dtype: torch.dtype, device: torch.device
    ) -> "Ages":
        """Those of a block."""
        # In float64 and without differences: μ may be next to 1.
        age = torch.arange(n, dtype=torch.float64, device="cpu")
        age = age.repeat_interleave(batch_size).unsqueeze(1)

        def c(length: Tensor) -> Tensor:
            return -torch.expm1(length * log(mu)) / (1 - mu)

        left = n - 1 - age  # batches after this one
        to_weights = c(left + 1)
        # Clamped entries belong to pairs that are never read.
        between = c((age - age.T).clamp_min(0))
        parts = (c(age) * mu, between, to_weights, mu**left / to_weights)
        return Ages(*(part.to(device, dtype) for part in parts))
