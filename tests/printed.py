"""Markdown whose code is followed by what it prints."""

import contextlib
import io
import re
from pathlib import Path

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
# They take several seconds each, and are run where the site is built.
SLOW = {"beyond", "bounds", "kernel-along-the-run", "theory-sheet"}
# Runs in several processes at once.
TOGETHER = {"distributed"}

_BLOCKS = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", re.M | re.S)


def blocks(path):
    """(code, what it prints) in the order of the page."""
    return _BLOCKS.findall(path.read_text("utf-8"))


def pages():
    """Pages of the guide all of whose code is followed by what it prints, by name."""
    found = {
        path.stem
        for path in GUIDE.glob("*.md")
        if 0 < len(blocks(path)) == path.read_text("utf-8").count("```python")
    }
    return found - TOGETHER


def check(path):
    """Run the code of a page, one block after the other."""
    names = {}
    for code, expected in blocks(path):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, path.name, "exec"), names)
        assert said.getvalue() == expected
