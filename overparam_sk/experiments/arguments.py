"""What the options of the command line must be, by the rules of parameters."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from overparam_sk.experiments.data_files import DATA_FILES, ending
from overparam_sk.experiments.problems import PROBLEM_NAMES
from overparam_sk.experiments.study import BASELINES
from overparam_sk.parameters import (
    COUNT,
    DEVICE,
    JOBS,
    SEED,
    Rule,
    either,
    number,
    one_of,
    several,
    such_that,
)

__all__ = [
    "baselines",
    "count",
    "data_name",
    "device",
    "inner_share",
    "jobs",
    "learning_rate",
    "path",
    "seed",
    "share",
    "widths",
]


def path(text: str) -> Path:
    """A path, in which ``~`` is the home folder."""
    return Path(os.path.expanduser(text))


def data_name(text: str) -> str:
    """The name of a problem or of a file of data."""
    if text in PROBLEM_NAMES or ending(Path(text)) in DATA_FILES:
        return text
    raise argparse.ArgumentTypeError(
        f"must be one of {', '.join(PROBLEM_NAMES)} or a file "
        f"({', '.join(DATA_FILES)}), got {text!r}"
    )


def _argument(rule: Rule, read: Callable[[str], Any] = str) -> Callable[[str], Any]:
    """What argparse is to make of a text: a value that a rule takes."""

    def take(text: str) -> Any:
        try:
            return rule("", _read(read, text))
        except ValueError as error:
            must_be = str(error).strip().rpartition(", got ")[0]
            message = f"{must_be}, got {text!r}"  # as it was typed
            raise argparse.ArgumentTypeError(message) from error

    return take


def _read(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return text


count = _argument(COUNT, int)
seed = _argument(SEED, int)
jobs = _argument(JOBS, int)
device = _argument(DEVICE)
share = _argument(number(0, 1, above=True), float)
inner_share = _argument(number(0, 1, above=True, below=True), float)
learning_rate = _argument(
    either(one_of("auto"), number(0, above=True)),
    lambda text: text if text == "auto" else float(text),
)
widths = _argument(
    such_that(
        several(COUNT, ""),
        lambda given: len(set(given)) == len(given),
        "different integers >= 1 with commas between",
    ),
    lambda text: sorted(map(int, text.split(","))),
)
baselines = _argument(
    several(one_of(*BASELINES), f"among {', '.join(BASELINES)} with commas between"),
    lambda text: list(dict.fromkeys(text.split(","))),
)
