"""The page of all claims: whole, valid, escaped, and words for every picture."""

import io
import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from experiments.html_pages import HEADINGS, Page
from matplotlib.figure import Figure

from overparam_sk.experiments.captions import Caption, caption_of
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, UNTESTED
from overparam_sk.experiments.li_liang_2018.paper import LI_LIANG_2018
from overparam_sk.experiments.page import page
from overparam_sk.experiments.plain_words import in_all, of_judgements
from overparam_sk.experiments.reproductions import PAPERS, write_everything, write_page
from overparam_sk.experiments.verdicts import MARKS

HOSTILE = [
    "<script>alert(1)</script>",
    "\"' onload='x' title=\"",
    "a & b &amp; <i>",
    "{{ 7 * 7 }} {% raw %}",
    "</style></title>]]>-->",
    "javascript:alert(1)",
    "two words\n\nand lines",
    "ναί שלום \N{RIGHT-TO-LEFT OVERRIDE}",
    "ends with \\",
]


def judged(claim, reading, verdict, **more):
    usual = {"ours": f"ours of {reading}", "rule": f"rule of {claim}", "reason": ""}
    return {"claim": claim, "reading": reading, "verdict": verdict, **usual, **more}


USUAL = [
    judged("first", "raw", HOLDS, threshold="whatever it is"),
    judged("second", "raw", NOT, reason="it is not"),
    judged("first", "norm 1", TREND, conditions="met: all"),
    judged("third", "norm 1", UNTESTED, reason="out of reach"),
]


@cache
def png():
    picture = io.BytesIO()
    Figure(figsize=(1.5, 1)).savefig(picture, dpi=100)
    return picture.getvalue()


def text_of(folder, reports, failed=None, picture="picture.png", settings=None):
    for name in reports:
        (folder / name).mkdir(parents=True)
        (folder / name / picture).write_bytes(png())
    settings = settings or {"widths": [1, 2]}
    content = {
        "versions": {"numpy": "2.0"},
        "failed": failed or {},
        "reports": {
            name: {"settings": settings, "run_seconds": 1.5, "claims": claims}
            for name, claims in reports.items()
        },
    }
    words = Caption("What it shows.", "What it looks like")
    return page(folder, content, {}, {"*": words})


def check(found):
    """Whatever the page is of: valid, whole, and readable without eyes."""
    assert found.all("html")[0]["lang"] == "en"
    (title,) = found.all("title")
    assert title.text.strip()
    assert len(found.all("h1")) == 1
    levels = [int(e.tag[1]) for e in found.elements if e.tag in HEADINGS]
    assert all(after - before <= 1 for before, after in pairwise([0, *levels]))
    ids = [e["id"] for e in found.elements if e["id"] is not None]
    assert len(set(ids)) == len(ids)
    assert not any(re.search(r"\s", one) or not one for one in ids)
    for element in found.elements:
        assert not any(name.startswith("on") for name in element.attributes)
        assert element.tag not in {"iframe", "object", "embed", "base", "form"}
        for name in ("href", "src", "action", "data", "srcset"):
            address = element[name] or "#summary"
            inside = ("data:,", "data:image/png;base64,")
            assert address[1:] in ids or address.startswith(inside)
        for name in ("aria-labelledby", "headers", "for"):
            assert element[name] is None or element[name] in ids
    for image in found.all("img"):
        assert len(image["alt"]) > 10
        assert min(int(image["width"]), int(image["height"])) > 0
        figure = next(e for e in image.inside if e.tag == "figure")
        captions = [c for c in found.all("figcaption") if figure in c.inside]
        assert captions[0].text.strip()
    (script,) = found.all("script")
    assert "function unfold" in script.text


def test_the_page_is_valid_and_whole(tmp_path):
    reports = {"one": USUAL, "two": [judged("only", "raw", HOLDS)], "none": []}
    text = text_of(tmp_path, reports, {"three": "no data"})
    found = Page(text)
    check(found)
    assert "three could not be run: no data" in found.by_id("summary").text
    # Nothing is asked of another file, or of the net.
    assert not re.search(r"url\(|@import|https?://", text)
    contents = found.by_id("contents")
    links = [link["href"] for link in found.all("a") if contents in link.inside]
    assert links == ["#summary", "#matrix", "#one", "#two", "#none", "#made-with"]


def test_claims_that_begin_alike_are_told_apart_in_the_matrix(tmp_path):
    alike, short = ["as the paper says " * 12 + end for end in ("once", "twice")], "it"
    claims = [judged(claim, "raw", HOLDS) for claim in (*alike, short, "long " * 60)]
    labels = [e.text for e in Page(text_of(tmp_path, {"one": claims})).all("th")]
    assert {*alike, short} <= set(labels)
    assert any(label.endswith("[…]") for label in labels)


