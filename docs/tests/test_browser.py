"""The site, a report and an estimator's box in a real browser."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from overparam_sk import OverparamReLUClassifier


def unseen_pictures(tab):
    return tab.evaluate(
        """() => [...document.images]
            .filter(i => i.complete && i.naturalWidth === 0).map(i => i.src)"""
    )


def test_every_page_loads_without_an_error(site, address, tab):
    tab.emulate_media(reduced_motion="reduce")
    wrong = {}
    for name in site.pages:
        answer = tab.goto(f"{address}/{name}", wait_until="load")
        # Pictures below the screen are loaded when they come into it.
        tab.evaluate(
            """() => Promise.all([...document.images].map(i => {
                i.loading = 'eager'; return i.decode().catch(() => {}); }))"""
        )
        faults = [*tab.faults, *unseen_pictures(tab)]
        if not answer.ok or faults:
            wrong[name] = faults
        tab.faults.clear()
    assert wrong == {}


API = "api/generated/overparam_sk"
# What is looked for -> a page that has to be among what is found.
QUERIES = {
    "OverparamReLUClassifier": f"{API}.OverparamReLUClassifier.html",
    "coupling_": "guide/measurements.html",
    "gram_drift_": "guide/measurements.html",
    "width_study": f"{API}.model_selection.width_study.html",
    "register": f"{API}.diagnostics.register.html",
    "resuming": "guide/width-studies.html",
    "cite": "cite.html",
    "kernel": "guide/kernel-along-the-run.html",
    "custom diagnostic": "gallery/5_scikit_learn/plot_custom_diagnostic.html",
}


@pytest.mark.parametrize("query", QUERIES)
def test_search_finds(address, tab, query):
    tab.goto(f"{address}/search.html?{urlencode({'q': query})}")
    tab.wait_for_selector(".search-summary:has-text('found')")
    found = tab.eval_on_selector_all(
        "#search-results ul.search li a",
        "links => links.map(a => a.pathname.slice(1))",
    )
    assert QUERIES[query] in found
    tab.wait_for_load_state("networkidle")
    assert tab.faults == []


def test_the_search_field_leads_there(address, tab):
    tab.goto(f"{address}/index.html")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("coupling_")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-results ul.search li a")
    tab.wait_for_load_state("networkidle")
    assert tab.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_follow_the_reader(address, tab, scheme):
    tab.emulate_media(color_scheme=scheme)
    tab.goto(f"{address}/index.html")
    assert tab.get_attribute("html", "data-theme") == scheme
    red, green, blue = tab.evaluate(
        "() => getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g)"
    )[:3]
    assert (int(red) + int(green) + int(blue) < 384) == (scheme == "dark")


@pytest.mark.parametrize(
    "page",
    [
        "index.html",
        "guide/first-fit.html",
        "guide/measurements.html",
        "api/generated/overparam_sk.OverparamReLUClassifier.html",
        "papers.html",
        "reports/all/README.html",
        "performance.html",
    ],
)
def test_a_page_fits_a_telephone(address, tab, page):
    tab.set_viewport_size({"width": 420, "height": 800})
    tab.goto(f"{address}/{page}")
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 420


def test_formulas_are_set(address, tab):
    tab.goto(f"{address}/guide/measurements.html")
    tab.wait_for_selector("mjx-container mjx-math")
    assert tab.faults == []


def test_the_versions_can_be_chosen(address, tab):
    tab.goto(f"{address}/index.html")
    tab.click(".version-switcher__button >> visible=true")
    names = tab.locator(".version-switcher__menu a >> visible=true").all_inner_texts()
    assert any("stable" in name for name in names)
    assert tab.faults == []


def test_the_box_of_an_estimator(tab, tmp_path):
    page = tmp_path / "box.html"
    box = OverparamReLUClassifier(width=50)._repr_html_()
    page.write_text(f"<!doctype html><html><body>{box}</body></html>", "utf-8")
    tab.goto(page.as_uri())
    label = tab.locator("label.sk-toggleable__label").first
    assert "OverparamReLUClassifier" in label.inner_text()
    width = tab.locator("td.param").first
    assert not width.is_visible()
    tab.locator("summary").first.click()
    width.wait_for(state="visible")
    assert width.inner_text().startswith("width")
    assert tab.faults == []


def test_the_question_mark_of_the_box_leads_to_its_page(site, tab, tmp_path):
    page = tmp_path / "box.html"
    page.write_text(OverparamReLUClassifier()._repr_html_(), "utf-8")
    tab.goto(page.as_uri())
    link = tab.locator("a.sk-estimator-doc-link").first.get_attribute("href")
    assert link.endswith("/api/generated/overparam_sk.OverparamReLUClassifier.html")


REPORTS = sorted((Path(__file__).parents[1] / "reports").rglob("report.html"))


@pytest.mark.parametrize("width", [420, 1280])
@pytest.mark.parametrize("report", REPORTS, ids=lambda path: path.parent.name)
def test_a_report(report, tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(report.as_uri())
    assert unseen_pictures(tab) == []
    assert tab.locator("img:not([alt]), img[alt='']").count() == 0
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    assert tab.faults == []


@pytest.mark.parametrize("report", REPORTS, ids=lambda path: path.parent.name)
def test_a_cell_of_the_claims_matrix_opens_its_row(report, tab):
    tab.goto(report.as_uri())
    cells = tab.locator("a.cell")
    assert cells.count() > 10
    for i in (0, cells.count() // 2, cells.count() - 1):
        target = cells.nth(i).get_attribute("href")
        tab.evaluate("() => scrollTo(0, 0)")
        cells.nth(i).click()
        row = tab.locator(f"[id='{target[1:]}']")
        row.wait_for(state="visible")
        assert row.evaluate("r => r.getBoundingClientRect().top < innerHeight")
    assert tab.faults == []
