"""The pages whose code is followed by what it prints print what they say."""

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", ["deep-networks", "infinite-width", "lazy-or-rich"])
def test_the_page_s_code_prints_what_stands_behind_it(name):
    page = (DOCS / f"{name}.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", page, re.S)
    assert len(blocks) == page.count("```python") >= 2
    names = {}
    for code, expected in blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, f"docs/{name}.md", "exec"), names)
        assert said.getvalue() == expected
