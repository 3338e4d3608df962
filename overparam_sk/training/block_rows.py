"""How many rows a block of the s-step engine takes, by a model of its cost."""

from functools import cache
from pathlib import Path

import torch

__all__ = ["auto_block_rows"]

_FEWEST, _MOST = 16, 512
# What going through W once costs, in the terms below: little where a cache holds W and
# much where it does not (measured, docs/performance.md).
_NEAR, _FAR = 5.0, 20.0
# A cache that says nothing of its size has this many bytes.
_USUAL_CACHE = 32 * 2**20
# From so many rows on a product with W takes longer than to go through W.
_ROWS_OF_A_PRODUCT = 32


def auto_block_rows(
    m: int,
    d: int,
    batch_size: int,
    *,
    momentum: bool = False,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> int:
    """Rows of a block that cost least, for W of shape (m, d).

    A block of R rows costs R/(2m) (the Gram matrix) and R/(4d) (the corrections) of
    the main work, and saves traffic to W as 1/R. With momentum a block of several
    batches makes twice as many products, a single batch goes once more through W and
    its velocity.
    """
    on_cpu = torch.device(device).type == "cpu"
    near = on_cpu and 4 * m * d * dtype.itemsize <= cache_bytes()
    if on_cpu and momentum and (near or batch_size >= _ROWS_OF_A_PRODUCT):
        return batch_size
    passes = _NEAR if near else _FAR
    rows = (passes / (1 / (2 * m) + 1 / (4 * d))) ** 0.5
    return int(min(_MOST, max(_FEWEST, 16 * round(rows / 16))))


@cache
def cache_bytes() -> int:
    """Bytes of the largest cache, as the system tells them."""
    sizes = []
    for file in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = file.read_text().strip()
        if text.endswith("K") and text[:-1].isdigit():
            sizes.append(1024 * int(text[:-1]))
    return max(sizes, default=_USUAL_CACHE)
