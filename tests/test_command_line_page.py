"""docs/guide/command-line.md tells of all that can be reproduced."""

import re
from pathlib import Path

from overparam_sk.experiments import reproductions

PAGE = (
    Path(__file__)
    .parents[1]
    .joinpath("docs", "guide", "command-line.md")
    .read_text("utf-8")
)


def test_all_that_can_be_reproduced_is_told_of():
    section = PAGE.split("## What can be reproduced")[1]
    told = set(re.findall(r"`([a-z][a-z0-9-]+)`", section))
    assert {"ll18-fig1", "ll18-fig7"} <= told
    told |= {f"ll18-fig{number}" for number in range(1, 8)}
    assert told == set(reproductions.names())
