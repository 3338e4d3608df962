"""Markdown whose code runs, a page from top to bottom, and prints what it says.

A block that needs what a test has not, a cluster or a GPU, is marked on the line above
it: ``<!-- not run: it needs a cluster -->``.
"""

import contextlib
import io
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
# What a page's code warns of, and what it cannot do without.
WARNS = {"modules": "TrainingDiagnostics does not measure 1: BatchNorm2d has no weight"}
NEEDS = {"callbacks": "sklearn.callback"}  # scikit-learn >= 1.9

_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^\n]+) -->\n)?"
    r"```python\n(?P<code>.*?)```\n"
    r"(?:\n```text\n(?P<said>.*?)```\n)?",
    re.S,
)


def blocks(path):
    """Matches with ``code``, ``said`` and ``why`` it is not run."""
    return list(_BLOCK.finditer(path.read_text("utf-8")))


def pages():
    """Names of the pages of the guide that have code."""
    return {path.stem for path in GUIDE.glob("*.md") if blocks(path)}


def check(path):
    """Run the code of a page, one block after the other."""
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem])
    text, names = path.read_text("utf-8"), {"__name__": "__main__"}
    warning = WARNS.get(path.stem)
    with pytest.warns(match=warning) if warning else contextlib.nullcontext():
        for block in blocks(path):
            if block["why"] is None:
                said = _run(block, text, path.name, names)
                assert block["said"] is None or said == block["said"]


def _run(block, text, name, names):
    """What a block prints; a traceback has the page's line numbers."""
    before = "\n" * text.count("\n", 0, block.start("code"))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(before + block["code"], name, "exec"), names)
    return said.getvalue()
