"""A study's rows, its seeds, and what becomes of fits that fail."""

import dataclasses
import functools
from contextlib import suppress

import numpy as np
import pytest
from sklearn.datasets import load_iris

from overparam_sk import DivergenceError, OverparamReLUClassifier
from overparam_sk.experiments import Defaults, Problem, run_study
from overparam_sk.experiments.study import usual_looks

X, y = load_iris(return_X_y=True)
X = X.astype(np.float32)
PARAMS = {"max_iter": 20, "record_every": 5, "batch_size": 8, "learning_rate": 0.1}
IRIS = Problem("iris", X[::2], y[::2], X[1::2], y[1::2], 3, None, Defaults())


def redraw(seed):
    """Other rows for every seed."""
    order = np.random.RandomState(seed).permutation(len(y))
    train, test = order[:75], order[75:]
    return X[train], y[train], X[test], y[test]


def study_of(problem=IRIS, widths=(10, 20), repeats=2, **kwargs):
    settings = {"fit_params": PARAMS, "target_accuracy": 0.5, "progress": False}
    return run_study(problem, widths, repeats, **{**settings, **kwargs})


def test_a_row_holds_what_the_estimator_says():
    study = study_of(widths=(10,), repeats=1)
    (row,) = study.rows
    net = OverparamReLUClassifier(
        10, fit_intercept=False, random_state=row.seed, **PARAMS
    ).fit(IRIS.X, IRIS.y, X_val=IRIS.X_test, y_val=IRIS.y_test)
    assert row.test_accuracy == net.score(IRIS.X_test, IRIS.y_test)

    for name in ("loss", "activation_change", "relative_distance", "gram_lambda_min"):
        # Fits of a small width are done as one: equal up to float32's rounding.
        assert getattr(row, name) == pytest.approx(getattr(net, f"{name}_"), rel=1e-4)
    np.testing.assert_allclose(
        row.update_singular_values, net.update_singular_values_, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        row.weight_singular_values, np.linalg.svd(net.hidden_weights_)[1], rtol=1e-4
    )
    reached = net.history_["iteration"][net.history_["val_score"] >= 0.5]
    assert row.steps_to_target == (reached[0] if len(reached) else None)
    assert row.fit_seconds > 0


def test_all_steps_are_done_at_every_width():
    automatic = {"max_iter": 120, "record_every": None}
    for row in study_of(fit_params=automatic).rows:
        assert row.history["iteration"].tolist() == [120]


def test_rows_are_in_order_and_repeats_share_their_seed():
    study = study_of(widths=(20, 10))
    assert study.widths == (10, 20)
    assert [(row.width, row.repeat) for row in study.rows] == [
        (10, 0),
        (10, 1),
        (20, 0),
        (20, 1),
    ]
    assert study.rows[0].seed == study.rows[2].seed != study.rows[1].seed
    more = study_of(widths=(10,), repeats=3)
    assert [row.seed for row in more.rows[:2]] == [r.seed for r in study.fits(10)]


def test_a_target_that_is_not_reached_is_none():
    study = study_of(widths=(10,), repeats=1, target_accuracy=1.1)
    assert study.rows[0].steps_to_target is None


def test_generated_data_is_drawn_anew_for_every_repeat():
    generated = dataclasses.replace(IRIS, redraw=redraw)
    rows = study_of(generated, widths=(10,)).rows
    again = study_of(generated, widths=(10,)).rows
    assert rows[0].loss == again[0].loss
    X_second, *_ = redraw(rows[1].seed)
    np.testing.assert_array_equal(generated.for_repeat(rows[1].seed).X, X_second)
    assert IRIS.for_repeat(3) is IRIS


def test_parallel_fits_are_the_same():
    alone, together = study_of(repeats=1), study_of(repeats=1, n_jobs=2)
    assert [r.width for r in together.rows] == [10, 20]
    np.testing.assert_allclose(
        [r.loss for r in alone.rows], [r.loss for r in together.rows], rtol=1e-4
    )


def test_a_fit_that_diverges_is_a_row_with_the_reason(monkeypatch):
    fit = OverparamReLUClassifier.fit

    @functools.wraps(fit)
    def diverging(self, *args, **kwargs):
        if self.width == 20:
            raise DivergenceError("lower learning_rate")
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(OverparamReLUClassifier, "fit", diverging)
    study = study_of(repeats=1)
    assert [row.failure for row in study.rows] == [
        None,
        "DivergenceError: lower learning_rate",
    ]
    assert np.isnan(study.rows[1].loss)
    assert study.fits(20) == []
    assert study.failures() == study.failures(20) == [study.rows[1]]


@pytest.mark.parametrize("inside_the_fit", [True, False])
def test_ctrl_c_keeps_the_rows_that_are_done(monkeypatch, inside_the_fit, ctrl_c):
    fit, calls = OverparamReLUClassifier.fit, []

    @functools.wraps(fit)
    def interrupted(self, *args, **kwargs):
        calls.append(self.width)
        if len(calls) == 3 and inside_the_fit:
            with suppress(KeyboardInterrupt):  # the estimator keeps what it has
                ctrl_c()
        elif len(calls) == 3:
            raise KeyboardInterrupt
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(OverparamReLUClassifier, "fit", interrupted)
    study = study_of()
    assert study.interrupted
    assert [(row.width, row.repeat) for row in study.rows] == [(10, 0), (20, 0)]


@pytest.mark.parametrize("max_iter", [1, 7, 40, 400, 2000, 12345])
def test_a_run_is_looked_at_closely_where_it_begins(max_iter):
    looks = np.array(usual_looks(max_iter))
    assert looks[0] == 0
    assert looks[-1] < max_iter
    assert np.diff(looks).max(initial=0) <= max(1, max_iter // 40)
    assert len(looks) <= 80 + 3 * np.log10(max_iter)
    # Whatever the iteration, a look is near: the rise of a score lies between looks.
    for at in (2, 5, 10, 20, max_iter // 50):
        if 0 < at < max_iter:
            before = looks[(looks <= at) & (looks > 0)].max()
            assert before >= at / 2.5
