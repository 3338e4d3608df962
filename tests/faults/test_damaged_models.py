"""Bits of a saved network are others, or its end is missing."""

import time
import warnings
from collections import Counter

import numpy as np
import pytest
from estimators.saved import RECOMMENDED, fit, same
from estimators.small_nets import EVERY


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("form", RECOMMENDED)
def test_no_damage_loads_another_network(name, form, rounds, measured):
    """What is recommended refuses it; but in zip's time stamps it means nothing."""
    dumps, loads = RECOMMENDED[form]
    net = fit(name)
    whole = dumps(net)
    rng = np.random.default_rng(6)
    flips = rng.permutation(8 * len(whole))[: rounds(few=300, full=10_000)]
    cuts = range(0, len(whole), rounds(few=199, full=1))
    outcomes, started = Counter(), time.perf_counter()
    for bit in flips:
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        outcomes["flip", outcome(loads, bytes(content), net)] += 1
    for end in cuts:
        outcomes["cut", outcome(loads, whole[:end], net)] += 1
    measured(
        f"models saved with {form}",
        f"{name}, {len(whole)} bytes: {len(flips)} bits flipped, {len(cuts)} cuts: "
        f"{dict(outcomes)}, {time.perf_counter() - started:.1f} s",
    )
    assert outcomes["flip", "wrong"] == outcomes["cut", "wrong"] == 0
    assert outcomes["cut", "refused"] == len(cuts)
    assert outcomes["flip", "refused"] > 0.9 * len(flips)


def outcome(loads, content, net):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = loads(content)
        except Exception:
            return "refused"
    return "same" if same(found, net) else "wrong"
