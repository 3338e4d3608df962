"""Tables against a hand computation, and the files."""

import csv
import json
import sys

import numpy as np
import pytest
from experiments.made_up import course, row, study

from overparam_sk.experiments import summary_table, write_report
from overparam_sk.experiments.findings import finding, in_the_picture, legend
from overparam_sk.experiments.tables import (
    markdown_table,
    mean_and_std,
    plain_table,
)

COURSES = {
    name: np.linspace(0, 1, 5) for name in ("activation_change", "relative_distance")
}
HISTORY = course([0.1, 1.0, 1.0, 1.0, 1.0], **COURSES)


@pytest.fixture
def made():
    return study(
        row(10, 0, test_accuracy=0.9, history=HISTORY, steps_to_target=10),
        row(10, 1, test_accuracy=1.0, history=HISTORY, steps_to_target=None),
        row(20, 0, history=HISTORY),
        row(20, 1, failure="it | diverged"),
    )


def test_the_table_is_the_one_computed_by_hand(made):
    head, first, second = summary_table(made)
    assert head[-4:] == ["steps to 90%", "s_2", "s_3", "s_2/s_3"]
    # 0.9, 1.0: mean 0.95, standard deviation sqrt(2 * 0.05² / 1)
    assert first == [
        "10",
        "0.9500 ± 0.0707",
        "0.05 ± 0",
        "0.05 ± 0",
        "10 (1 of 2 fits)",
        "2 ± 0",
        "0.5 ± 0",
        "4 ± 0",
    ]
    assert second[:5] == ["20", "1.0000", "0.05", "0.05", "20"]


def test_a_width_without_fits_and_too_few_singular_values_are_dashes():
    lost = study(row(10, failure="it diverged"))
    assert summary_table(lost)[1] == ["10", *["–"] * 7]
    few = study(row(10), n_clusters=4)
    assert summary_table(few)[1][-3:] == ["0.1", "–", "–"]
    none = study(row(10, steps_to_target=None))
    assert summary_table(none)[1][4] == "not reached"


def test_baselines_have_lines_of_their_own(made):
    made.baselines.update(svm=[0.5, 0.7], knn=[np.nan, np.nan])
    *_, svm, knn = summary_table(made)
    assert svm[:3] == ["svm", "0.6000 ± 0.1414", "–"]
    assert knn == ["knn", *["–"] * 7]


@pytest.mark.parametrize(
    ("values", "form", "text"),
    [
        ([1, 2, 3], ".3g", "2 ± 1"),
        ([0.5], ".3g", "0.5"),
        ([1000, 2000], ".3g", "1500 ± 707"),
        ([np.nan, 2], ".3g", "2"),
        ([0.98, 1.0], ".4f", "0.9900 ± 0.0141"),
        ([], ".3g", "–"),
    ],
)
def test_mean_and_standard_deviation(values, form, text):
    assert mean_and_std(values, form) == text


def test_tables_as_text_and_as_markdown():
    table = [["a", "long"], ["1|2", "3"]]
    assert plain_table(table) == "  a  long\n1|2     3"
    assert markdown_table(table) == "| a | long |\n| --- | --- |\n| 1\\|2 | 3 |"


def test_the_files_hold_the_study(made, tmp_path):
    *notes, last, shown = write_report(made, tmp_path / "new" / "folder")
    assert notes == ["Width 20, repeat 1 has no figures: it | diverged"]
    folder = tmp_path / "new" / "folder"
    names = {"study.csv", "study.json", "study.md", "study.png", "widths.png"}
    assert {path.name for path in folder.iterdir()} == names
    assert all(name in last for name in names)
    assert shown == in_the_picture(made, folder)
    with (folder / "study.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["width"] for line in lines] == ["10", "10", "20", "20"]
    assert [line["steps_to_target"] for line in lines] == ["10", "", "20", "20"]
    assert float(lines[0]["s_2/s_3"]) == 4
    content = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert content["rows"][0]["history"]["iteration"] == [0, 10, 20, 30, 40]
    assert content["rows"][0]["learning_rate"] is None  # JSON has no NaN
    assert {"python", "numpy", "torch", "scikit-learn"} <= set(content["versions"])
    text = (folder / "study.md").read_text(encoding="utf-8")
    assert "0.9500 ± 0.0707" in text
    assert all(line in text for line in (finding(made), *legend(made)))
    assert "fit_seconds there are the seconds by the clock" in text
    assert "fit_seconds" in lines[0]


def test_without_matplotlib_there_is_a_note_instead_of_a_picture(
    made, tmp_path, monkeypatch
):
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    lines = write_report(made, tmp_path)
    assert any("No figure: it needs matplotlib" in line for line in lines)
    assert not (tmp_path / "study.png").exists()
    assert (tmp_path / "study.json").exists()


def test_a_study_of_nothing_but_failures_has_no_picture(tmp_path):
    write_report(study(row(10, failure="it diverged")), tmp_path)
    assert not (tmp_path / "study.png").exists()
