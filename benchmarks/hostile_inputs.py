"""Every public parameter against every hostile value; what became of each, counted.

    python benchmarks/hostile_inputs.py [--only NAME] [--seconds 20]

Needs the tests' dependencies. The exit code is 1 if a value was taken for what it is
not, refused in other words, raised another error or took longer than ``--seconds``.
"""

import argparse
import signal
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from doors import DOORS, RIGHT, verdict
from hostile import HOSTILE

HUNG = "no answer in time"


class TooLong(BaseException):
    """A call that did not return."""


def _interrupt(*_):
    raise TooLong


def main():
    """Call, count, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="part of the names of the doors")
    parser.add_argument("--seconds", type=int, default=20)
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, _interrupt)
    counts, plain_outcomes, began = Counter(), {}, time.perf_counter()
    for door in DOORS:
        if arguments.only not in door.name:
            continue
        for parameter in door.readings:
            for hostile in HOSTILE:
                signal.alarm(arguments.seconds)
                try:
                    found, answer = verdict(door, parameter, hostile, plain_outcomes)
                except TooLong:
                    found, answer = HUNG, ""
                finally:
                    signal.alarm(0)
                counts[found] += 1
                if found not in RIGHT:
                    line = f"{door.name} {parameter}={hostile.label}: {found}"
                    print(ascii(f"{line}: {str(answer)[:150]}"), flush=True)
    names = {(door.name, p) for door in DOORS for p in door.readings}
    print(
        f"{counts.total()} inputs: {len(names)} parameters of {len(DOORS)} callables, "
        f"{len(HOSTILE)} values, {time.perf_counter() - began:.0f} s"
    )
    for found, count in counts.most_common():
        print(f"{count:8} {found}")
    raise SystemExit(any(found not in RIGHT for found in counts))


if __name__ == "__main__":
    main()
