"""Random streams keyed by a seed, so that every part of a draw can be drawn alone."""

import numpy as np
import torch
from torch import Tensor

__all__ = ["generator", "normal"]


def generator(seed: int, stream: int, position: int = 0) -> torch.Generator:
    """A CPU generator for ``position`` in the stream ``stream`` of ``seed``."""
    state = np.random.SeedSequence([seed, stream, position]).generate_state(1)
    return torch.Generator().manual_seed(int(state[0]))


def normal(rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
    """N(0, 1) numbers in float32, whatever dtype and device are PyTorch's defaults."""
    draw = torch.empty(rows, columns, dtype=torch.float32, device="cpu")
    return draw.normal_(generator=generator)
