"""Figures 3 to 7, the labels' structure, and the report of everything, run small."""

import json
from dataclasses import replace

import numpy as np
import pytest
from experiments.made_up import row

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.experiments import (
    inductive_bias,
    li_liang_2018_analysis,
    li_liang_2018_crossings,
    li_liang_2018_mixtures,
    li_liang_2018_separation,
)
from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.everything import reproduce_all, write_everything
from overparam_sk.experiments.first_crossing import FirstCrossing, crossing_figures
from overparam_sk.experiments.li_liang_2018_crossings import CROSSINGS, Crossed
from overparam_sk.experiments.li_liang_2018_mixtures import MIXTURES, Varied
from overparam_sk.experiments.problems import load_problem, mixture_problem
from overparam_sk.experiments.reproductions import ON_MNIST, REPRODUCTIONS
from overparam_sk.model_selection import Fit

X, y = make_clustered_mixture(200, 20, n_classes=4, random_state=0)
DATA = (X[:100], y[:100], X[100:], y[100:])


@pytest.mark.parametrize("every", [7, 50])
@pytest.mark.parametrize("kind", [OverparamReLUClassifier, InfiniteWidthReLUClassifier])
def test_the_crossing_is_that_of_a_fit_that_is_looked_at_in_every_step(kind, every):
    options = {"learning_rate": 0.5, "batch_size": 5, "max_iter": 60, "random_state": 0}
    net = kind(**options)
    crossing = FirstCrossing(net, target=0.9, every=every).fit(*DATA)
    slow = kind(**options, record_every=1)
    slow.fit(*DATA[:2], X_val=DATA[2], y_val=DATA[3])
    first = np.argmax(slow.history_["val_score"] >= 0.9)
    assert 0 < first < 60
    assert crossing.steps_ == first
    course = slow.history_.get("distance_constant")
    if course is None:
        course = slow.history_["relative_distance"] * slow.width**0.5
    assert crossing.constant_ == pytest.approx(course[first], rel=1e-6)
    assert crossing.final_constant_ == pytest.approx(course[-1], rel=1e-6)
    figures = crossing_figures(crossing, *DATA[2:])
    assert figures["accuracy"] == slow.score(*DATA[2:])
    assert figures["steps"] == first


def test_an_accuracy_that_is_never_reached_has_no_crossing():
    net = OverparamReLUClassifier(10, learning_rate=1e-9, max_iter=10, random_state=0)
    crossing = FirstCrossing(net, target=1.0, every=5).fit(*DATA)
    assert crossing.steps_ is None
    assert np.isnan(crossing.constant_)


def fit(width, **scores):
    return Fit("net", width, 0, None, 0, scores)


def crossed(constants, steps=(10, 10, 10)):
    fits = {
        m: [fit(m, steps=s, constant=c, final_constant=c)]
        for m, c, s in zip((100, 400, 1600), constants, steps, strict=True)
    }
    return Crossed(replace(CROSSINGS[0], constant=1.0), fits, [])


def verdicts_of(claims, measured):
    return [claim.judge(measured, "").verdict for claim in claims]


@pytest.mark.parametrize(
    ("constants", "steps", "expected"),
    [
        ((1.0, 1.0, 1.0), (10, 10, 10), [HOLDS, HOLDS, HOLDS, HOLDS]),
        ((1.3, 1.3, 1.3), (10, 14, 10), [HOLDS, HOLDS, TREND, TREND]),
        ((1.0, 1.23, 1.51), (10, 20, 30), [TREND, TREND, TREND, TREND]),
        ((1.0, 2.0, 4.0), (1, 20, 30), [NOT, NOT, NOT, NOT]),
        ((1.0, np.nan, 1.0), (10, np.nan, 10), [NOT, NOT, NOT, NOT]),
    ],
)
def test_the_rules_of_figures_4_and_5(constants, steps, expected):
    claims = li_liang_2018_crossings._CLAIMS
    assert verdicts_of(claims, crossed(constants, steps)) == expected


def varied(rows_of_value):
    fits = {value: [r] for value, r in rows_of_value.items()}
    return Varied("σ", fits, dict.fromkeys(fits, 2))


def with_course(scores, **figures):
    at = np.array([0, 4, 8, 20, 40, 100, 400])
    history = {"iteration": at, "val_score": np.array(scores)}
    for name in ("activation_change", "relative_distance"):
        history[name] = np.full(7, figures.get(name, 0.05))
    return row(history=history, test_accuracy=scores[-1], **figures)


