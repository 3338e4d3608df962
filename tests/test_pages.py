"""The user guide's code runs, a page from top to bottom, and prints what it says.

A block that needs what a test has not, a cluster or a GPU, is marked on the line above
it: ``<!-- not run: it needs a cluster -->``.
"""

import contextlib
import io
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^\n]+) -->\n)?"
    r"```python\n(?P<code>.*?)```\n"
    r"(?:\n```text\n(?P<said>.*?)```\n)?",
    re.S,
)
PAGES = {
    path.stem: list(BLOCK.finditer(path.read_text("utf-8")))
    for path in sorted(GUIDE.glob("*.md"))
}
# What a page's code warns of, and what it cannot do without.
WARNS = {"modules": "TrainingDiagnostics does not measure 1: BatchNorm2d has no weight"}
NEEDS = {"callbacks": "sklearn.callback"}  # scikit-learn >= 1.9
NOT_RUN = {"distributed": 1, "gpu": 1, "pipelines": 1, "width-studies": 1}


@pytest.mark.parametrize(
    "name", [name for name, blocks in PAGES.items() if blocks], ids="{}.md".format
)
def test_the_page_runs_and_prints_what_it_says(name, tmp_path, monkeypatch):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(tmp_path)
    text, names = (GUIDE / f"{name}.md").read_text("utf-8"), {"__name__": "__main__"}
    said = WARNS.get(name)
    warned = pytest.warns(UserWarning, match=said) if said else contextlib.nullcontext()
    with warned:
        for block in PAGES[name]:
            if block["why"] is None:
                said = run(block, text, name, names)
                assert block["said"] is None or said == block["said"]


def run(block, text, name, names):
    """What a block prints; a traceback has the page's line numbers."""
    before = "\n" * text.count("\n", 0, block.start("code"))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(before + block["code"], f"{name}.md", "exec"), names)
    return said.getvalue()


def test_every_block_is_found_and_few_are_not_run():
    for name, blocks in PAGES.items():
        text = (GUIDE / f"{name}.md").read_text("utf-8")
        assert len(blocks) == text.count("```python")
    not_run = {n: sum(b["why"] is not None for b in bs) for n, bs in PAGES.items()}
    assert {n: count for n, count in not_run.items() if count} == NOT_RUN
