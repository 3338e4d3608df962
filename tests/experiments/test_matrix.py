"""The picture of all claims: cells, links, and colours for the colour-blind."""

import itertools
import json
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from experiments.html_pages import Page

from overparam_sk.experiments.claims import HOLDS, NOT, TREND, UNTESTED
from overparam_sk.experiments.matrix import Matrix
from overparam_sk.experiments.reproductions import write_everything
from overparam_sk.experiments.verdicts import MARKS, PALETTE, VERDICTS

SVG = "{http://www.w3.org/2000/svg}"


def judgement(claim, reading, verdict):
    return {
        "claim": claim,
        "reading": reading,
        "ours": f"{claim} <ours> {reading}",
        "verdict": verdict,
        "rule": f"rule of {claim}",
        "reason": "out of reach",
    }


# Readings that experiments share, the same claim in two of them, and a long one.
CLAIMS = {
    "one": [
        judgement("a & b", "raw", HOLDS),
        judgement("a & b", "norm 1", TREND),
        judgement("long " * 60, "norm 1", NOT),
    ],
    "two": [
        judgement("a & b", "raw", UNTESTED),
        judgement('"c"', 'the "other"', HOLDS),
    ],
    "none": [],
}


@pytest.fixture
def written(tmp_path):
    for name, claims in CLAIMS.items():
        (tmp_path / name).mkdir()
        content = json.dumps({"settings": {}, "claims": claims})
        (tmp_path / name / "claims.json").write_text(content, "utf-8")
    files = write_everything(tmp_path, dict.fromkeys(CLAIMS), {})
    assert files == ["report.html", "report.json", "claims.svg", "claims.png"]
    return tmp_path


def cells(svg):
    """The cells that lead somewhere: link, title, colour, mark and place."""
    for link in ET.fromstring(svg).iter(f"{SVG}a"):
        rect = link.find(f"{SVG}rect")
        place = float(rect.get("x")), float(rect.get("y"))
        yield (
            link.get("href"),
            link.find(f"{SVG}title").text,
            rect.get("fill"),
            link.find(f"{SVG}text").text,
            place,
        )


def test_every_judgement_has_a_cell_of_its_own():
    found = list(cells(Matrix(CLAIMS).svg()))
    judged = [(name, c) for name, claims in CLAIMS.items() for c in claims]
    assert len(found) == len(judged)
    for (_, title, color, mark, _), (name, one) in zip(found, judged, strict=True):
        assert title.startswith(f"{one['verdict']}: {one['claim']} ({name}, ")
        assert color == PALETTE[one["verdict"]]
        assert mark == MARKS[one["verdict"]]
    assert len({place for *_, place in found}) == len(found)
    columns, rows = zip(*(place for *_, place in found), strict=True)
    assert rows[0] == rows[1] < rows[2] < rows[3]
    assert columns[0] == columns[3]
    assert columns[1] == columns[2] != columns[0]


def test_every_link_leads_to_the_row_with_the_figure_and_the_rule(written):
    page = Page((written / "report.html").read_text("utf-8"))
    judged = [c for claims in CLAIMS.values() for c in claims]
    alone = (written / "claims.svg").read_text("utf-8")
    for (href, *_), one in zip(cells(alone), judged, strict=True):
        file, _, row = href.partition("#")
        assert file == "report.html"
        row = page.by_id(row)
        (claim,) = (e for e in row.inside if e["class"] == "claim")
        assert one["ours"] in row.text
        assert one["rule"] in claim.text


def test_the_picture_says_to_readers_of_screens_what_it_is(written):
    svg = ET.fromstring((written / "claims.svg").read_text("utf-8"))
    assert svg.get("role") == "img"
    title = svg.find(f"{SVG}title").text
    assert all(verdict in title for verdict in VERDICTS)
    legend = [text.text for text in svg.iter(f"{SVG}text")]
    assert set(VERDICTS) <= set(legend)
    assert set(CLAIMS) <= set(legend)


def test_all_words_lie_in_the_picture(written):
    svg = ET.fromstring((written / "claims.svg").read_text("utf-8"))
    width, height = float(svg.get("width")), float(svg.get("height"))
    for part in (*svg.iter(f"{SVG}rect"), *svg.iter(f"{SVG}text")):
        x, y = float(part.get("x", 0)), float(part.get("y", 0))
        assert 0 <= x + float(part.get("width", 0)) <= width
        assert 0 <= y + float(part.get("height", 0)) <= height


def test_without_matplotlib_there_is_the_picture_with_links(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert Matrix(CLAIMS).write(tmp_path) == ["claims.svg"]
    assert [path.name for path in tmp_path.iterdir()] == ["claims.svg"]


# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def lab(color, sight):
    """CIE L*a*b* of a colour as it is seen."""
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(
        channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    seen = XYZ @ np.clip(np.asarray(sight) @ linear, 0, 1) / XYZ.sum(axis=1)
    f = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_the_colour_blind_tell_all_verdicts_apart(sight):
    assert set(PALETTE) == set(MARKS) == set(VERDICTS)
    assert len(set(MARKS.values())) == len(VERDICTS)
    seen = [lab(color, SIGHT[sight]) for color in (*PALETTE.values(), "#FFFFFF")]
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(apart) > 15  # some 2 are just seen
    verdicts = itertools.combinations(seen[:-1], 2)
    assert min(np.linalg.norm(a - b) for a, b in verdicts) > 30
