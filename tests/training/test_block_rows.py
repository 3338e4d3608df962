"""The block that costs least, as docs/performance.md has the costs."""

import pytest
import torch

from overparam_sk.training import auto_block_rows
from overparam_sk.training.block_rows import cache_bytes

NEAR = int((cache_bytes() / 16) ** 0.5)  # W, of so many units and columns, just fits


@pytest.mark.parametrize(
    ("m", "d", "passes"),
    [
        (1, 1, 5),
        (1000, 4, 5),
        (1000, 64, 5),
        (NEAR, NEAR, 5),
        (NEAR + 1, NEAR, 20),
        (10**4, 10**4, 20),
        (10**6, 10**6, 20),
    ],
)
def test_costs_least(m, d, passes):
    def cost(R):  # of the Gram matrix, of the corrections, of going through W
        return R / (2 * m) + R / (4 * d) + passes / R

    rows = auto_block_rows(m, d, 16)
    assert cost(rows) <= 1.001 * min(map(cost, range(16, 513, 16)))


@pytest.mark.parametrize(
    ("m", "d", "B", "one_batch"),
    [
        (1000, 64, 16, True),
        (1000, 64, 256, True),
        (10**4, 10**4, 31, False),
        (10**4, 10**4, 32, True),
    ],
)
def test_with_momentum_a_single_batch_where_its_traffic_is_less_than_products(
    m, d, B, one_batch
):
    assert (auto_block_rows(m, d, B, momentum=True) == B) is one_batch
    # On another device launches cost, and a block saves them.
    elsewhere = {"momentum": True, "device": "cuda"}
    assert auto_block_rows(m, d, B, **elsewhere) == auto_block_rows(
        m, d, B, device="cuda"
    )


def test_twice_as_many_bytes_are_half_as_near():
    size = int((cache_bytes() / 24) ** 0.5)
    single, double = (
        auto_block_rows(size, size, 16, dtype=dtype)
        for dtype in (torch.float32, torch.float64)
    )
    assert single < double