QUICKLY = [0.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
SLOWLY = [0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.95]


def test_the_rules_of_figure_6():
    claims = MIXTURES["ll18-fig6"].claims
    near = varied({1: with_course(QUICKLY), 2: with_course(SLOWLY)})
    assert verdicts_of(claims, near) == [HOLDS] * 5
    back = varied({1: with_course(SLOWLY), 2: with_course(QUICKLY)})
    assert verdicts_of(claims[:2], back) == [NOT, NOT]
    far = with_course(
        SLOWLY,
        activation_change=0.2,
        relative_distance=0.2,
        update_singular_values=np.array([3.0, 2.0, 1.9]),
    )
    near = with_course(QUICKLY)
    assert verdicts_of(claims[2:], varied({1: near, 2: far})) == [NOT] * 3
    most = varied({1: near, 2: near, 3: near, 4: far})
    assert verdicts_of(claims[2:], most) == [TREND] * 3


def test_the_rules_of_figure_7():
    claims = MIXTURES["ll18-fig7"].claims
    moves = [
        {"activation_change": size, "relative_distance": size} for size in (0.2, 0.1)
    ]
    rows = [with_course(s, **m) for s, m in zip((QUICKLY, SLOWLY), moves, strict=True)]
    assert verdicts_of(claims, varied(dict(enumerate(rows)))) == [HOLDS] * 4
    assert verdicts_of(claims, varied(dict(enumerate(rows[::-1])))) == [NOT] * 4


def test_mixtures_have_the_components_and_the_variance_that_are_asked_for():
    problem = mixture_problem(n_components=3, component_std=0.0)
    assert problem.n_clusters == 30
    assert len(np.unique(problem.X, axis=0)) <= 30
    assert problem.name == "synthetic-l3-sigma0"
    assert mixture_problem().name == load_problem("synthetic").name == "synthetic"


def test_crossings_of_another_seed_stand_beside_those_before(tmp_path):
    quick = li_liang_2018_crossings.Scale((20, 30), 1, 20, 10, limit=False)
    panels = [replace(CROSSINGS[0], quick=quick)]
    common = {"out": tmp_path, "quick": True, "device": "cpu", "progress": False}
    claims = []
    for seed in (0, 1, 0):
        li_liang_2018_crossings.reproduce(random_state=seed, panels=panels, **common)
        claims.append(json.loads((tmp_path / "claims.json").read_text()))
    assert claims[0] == claims[2] != claims[1]
    assert len(list((tmp_path / "store").iterdir())) == 2
    assert claims[0]["settings"]["synthetic, rows as drawn"] == {
        "c": 10.0,
        "batch_size": 16,
        "target": 0.98,
        "widths": [20, 30],
        "repeats": 1,
        "max_iter": 20,
        "every": 10,
        "limit": False,
    }


def small(monkeypatch):
    """Every new reproduction at a size for a test."""
    quick = li_liang_2018_crossings.Scale((20, 40), 1, 40, 20)
    panels = tuple(replace(panel, quick=quick) for panel in CROSSINGS[:2])
    for name, figure in MIXTURES.items():
        scale = li_liang_2018_mixtures.Scale(60, (1, 2), 1)
        monkeypatch.setitem(MIXTURES, name, replace(figure, quick=scale))
    bias = inductive_bias.Scale(50, 40, 40, (0.0, 1.0), 1, 200, 50)
    monkeypatch.setattr(inductive_bias, "QUICK", bias)
    widths = li_liang_2018_analysis.Scale((60, 90), 1)
    monkeypatch.setattr(li_liang_2018_analysis, "QUICK", widths)
    return {
        "ll18-fig3": REPRODUCTIONS["ll18-fig3"],
        "ll18-fig4": lambda **o: li_liang_2018_crossings.reproduce(panels=panels, **o),
        "ll18-fig6": REPRODUCTIONS["ll18-fig6"],
        "ll18-fig7": REPRODUCTIONS["ll18-fig7"],
        "ll18-labels": REPRODUCTIONS["ll18-labels"],
        "ll18-analysis": REPRODUCTIONS["ll18-analysis"],
    }


def test_everything_small(tmp_path, monkeypatch):
    def not_there(**_):
        raise FileNotFoundError("the files of mnist are missing")

    told = []
    runs = {**small(monkeypatch), "ll18-fig2": not_there}
    options = {"quick": True, "device": "cpu", "progress": False}
    options |= {"data_home": tmp_path / "empty", "random_state": 0}
    with pytest.raises(ValueError, match="ll18-fig2: the files of mnist are missing"):
        reproduce_all(runs, out=tmp_path, tell=told.append, **options)
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report["reports"]) == set(runs) - {"ll18-fig2"}
    assert report["failed"] == {"ll18-fig2": "the files of mnist are missing"}
    claims = [c for part in report["reports"].values() for c in part["claims"]]
    assert sum(report["verdicts"].values()) == len(claims) == 6 + 2 * 4 + 5 + 4 + 5 + 9
    page = (tmp_path / "report.html").read_text()
    assert page.count("<img") == len(list(tmp_path.rglob("*.png"))) == 6
    assert "ll18-fig2 could not be run" in page
    for claim in claims:
        assert claim["verdict"] in page
    fig3 = report["reports"]["ll18-fig3"]
    assert all(claim["verdict"] == HOLDS for claim in fig3["claims"])
    assert [line[0] for line in fig3["settings"]["separability"]] == ["data", "digits"]
    assert any("No separability of mnist" in line for line in told)