def test_a_cell_of_the_matrix_leads_to_its_judgement(tmp_path):
    found = Page(text_of(tmp_path, {"one": USUAL, "two": USUAL[:1]}))
    cells = [e for e in found.all("a") if (e["class"] or "").startswith("cell ")]
    # Row by row: first (raw, norm 1), second (raw), third (norm 1).
    order = [0, 2, 1, 3]
    hrefs = [f"#one-claim-{i + 1}" for i in order]
    assert [cell["href"] for cell in cells] == [*hrefs, "#two-claim-1"]
    for cell, i in zip(cells, order, strict=False):
        assert found.by_id("matrix-one") in cell.inside
        assert cell.text == MARKS[USUAL[i]["verdict"]]
        assert cell["aria-label"].startswith(USUAL[i]["verdict"])
        row = found.by_id(cell["href"][1:])
        for word in ("verdict", "reading", "ours", "reason"):
            assert USUAL[i][word] in row.text
        (folded,) = (e for e in row.inside if e.tag == "details")
        assert "open" not in folded.attributes
        (claim,) = (e for e in row.inside if e["class"] == "claim")
        assert USUAL[i]["claim"] in claim.text
        assert USUAL[i]["rule"] in claim.text


@pytest.mark.parametrize("word", HOSTILE)
def test_no_name_is_more_than_a_name(tmp_path, word):
    fields = ("claim", "reading", "ours", "rule", "reason", "threshold", "conditions")

    def with_name(name):
        claim = {**dict.fromkeys(fields, name), "verdict": NOT}
        options = {"failed": {name: name}, "settings": {name: name}}
        return Page(text_of(tmp_path / str(len(name)), {"one": [claim]}, **options))

    found, plain = with_name(word), with_name("x")
    check(found)
    assert [e.tag for e in found.elements] == [e.tag for e in plain.elements]
    told = " ".join(found.by_id("one-claim-1").text.split())
    assert told.count(" ".join(word.split())) == len(fields) - 2


def test_a_hostile_folder_is_a_section_as_any(tmp_path):
    names = ["a b", "a'\"<b>", "ναί"]
    found = Page(text_of(tmp_path, dict.fromkeys(names, USUAL), picture="p' <1>.png"))
    check(found)
    assert [s["id"] for s in found.all("section")][2:-1] == ["a-b", "a-b-", "ναί"]
    assert {i.inside[-1]["aria-label"] for i in found.all("img")} == {
        f"{name}/p' <1>.png" for name in names
    }


def test_every_kind_of_file_is_in_the_report(tmp_path):
    (tmp_path / "one").mkdir()
    content = json.dumps({"settings": {}, "claims": USUAL})
    (tmp_path / "one" / "claims.json").write_text(content, "utf-8")
    (tmp_path / "one" / "picture.png").write_bytes(png())
    files = write_everything(tmp_path, {"one": None}, {})
    assert files == ["report.html", "report.json", "claims.svg", "claims.png"]
    text = (tmp_path / "report.html").read_text("utf-8")
    check(Page(text))
    (tmp_path / "report.html").unlink()
    assert write_page(tmp_path) == ["report.html", "claims.svg", "claims.png"]
    assert (tmp_path / "report.html").read_text("utf-8") == text


def test_every_picture_of_every_paper_has_words():
    for paper in PAPERS:
        for experiment in paper.experiments:
            for file in experiment.pictures:
                path = f"{experiment.names[0]}/{file}"
                words = caption_of(path, paper.captions)
                assert len(words.shows) > 30, path
                assert len(words.looks) > 30, path
    assert caption_of("ll18-fig2/norm-1/widths.png", LI_LIANG_2018.captions).shows


def test_a_picture_without_words_is_named():
    assert caption_of("one/new.png", LI_LIANG_2018.captions).looks == (
        "Picture one/new.png, not described"
    )


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ([], "Nothing was judged."),
        ([HOLDS], "The one judgement holds as printed."),
        ([NOT] * 3, "All 3 judgements do not hold as printed."),
        (
            [HOLDS, NOT, HOLDS, UNTESTED],
            "Of 4 judgements 2 hold as printed, 1 does not hold as printed and 1 could "
            "not be tested.",
        ),
        (
            [TREND, HOLDS],
            "Of 2 judgements 1 holds as printed and 1 holds in trend only.",
        ),
    ],
)
def test_what_was_found_is_a_sentence(verdicts, sentence):
    assert of_judgements(verdicts) == sentence


def test_what_was_found_in_all():
    _, counts, whole, most = in_all(
        {"a": [HOLDS], "b": [NOT, NOT, HOLDS], "c": [HOLDS] * 2, "d": [NOT]}
    )
    assert counts.startswith("Of 7 judgements 4 hold")
    assert whole == "Everything holds in a and c."
    assert most == "Most of what does not hold is in b: 2 of 3."
    assert len(in_all({"a": [HOLDS]})) == len(in_all({})) == 2


REPORTS = sorted((Path(__file__).parents[2] / "docs" / "reports").glob("*/report.html"))


@pytest.mark.parametrize("report", REPORTS, ids=lambda path: path.parent.name)
def test_the_reports_of_the_house_are_pages_of_the_template(report):
    found = Page(report.read_text("utf-8"))
    check(found)
    content = json.loads(report.with_name("report.json").read_text("utf-8"))
    assert {s["id"] for s in found.all("section")} >= set(content["reports"])
    judged = [c for part in content["reports"].values() for c in part["claims"]]
    assert sum("claim-" in (e["id"] or "") for e in found.all("li")) == len(judged)
    assert not any("not described" in image["alt"] for image in found.all("img"))
