"""Random streams keyed by a seed, so that every part of a draw can be drawn alone."""

import numpy as np
import torch

__all__ = ["generator"]


def generator(seed: int, stream: int, position: int = 0) -> torch.Generator:
    """A CPU generator for ``position`` in the stream ``stream`` of ``seed``."""
    state = np.random.SeedSequence([seed, stream, position]).generate_state(1)
    return torch.Generator().manual_seed(int(state[0]))