def test_a_failure_does_not_take_the_others_with_it(tmp_path):
    def done(out, tell, **_):
        (out / "claims.json").write_text('{"settings": {}, "claims": []}')
        return True

    def diverges(out, tell, **_):
        raise ValueError("A fit failed: DivergenceError")

    runs = {"one": done, "two": diverges, "three": done}
    with pytest.raises(ValueError, match="two: A fit failed"):
        reproduce_all(runs, out=tmp_path, tell=print)
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report["reports"]) == {"one", "three"}
    assert report["failed"] == {"two": "A fit failed: DivergenceError"}


def test_ctrl_c_ends_with_a_report_of_what_was_done(tmp_path):
    def done(out, tell, **_):
        (out / "claims.json").write_text('{"settings": {}, "claims": []}')
        return True

    def interrupted(out, tell, **_):
        raise KeyboardInterrupt

    runs = {"one": done, "two": interrupted, "three": done}
    assert not reproduce_all(runs, out=tmp_path, tell=print)
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report["reports"]) == {"one"}


def test_text_is_escaped(tmp_path):
    claim = {"claim": "a < b", "reading": "<i>", "ours": "1", "rule": "", "reason": ""}
    content = {"settings": {}, "claims": [{**claim, "verdict": HOLDS}]}
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "claims.json").write_text(json.dumps(content))
    write_everything(tmp_path, {"one": None}, {})
    page = (tmp_path / "report.html").read_text()
    assert "a &lt; b" in page
    assert "<i>" not in page


@pytest.mark.parametrize(
    ("coupled", "lost", "size", "expected"),
    [
        ((0.6, 0.9), 0.0, 5, [HOLDS, HOLDS, HOLDS]),
        ((0.4, 0.9), 0.04, 5, [TREND, HOLDS, TREND]),
        ((0.4, 0.3), 0.0, 50, [NOT, NOT, NOT]),
    ],
)
def test_the_rules_of_the_analysis(coupled, lost, size, expected):
    claims = li_liang_2018_analysis._CLAIMS
    fits = {
        m: [
            li_liang_2018_analysis.Analysed(
                share,
                0,
                0,
                0,
                {},
                0,
                0,
                1,
                9,
                1.0,
                {20: 1.0 - lost},
                {0: 100, 20: size},
            )
        ]
        for m, share in zip((10, 20), coupled, strict=True)
    }
    chosen = [claims[0], claims[1], claims[-1]]
    assert verdicts_of(chosen, fits) == expected


@pytest.mark.parametrize(
    ("errors", "expected"),
    [([0.0, 0.05, 0.3, 0.05], 1), ([0.0, 0.2, 0.3, 0.3], 0), ([0.0, 0.1, 0.0, 0.1], 9)],
)
def test_gradients_are_coupled_until_they_first_are_not(errors, expected):
    steps = np.array([0, 1, 4, 9])
    found = li_liang_2018_analysis._coupled_steps(steps, np.array(errors))
    assert found == expected


def test_labels_that_are_never_fitted_have_no_distance():
    scale = inductive_bias.Scale(20, 60, 60, (0.0, 1.0), 1, 10, 5)
    fits = inductive_bias.fit_shares(scale, device="cpu", tell=lambda _: None)
    (never,) = fits[1.0]
    assert np.isnan([never.steps, never.relative_distance, never.effective_rank]).all()
    assert verdicts_of(inductive_bias._CLAIMS, fits) == [NOT] * 5


def test_labels_are_measured_at_the_first_step_that_fits_them():
    figures = []
    for every in (1, 50):
        scale = inductive_bias.Scale(60, 50, 60, (0.0,), 1, 200, every)
        (fit,) = inductive_bias.fit_shares(scale, device="cpu", tell=print)[0.0]
        figures.append(fit)
    assert figures[0] == figures[1]
    assert figures[0].steps % 50  # between two looks


def test_what_a_line_separates():
    separable = li_liang_2018_separation._is_linearly_separable
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert separable(corners, np.array([0, 0, 1, 1]))
    assert separable(corners + 1e3, np.array([0, 1, 1, 1]))
    assert not separable(corners, np.array([0, 1, 1, 0]))


def test_every_figure_of_the_paper_has_a_name():
    assert {f"ll18-fig{i}" for i in range(1, 8)} | {"k19", "all"} <= set(REPRODUCTIONS)
    assert set(ON_MNIST) <= set(REPRODUCTIONS)
    assert li_liang_2018_separation.reproduce in REPRODUCTIONS.values()
