"""Pages of the guide print what they say behind their code."""

import pytest
from printed import GUIDE, SLOW, check, pages


@pytest.mark.parametrize("name", sorted(pages() - SLOW))
def test_the_page_s_code_prints_what_stands_behind_it(name):
    check(GUIDE / f"{name}.md")


def test_the_pages_are_found():
    found = {"deep-networks", "first-fit", "infinite-width", "lazy-or-rich"}
    assert found | SLOW <= pages()
