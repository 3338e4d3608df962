"""Nothing is missing, nothing leads nowhere, everything is soon found."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import overparam_sk

PACKAGES = (
    "overparam_sk",
    # Its names are those of the package above it.
    *(f"overparam_sk.{n}" for n in overparam_sk.PUBLIC_PACKAGES if n != "estimators"),
)
NAMES = [
    f"{package}.{name}"
    for package in PACKAGES
    for name in importlib.import_module(package).__all__
    if name != "__version__"
]


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_a_page_of_its_own(site, name):
    page = f"api/generated/{name}.html"
    assert page in site.pages
    assert site.soups[page].select_one("article dl.py, article section dl") is not None
    assert f"generated/{name}.html" in str(site.soups["api/index.html"].article)


def test_estimators_are_those_of_the_package_above():
    estimators = importlib.import_module("overparam_sk.estimators").__all__
    assert set(estimators) <= set(overparam_sk.__all__)


def test_no_link_is_broken(site):
    assert [fault for name in site.pages for fault in site.broken(name)] == []


def test_every_picture_has_an_alternative_text(site):
    """But for a thumbnail, which stands above its title."""
    assert [
        f"{name}: {tag.get('src')}"
        for name in site.pages
        for tag in site.soups[name].select("article img")
        if not tag.get("alt", "").strip()
        and tag.find_parent(class_="sphx-glr-thumbcontainer") is None
    ] == []


def test_every_page_is_reached_from_the_landing_page(site):
    loose = set(site.pages) - set(site.clicks()) - {"genindex.html", "search.html"}
    assert {p for p in loose if not p.startswith("_modules/")} == set()


# Page -> what a reader looks for there.
WANTED = {
    "install.html": "pip install",
    "guide/first-fit.html": "OverparamReLUClassifier(random_state=0).fit",
    "guide/measurements.html": "coupling_",
    "guide/width-studies.html": "goes on",
    "extending.html": "register",
    "cite.html": "bibtex",
    "guide/pitfalls.html": "intercept",
    "guide/gpu.html": "device",
    "guide/persistence.html": "skops",
    "gallery/index.html": "download",
    "lessons/index.html": "course",
    "papers.html": "Theorem 4.1",
    "reports/index.html": "verdict",
    "changelog.html": "Unreleased",
}


@pytest.mark.parametrize("page", WANTED)
def test_what_readers_look_for_is_three_clicks_away(site, page):
    assert site.clicks()[page] <= 3
    assert WANTED[page].lower() in site.soups[page].article.get_text().lower() or (
        WANTED[page] in str(site.soups[page].article)
    )


def test_the_gallery_and_the_course_are_whole(site):
    examples = [p for p in site.pages if p.startswith("gallery/") and "/plot_" in p]
    lessons = [p for p in site.pages if p.startswith("lessons/plot_")]
    assert len(examples) >= 16
    assert len(lessons) == 5
    for page in (*examples, *lessons):
        links = site.soups[page].select(".sphx-glr-download a")
        kinds = {link["href"].rpartition(".")[2] for link in links}
        assert {"ipynb", "py"} <= kinds
        assert site.soups[page].select("article img")


def test_the_readme_has_the_picture_of_the_example(site):
    root = Path(__file__).parents[2]
    example = "sphx_glr_plot_lazy_training_001.png"
    pictures = [
        np.asarray(Image.open(path).convert("L"), dtype=float)
        for path in (
            root / "docs" / "_static" / "lazy-training.png",
            site.folder / "_images" / example,
        )
    ]
    # Another processor rounds otherwise and moves a few pixels; another style all.
    assert np.abs(np.subtract(*pictures)).mean() < 2
