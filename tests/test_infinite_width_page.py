"""docs/infinite-width.md prints what it says."""

import contextlib
import io
import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "infinite-width.md").read_text("utf-8")


def test_the_page_s_code_prints_what_stands_behind_it():
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.S)
    assert len(blocks) == PAGE.count("```python") == 2
    names = {}
    for code, expected in blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "docs/infinite-width.md", "exec"), names)
        assert said.getvalue() == expected
