"""The user guide's code runs, a page from top to bottom, and prints what it says."""

import pytest
from printed import GUIDE, blocks, check, pages

NOT_RUN = {"distributed": 1, "gpu": 1, "pipelines": 1, "width-studies": 1}


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_page_runs_and_prints_what_it_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(GUIDE / f"{name}.md")


def test_every_block_is_found_and_few_are_not_run():
    found = {path.stem: blocks(path) for path in GUIDE.glob("*.md")}
    for name, of_page in found.items():
        text = (GUIDE / f"{name}.md").read_text("utf-8")
        assert text.count("```python") == len(of_page)
    not_run = {n: sum(b["why"] is not None for b in bs) for n, bs in found.items()}
    not_run = {name: count for name, count in not_run.items() if count}
    assert not_run == NOT_RUN
