"""Every parameter of every public callable meets every hostile value."""

import pytest
from doors import DOORS, RIGHT, verdict
from hostile import HOSTILE

# One of so many of all inputs; benchmarks/hostile_inputs.py takes them all.
SHARE = 29
INPUTS = [
    (door, parameter, hostile)
    for door in DOORS
    for parameter in door.readings
    for hostile in HOSTILE
]
# What has no parameters to be checked, or takes another package's.
EXEMPT = {
    "DivergenceError",
    "Separability",
    "PowerLaw",
    "WidthStudy",
    "DiagnosticScorer",
    "CallbackSupport",
}


@pytest.mark.parametrize("start", range(4))
def test_a_hostile_value_is_its_plain_value_or_is_refused(start):
    plain_outcomes, wrong = {}, []
    for door, parameter, hostile in INPUTS[start :: 4 * SHARE]:
        found, answer = verdict(door, parameter, hostile, plain_outcomes)
        if found not in RIGHT:
            wrong.append((door.name, parameter, hostile.label, found, answer))
    assert wrong == []
