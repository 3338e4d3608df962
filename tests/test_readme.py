"""The README is short, true, and leads to pages and files that there are."""

import re
from pathlib import Path

import pytest
from printed import blocks, check

from overparam_sk.version import DOCUMENTATION

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
LINKS = sorted(set(re.findall(r"\]\(([^)\s]+)\)", TEXT)))
PAGES = [link for link in LINKS if link.startswith("https:")]
ENDS = ("md", "rst")
# Folders of the site that sphinx-gallery makes of others.
MADE = {"gallery": "examples", "lessons": "course"}
# Where else links into the site stand.
OTHERS = [ROOT / "SECURITY.md", *(ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")]


def sources(address):
    """The files of which a page of the site can be made."""
    page = address.removeprefix(DOCUMENTATION).partition("#")[0].removesuffix(".html")
    folder, _, name = page.rpartition("/")
    if folder in MADE and name == "index":
        return [ROOT / "docs" / MADE[folder] / f"GALLERY_HEADER.{end}" for end in ENDS]
    return [ROOT / "docs" / f"{page}.{end}" for end in ENDS]


def test_it_is_short_and_has_one_picture():
    assert len(TEXT.splitlines()) <= 120
    (picture,) = re.findall(r"!\[([^]]{40,})\]\((\S+)\)", TEXT)
    assert 10_000 < (ROOT / picture[1]).stat().st_size < 100_000


def test_all_but_the_picture_leads_into_the_site():
    (picture,) = set(LINKS) - set(PAGES)
    assert picture.startswith("docs/_static/")
    assert len(PAGES) >= 10
    assert all(link.startswith(DOCUMENTATION) for link in PAGES)


@pytest.mark.parametrize("link", PAGES)
def test_a_link_leads_to_a_page(link):
    assert any(path.exists() for path in sources(link))


@pytest.mark.parametrize("path", OTHERS, ids=lambda p: p.name)
def test_so_do_links_elsewhere(path):
    pattern = re.escape(DOCUMENTATION) + r"[\w/.-]*\.html"
    for link in re.findall(pattern, path.read_text("utf-8")):
        assert any(source.exists() for source in sources(link))


def test_its_code_prints_what_stands_behind_it():
    path = ROOT / "README.md"
    assert len(blocks(path)) == path.read_text("utf-8").count("```python") == 1
    check(path)
