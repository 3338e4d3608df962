"""Which rows make up which batch."""

import torch
from torch import Tensor

__all__ = ["MinibatchStream"]


class MinibatchStream:
    """Permutations of 0..n-1, joined into one stream and cut into batches of B.

    Every batch has exactly B rows; one that crosses the end of an epoch is completed
    from the next permutation (LL18 §3 divides one permutation; T·B may exceed N in
    §7). How many batches are taken at a time does not change them. With B = n every
    batch is the whole training set, in its own order.

    Parameters
    ----------
    n_rows : int
        n, the number of training rows.
    batch_size : int
        B.
    seed : int
        Seed of the permutations.
    """

    def __init__(self, n_rows: int, batch_size: int, seed: int) -> None:
        self.n_rows = n_rows
        self.batch_size = batch_size
        self._generator = torch.Generator().manual_seed(seed)
        self._left = torch.empty(0, dtype=torch.int64)

    def take(self, n_batches: int) -> Tensor:
        """Row indices of the next batches, (n_batches · B,) int64, on the CPU."""
        wanted = n_batches * self.batch_size
        if self.batch_size == self.n_rows:
            return torch.arange(self.n_rows, dtype=torch.int64).repeat(n_batches)
        parts, length = [self._left], len(self._left)
        while length < wanted:
            parts.append(torch.randperm(self.n_rows, generator=self._generator))
            length += self.n_rows
        stream = torch.cat(parts)
        self._left = stream[wanted:].clone()
        return stream[:wanted]

    def give_back(self, indices: Tensor) -> None:
        """Put back what was taken last: the next ``take`` starts with it."""
        if self.batch_size != self.n_rows:
            self._left = torch.cat([indices, self._left])
