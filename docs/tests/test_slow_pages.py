"""The pages of the guide that take their time print what they say, too."""

import pytest
from printed import GUIDE, SLOW, check


@pytest.mark.parametrize("name", sorted(SLOW))
def test_the_page_s_code_prints_what_stands_behind_it(name):
    check(GUIDE / f"{name}.md")
