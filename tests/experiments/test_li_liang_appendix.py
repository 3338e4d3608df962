"""Figures 3 to 7, the labels' structure, and the report of everything, run small."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from experiments.made_up import row

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, UNTESTED
from overparam_sk.experiments.li_liang_2018.data import mixture_problem
from overparam_sk.experiments.li_liang_2018.figure_3 import (
    FIGURE_3,
    is_linearly_separable,
)
from overparam_sk.experiments.li_liang_2018.figures_1_and_2 import FIGURE_2
from overparam_sk.experiments.li_liang_2018.figures_4_and_5 import (
    FIGURES_4_AND_5,
    PANELS,
    Crossed,
)
from overparam_sk.experiments.li_liang_2018.figures_6_and_7 import (
    FIGURE_6,
    FIGURE_7,
    Varied,
)
from overparam_sk.experiments.li_liang_2018.first_crossing import (
    FirstCrossing,
    crossing_figures,
)
from overparam_sk.experiments.li_liang_2018.labels import LABELS, fit_shares
from overparam_sk.experiments.li_liang_2018.sections_5_and_6 import (
    ANALYSIS,
    Analysed,
    coupled_steps,
)
from overparam_sk.experiments.problems import load_problem
from overparam_sk.experiments.reproduction import Experiment, Request
from overparam_sk.experiments.reproductions import (
    named_experiments,
    reproduce_all,
    takes_mnist,
    write_everything,
)
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
    return Crossed(replace(PANELS[0], constant=1.0), fits, [])


def verdicts_of(claims, measured):
    return [claim.judge(measured, "").verdict for claim in claims]


@pytest.mark.parametrize(
    ("constants", "steps", "expected"),
    [
        ((1.0, 1.0, 1.0), (10, 10, 10), [HOLDS, HOLDS, HOLDS, HOLDS]),
        ((1.3, 1.3, 1.3), (10, 14, 10), [HOLDS, HOLDS, TREND, TREND]),
        ((1.0, 1.23, 1.51), (10, 20, 30), [TREND, TREND, TREND, TREND]),
        ((1.0, 2.0, 4.0), (1, 20, 30), [NOT, NOT, NOT, NOT]),
        # After all of the paper's steps.
        ((1.0, np.nan, 1.0), (10, np.nan, 10), [NOT, NOT, NOT, NOT]),
    ],
)
def test_the_rules_of_figures_4_and_5(constants, steps, expected):
    claims = FIGURES_4_AND_5.claims
    assert verdicts_of(claims, crossed(constants, steps)) == expected


def test_what_fewer_steps_do_not_reach_was_not_tested():
    made = crossed((1.0, np.nan, 1.0), (10, np.nan, 10))
    made = replace(made, max_iter=made.panel.settings.max_iter - 1)
    judged = [claim.judge(made, "") for claim in FIGURES_4_AND_5.claims]
    assert [j.verdict for j in judged] == [UNTESTED] * 3 + [NOT]  # the end is the end
    assert "2 of 3 fits reach 98% within 399 steps, of the paper's 400" in (
        judged[0].reason
    )
    reached = replace(crossed((1.0, 1.0, 1.0)), max_iter=20)
    assert verdicts_of(FIGURES_4_AND_5.claims, reached) == [HOLDS] * 4


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
    claims = FIGURE_6.claims
    gap = {"update_singular_values": np.array([3.0, 2.0, 0.2])}
    near = varied({1: with_course(QUICKLY, **gap), 2: with_course(SLOWLY, **gap)})
    assert verdicts_of(claims, near) == [HOLDS] * 5
    # At the same end, later: it decreases along the course.
    later = with_course([0.1, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0], **gap)
    both = varied({1: with_course(QUICKLY, **gap), 2: later})
    assert verdicts_of(claims[:2], both) == [HOLDS, HOLDS]
    back = varied({1: with_course(SLOWLY), 2: with_course(QUICKLY)})
    assert verdicts_of(claims[:2], back) == [NOT, NOT]
    far = with_course(
        SLOWLY,
        activation_change=0.2,
        relative_distance=0.2,
        update_singular_values=np.array([3.0, 2.0, 1.9]),
    )
    near = with_course(QUICKLY, update_singular_values=np.array([3.0, 2.0, 0.2]))
    assert verdicts_of(claims[2:], varied({1: near, 2: far})) == [NOT] * 3
    most = varied({1: near, 2: near, 3: near, 4: far})
    assert verdicts_of(claims[2:], most) == [TREND] * 3


def test_the_rules_of_figure_7():
    claims = FIGURE_7.claims
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


CROSSING = {"widths": (20, 30), "repeats": 1, "max_iter": 20, "every": 10}


def test_crossings_of_another_seed_stand_beside_those_before(tmp_path):
    small = replace(FIGURES_4_AND_5, quick={"synthetic": {**CROSSING, "limit": False}})
    asked = Request(tmp_path, quick=True, device="cpu", progress=False)
    claims = []
    for seed in (0, 1, 0):
        small.reproduce(replace(asked, random_state=seed))
        claims.append(json.loads((tmp_path / "claims.json").read_text()))
    assert claims[0] == claims[2] != claims[1]
    # Two readings of two seeds.
    assert len(list((tmp_path / "store").iterdir())) == 4
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


def small():
    """Every experiment of the appendix at a size for a test, by its name."""
    of_labels = {"width": 50, "n_samples": 40, "n_features": 40, "shares": (0.0, 1.0)}
    of_labels |= {"repeats": 1, "max_iter": 200, "every": 50}
    mixture = {"width": 60, "values": (1, 2), "repeats": 1}
    crossing = {"widths": (20, 40), "repeats": 1, "max_iter": 40, "every": 20}
    quick = (
        (FIGURE_3, FIGURE_3.quick),
        (FIGURES_4_AND_5, {"synthetic": {**crossing, "limit": True}}),
        (FIGURE_6, mixture),
        (FIGURE_7, mixture),
        (LABELS, of_labels),
        (ANALYSIS, {"widths": (60, 90), "repeats": 1}),
    )
    return {one.names[0]: replace(one, quick=scale) for one, scale in quick}


def test_everything_small(tmp_path):
    told = []
    # The files of MNIST are not there.
    runs = {**small(), "ll18-fig2": FIGURE_2}
    asked = Request(
        tmp_path,
        quick=True,
        device="cpu",
        progress=False,
        data_home=tmp_path / "empty",
        tell=told.append,
    )
    with pytest.raises(ValueError, match=r"ll18-fig2: .*must hold the four files of"):
        reproduce_all(runs.values(), asked)
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report["reports"]) == set(runs) - {"ll18-fig2"}
    assert set(report["failed"]) == {"ll18-fig2"}
    claims = [c for part in report["reports"].values() for c in part["claims"]]
    assert sum(report["verdicts"].values()) == len(claims) == 6 + 2 * 4 + 5 + 4 + 5 + 9
    page = (tmp_path / "report.html").read_text()
    assert page.count("<img") == len(list(tmp_path.glob("*/**/*.png"))) == 6
    assert "ll18-fig2 could not be run" in page
    for claim in claims:
        assert claim["verdict"] in page
    fig3 = report["reports"]["ll18-fig3"]
    assert all(claim["verdict"] == HOLDS for claim in fig3["claims"])
    mixture = fig3["settings"]["separability"][1]
    assert mixture[2] == "2"
    assert mixture[-2] == "does not hold"
    assert [line[0] for line in fig3["settings"]["separability"]] == [
        *("data", "synthetic", "digits")
    ]
    assert any("No separability of mnist" in line for line in told)


def made_up(name, measure, **others):
    """An experiment without claims."""

    def words(run, *_):
        return [], {}

    return Experiment((name,), name, {}, {}, measure, (), words, **others)


def done(run):
    yield "made up", 1.0


def test_a_failure_does_not_take_the_others_with_it(tmp_path):
    def diverges(run):
        raise ValueError("A fit failed: DivergenceError")

    runs = [made_up("one", done), made_up("two", diverges), made_up("three", done)]
    with pytest.raises(ValueError, match="two: A fit failed"):
        reproduce_all(runs, Request(tmp_path))
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report["reports"]) == {"one", "three"}
    assert report["failed"] == {"two": "A fit failed: DivergenceError"}


def interrupted_at_once(run):
    raise KeyboardInterrupt


def interrupted_later(run):
    yield "complete", 1.0
    yield "interrupted", None


@pytest.mark.parametrize("interrupted", [interrupted_at_once, interrupted_later])
def test_ctrl_c_ends_with_a_report_of_what_was_done(tmp_path, interrupted):
    runs = [made_up("one", done), made_up("two", interrupted), made_up("three", done)]
    assert not reproduce_all(runs, Request(tmp_path))
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report["reports"]) == {"one"}
    judged = (tmp_path / "two" / "claims.json").exists()
    assert judged == (interrupted is interrupted_later)


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
    claims = ANALYSIS.claims
    fits = {
        m: [
            Analysed(
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
    found = coupled_steps(steps, np.array(errors))
    assert found == expected


def labels(*scale):
    names = ("width", "n_samples", "n_features", "shares", "max_iter", "every")
    scale = {**dict(zip(names, scale, strict=True)), "repeats": 1}
    return Request(Path(), device="cpu", scale=scale)


def test_labels_that_are_never_fitted_have_no_distance():
    fits = fit_shares(labels(20, 60, 60, (0.0, 1.0), 10, 5))
    (never,) = fits[1.0]
    assert np.isnan([never.steps, never.relative_distance, never.effective_rank]).all()
    assert verdicts_of(LABELS.claims, fits) == [NOT] * 5


def test_labels_are_measured_at_the_first_step_that_fits_them():
    figures = []
    for every in (1, 50):
        (fit,) = fit_shares(labels(60, 50, 60, (0.0,), 200, every))[0.0]
        figures.append(fit)
    assert figures[0] == figures[1]
    assert figures[0].steps % 50  # between two looks


def test_what_a_line_separates():
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert is_linearly_separable(corners, np.array([0, 0, 1, 1]))
    assert is_linearly_separable(corners + 1e3, np.array([0, 1, 1, 1]))
    assert not is_linearly_separable(corners, np.array([0, 1, 1, 0]))


def test_every_figure_of_the_paper_has_a_name():
    known = named_experiments()
    assert {f"ll18-fig{i}" for i in range(1, 8)} | {"k19"} <= set(known)
    assert known["ll18-fig4"] is known["ll18-fig5"]
    assert FIGURE_3 in known.values()
    on_mnist = [name for name in known if takes_mnist(name)]
    assert on_mnist == [*known][-4:]
    assert on_mnist == ["ll18-fig2", "ll18-fig4", "ll18-fig5", "ll18-variance"]
    assert takes_mnist("all")
