"""A new paper is one folder and one entry of the registry: here is one."""

import json
import sys
from dataclasses import replace
from importlib import import_module

import pytest

from overparam_sk.cli import main
from overparam_sk.experiments import reproductions

# What a folder of a paper holds: how it is measured, what is said of it, its pictures.
PAPER = """
from overparam_sk.experiments.captions import Caption
from overparam_sk.experiments.claims import HOLDS, NOT, Claim, rule
from overparam_sk.experiments.figure import new_figure, plot_means
from overparam_sk.experiments.reproduction import Experiment, Paper


def measure(run):
    for reading, factor in (("as printed", 1), ("twice", 2)):
        run.tell(f"measuring {reading}")
        yield reading, {m: [factor * s for s in run.seeds] for m in run.scale["widths"]}


@rule("holds: no figure is above 10.")
def is_small(fits):
    most = max(max(group) for group in fits.values())
    return f"{most} at most", HOLDS if most <= 10 else NOT


def words(run, *measured):
    return [f"{len(measured)} readings."], {**run.scale, "seed": run.random_state}


def draw(*measured):
    figure = new_figure(3, 3)
    plot_means(figure.subplots(), measured[0], float)
    return figure


def write_more(run, *measured):
    (run.out / "more.txt").write_text(run.device, encoding="utf-8")
    return ["more.txt"]


PAPER = Paper(
    "mu31: Made Up (2031), on nothing.",
    (
        Experiment(
            names=("mu31",),
            title="Made Up (2031), section 1",
            full={"widths": (1, 2, 3), "repeats": 5},
            quick={"widths": (1, 2), "repeats": 2},
            measure=measure,
            claims=(Claim('"figures are small"', is_small, "They are not."),),
            words=words,
            pictures={"picture.png": draw},
            files=write_more,
        ),
    ),
    captions={"mu31/*.png": Caption("Figures of nothing.", "Points that rise.")},
)
"""


@pytest.fixture
def paper(tmp_path, monkeypatch):
    folder = tmp_path / "made_up_2031"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "paper.py").write_text(PAPER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    paper = import_module("made_up_2031.paper").PAPER
    monkeypatch.setattr(reproductions, "PAPERS", [*reproductions.PAPERS, paper])
    yield paper
    for name in ("made_up_2031.paper", "made_up_2031"):
        del sys.modules[name]


def test_the_command_line_runs_it(paper, tmp_path, capsys):
    out = tmp_path / "out"
    line = ["reproduce", "mu31", "--quick", "--device", "cpu", "--seed", "5"]
    assert main([*line, "--out", str(out)]) == 0
    names = ["claims.json", "claims.md", "more.txt", "picture.png"]
    assert sorted(path.name for path in out.iterdir()) == names
    content = json.loads((out / "claims.json").read_text("utf-8"))
    assert content["settings"] == {"widths": [1, 2], "repeats": 2, "seed": 5}
    found = [(c["reading"], c["ours"], c["verdict"]) for c in content["claims"]]
    assert found == [
        ("as printed", "6 at most", "holds"),
        ("twice", "12 at most", "does not hold as printed"),
    ]
    assert [c["reason"] for c in content["claims"]] == ["", "They are not."]
    report = (out / "claims.md").read_text("utf-8")
    assert report.startswith("# Made Up (2031), section 1\n\n2 readings.\n\n")
    assert (out / "more.txt").read_text("utf-8") == "cpu"
    told = capsys.readouterr().out
    assert "measuring twice" in told
    assert f"Written to {out}: claims.md, claims.json, more.txt, picture.png." in told


def test_the_help_names_it(paper, capsys):
    with pytest.raises(SystemExit):
        main(["reproduce", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "mu31: Made Up (2031), on nothing. all: everything" in shown
    assert ",mu31}" in shown
    assert main(["reproduce", "mu31", "--mnist-repeats", "1"]) == 1
    assert "must be for MNIST, got mu31" in capsys.readouterr().err


def test_it_is_in_the_report_of_everything(paper, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reproductions, "PAPERS", [paper])
    line = ["reproduce", "all", "--quick", "--seed", "5"]
    assert main([*line, "--out", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert list(report["reports"]) == ["mu31"]
    assert report["verdicts"] == {
        "holds": 1,
        "holds in trend": 0,
        "does not hold as printed": 1,
        "not tested: conditions out of reach": 0,
    }
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "<h2>Made Up (2031), section 1</h2>" in page
    assert "figures are small" in page
    assert page.count("<img") == 1
    assert "Figures of nothing." in page
    assert 'alt="Points that rise."' in page
    assert "== mu31" in capsys.readouterr().out


def test_without_matplotlib_its_picture_alone_is_left_out(
    paper, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["reproduce", "mu31", "--quick", "--out", str(tmp_path / "out")]) == 0
    *_, note, written = capsys.readouterr().out.splitlines()
    assert note.startswith("No figure: it needs matplotlib")
    assert written.endswith("claims.md, claims.json, more.txt.")
    assert not (tmp_path / "out" / "picture.png").exists()


def test_ctrl_c_judges_what_is_complete(paper, tmp_path, monkeypatch, capsys):
    (experiment,) = paper.experiments

    def interrupted(run):
        yield next(experiment.measure(run))
        yield "twice", None

    cut_short = replace(experiment, measure=interrupted)
    monkeypatch.setattr(
        reproductions, "PAPERS", [replace(paper, experiments=(cut_short,))]
    )
    assert main(["reproduce", "mu31", "--quick", "--out", str(tmp_path / "out")]) == 130
    content = json.loads((tmp_path / "out" / "claims.json").read_text("utf-8"))
    assert [c["reading"] for c in content["claims"]] == ["as printed"]
    assert "what was done is written" in capsys.readouterr().err
