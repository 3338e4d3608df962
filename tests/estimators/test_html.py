"""The box that a notebook shows: its "?" leads to the estimator's page of the site."""

import re
import tomllib
from pathlib import Path

import pytest
from estimators.small_nets import EVERY
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import overparam_sk
from overparam_sk.version import DOCUMENTATION

ROOT = Path(__file__).parents[2]
LINK = re.compile(r'href="([^"#]+)[^"]*">\?<span>Documentation for (\w+)')


def pages():
    """Names of the pages of the reference, as docs/api says them."""
    text = (ROOT / "docs" / "api" / "index.rst").read_text("utf-8")
    module, found = "", set()
    for line in text.splitlines():
        said = re.match(r"\.\. currentmodule:: (\S+)", line)
        module = said[1] if said else module
        if re.fullmatch(r"   [A-Za-z]\w*", line):
            found.add(f"{module}.{line.strip()}")
    return found


@pytest.mark.parametrize("name", EVERY)
def test_the_question_mark_leads_to_a_page_of_the_site(name):
    net = EVERY[name]()
    kind = type(net).__name__
    assert getattr(overparam_sk, kind) is type(net)
    page = f"overparam_sk.{kind}"
    assert page in pages()
    expected = f"{DOCUMENTATION}api/generated/{page}.html"
    assert (expected, kind) in LINK.findall(net._repr_html_())
    around = make_pipeline(StandardScaler(), net)
    assert expected in dict(LINK.findall(around._repr_html_()))


def test_an_estimator_of_somebody_elses_has_no_page_of_ours():
    class Theirs(overparam_sk.OverparamReLUClassifier):
        pass

    assert Theirs()._get_doc_link() == ""
    assert DOCUMENTATION not in Theirs()._repr_html_()


def test_the_site_has_one_address():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["urls"]["Documentation"] == DOCUMENTATION
    assert re.fullmatch("https://.*/", DOCUMENTATION)
