"""What a study fits, what it keeps, and what it refuses."""

import itertools
import json
import pickle
import threading
import warnings
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from model_selection.counted import Counted, figures, fits_begun, table
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor
from overparam_sk.diagnostics import REGISTRY
from overparam_sk.model_selection import WidthStudy, width_study
from overparam_sk.model_selection import study as study_module
from overparam_sk.parameters import repeat_seeds

X, y = load_iris(return_X_y=True)


class SilentError(Exception):
    def __str__(self):
        raise RuntimeError


TEST = {"X_test": X[1::2], "y_test": y[1::2]}
NET = OverparamReLUClassifier(max_iter=5, n_iter_no_change=None)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def run(tmp_path, log):
    """A study of six cheap fits and two baselines, with a store."""

    def call(**changes):
        settings = {
            "estimators": {"net": Counted(str(log)), "dummy": DummyClassifier()},
            "X": X[::2],
            "y": y[::2],
            "values": [4, 16, 64],
            "repeats": 2,
            "scoring": figures,
            "store": tmp_path / "store",
            "random_state": 0,
            **TEST,
        }
        return width_study(**{**settings, **changes})

    return call


def test_every_fit_is_what_the_estimator_gives_alone():
    named = {"net": NET, "svm": SVC(), "knn": KNeighborsClassifier()}
    study = width_study(
        named, X[::2], y[::2], **TEST, values=[10, 20], repeats=3, random_state=7
    )
    seeds = repeat_seeds(7, 3)
    assert len(study.fits) == 2 * 3 + 2 * 3
    assert study.metrics == ["accuracy", *REGISTRY]
    for fit in study.fits:
        assert fit.seed == seeds[fit.repeat]
        model = clone(named[fit.estimator])
        if fit.estimator == "net":
            model.set_params(width=fit.value, random_state=fit.seed)
        model.fit(X[::2], y[::2])
        assert fit.scores["accuracy"] == model.score(TEST["X_test"], TEST["y_test"])
        distance = fit.scores["relative_distance"]
        # Fits of a small width are done as one: equal up to rounding.
        alone = getattr(model, "relative_distance_", np.nan)
        np.testing.assert_allclose(distance, alone, rtol=1e-9)
        assert fit.fit_time > 0
        assert fit.failure is fit.fold is None


def test_folds_are_those_of_scikit_learn():
    study = width_study(NET, X, y, values=[10], repeats=1, cv=3, random_state=0)
    alone = clone(NET).set_params(width=10, random_state=study.fits[0].seed)
    assert [fit.fold for fit in study.fits] == [0, 1, 2]
    scores = [fit.scores["accuracy"] for fit in study.fits]
    np.testing.assert_array_equal(scores, cross_val_score(alone, X, y, cv=3))
    default = width_study(SVC(), X, y, param="C", values=[1.0], repeats=1)
    assert len(default.fits) == 5


def test_a_shuffling_splitter_is_seeded_by_the_repeat(run):
    options = {"X": X, "y": y, "X_test": None, "y_test": None, "store": None}
    one, other = (run(cv=KFold(2, shuffle=True), **options) for _ in range(2))
    assert table(one) == table(other)
    by_repeat = [f.scores["accuracy"] for f in one.fits if f.estimator == "dummy"]
    assert by_repeat[:2] != by_repeat[2:]
    assert len(run(cv=ShuffleSplit(3), **options).fits) == 3 * 8


def test_a_regressor_has_a_column_a_layer():
    X_r, y_r = load_diabetes(return_X_y=True)
    net = TwoHiddenReLURegressor(5, max_iter=3, n_iter_no_change=None)
    options = {"values": [5, 10], "repeats": 1, "cv": 2, "random_state": 0}
    study = width_study(net, X_r[:60], y_r[:60], param="width2", **options)
    assert study.metrics[0] == "r2"
    assert {"relative_distance_1", "relative_distance_2"} < set(study.metrics)


def test_the_parameter_is_found_inside_a_pipeline():
    pipe = make_pipeline(StandardScaler(), NET)
    options = {"values": [10, 20], "repeats": 1, "cv": 2, "random_state": 0}
    study = width_study({"net": pipe}, X, y, **options)
    assert {fit.value for fit in study.fits} == {10, 20}
    assert all(fit.scores["relative_distance"] > 0 for fit in study.fits)
    with pytest.raises(ValueError, match="'C', which could be any of"):
        width_study(make_pipeline(SVC(), SVC()), X, y, param="C", values=[1])


@pytest.mark.parametrize("form", [sp.csr_matrix, sp.csc_matrix, np.asfortranarray])
def test_sparse_and_fortran_data(run, form):
    dense = run(store=None)
    other = run(store=None, X=form(X[::2]), X_test=form(TEST["X_test"]))
    assert table(dense) == table(other)


def test_data_frames_and_classes_that_are_words():
    frame = pd.DataFrame(X, columns=list("abcd"))
    pipe = make_pipeline(
        make_column_transformer((StandardScaler(), ["a", "b"])), DummyClassifier()
    )
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)[y]
    options = {"values": [5], "repeats": 1, "cv": 2, "random_state": 0}
    study = width_study({"net": NET, "dummy": pipe}, frame, names, **options)
    assert study.failures == []
    assert len(study.fits) == 4


def test_a_callable_draws_the_data_of_every_repeat(run):
    calls = []

    def draw(seed):
        calls.append(seed)
        rows = np.random.RandomState(seed).permutation(len(y))[: 20 + seed % 7]
        return X[rows], y[rows], X, y

    study = run(X=draw, y=None, X_test=None, y_test=None)
    assert set(calls) == set(repeat_seeds(0, 2))
    for fit in study.fits:
        assert fit.scores["n_test"] == len(y)
        if fit.estimator == "net":
            assert fit.scores["n_rows"] == 20 + fit.seed % 7
    with pytest.raises(ValueError, match="must return the same data for the same seed"):
        run(
            X=lambda seed: (
                np.random.RandomState().randn(9, 2),
                np.arange(9) % 3,
                X,
                y,
            ),
            y=None,
            X_test=None,
            y_test=None,
            store=None,
        )
    with pytest.raises(ValueError, match=r"must return X, y or .* got 3 objects"):
        run(X=lambda seed: (X, y, X), y=None, X_test=None, y_test=None)


def test_test_rows_as_validation_set_and_training_scores():
    study = width_study(
        {
            "net": OverparamReLUClassifier(
                max_iter=4, n_iter_no_change=None, record_every=2
            )
        },
        *(X[::2], y[::2]),
        **TEST,
        values=[10],
        repeats=1,
        random_state=0,
        scoring={"curve": curve, "accuracy": "accuracy"},
        validate_on_test=True,
        return_train_score=True,
    )
    (fit,) = study.fits
    assert fit.scores["curve"][-1] == fit.scores["accuracy"]
    assert study.metrics == ["accuracy", "train_accuracy"]


def curve(net, X, y):
    return net.history_["val_score"]


@pytest.mark.parametrize("rows", [10, 10_000])
def test_a_task_is_small_whatever_the_data(monkeypatch, rows):
    sizes = []
    monkeypatch.setattr(
        study_module,
        "run_tasks",
        lambda tasks, *_: (
            sizes.append(len(pickle.dumps(task))) or (task, task.run())
            for task in tasks
        ),
    )
    width_study(
        {"net": NET, "svm": make_pipeline(StandardScaler(), DummyClassifier())},
        *(np.ones((rows, 100)), np.arange(rows) % 2),
        values=[2],
        repeats=1,
        cv=2,
        scoring="accuracy",
    )
    assert max(sizes) < 4000


@pytest.mark.parametrize("scoring", ["accuracy", ["accuracy", "f1_macro"]])
def test_scoring_as_scikit_learn_takes_it(run, scoring):
    study = run(scoring=scoring, store=None)
    assert study.metrics == ([scoring] if isinstance(scoring, str) else scoring)


def test_a_failed_fit_is_a_row_with_its_reason(run, log):
    failing = {"net": Counted(str(log), fail_at=16)}
    study = run(estimators=failing)
    assert [(f.value, f.repeat) for f in study.failures] == [(16, 0), (16, 1)]
    fit = study.failures[0]
    assert fit.failure == "RuntimeError: no fit at 16"
    assert "in fit" in fit.traceback
    assert fit.scores == {}
    assert fits_begun(log) == 6
    assert table(run(estimators=failing)) == table(study)
    assert fits_begun(log) == 6
    run(estimators=failing, retry_failed=True)
    assert fits_begun(log) == 8


def test_a_finished_study_is_not_done_again(run, log, tmp_path):
    first = run()
    assert fits_begun(log) == 6
    assert table(run()) == table(first)
    assert fits_begun(log) == 6
    names = {path.name for path in (tmp_path / "store").iterdir()}
    assert names == {"fits", "lock", "study.json", "study-copy.json"}
    (tmp_path / "store" / "fits").glob("net-16-0*")
    (record,) = (tmp_path / "store" / "fits").glob("net-16-0-*.json")
    record.unlink()
    assert table(run()) == table(first)
    assert fits_begun(log) == 7


def test_arrays_are_kept_and_come_back(run):
    fresh, again = run(), run()
    for study in (fresh, again):
        fit = study.fits[0]
        np.testing.assert_array_equal(fit.scores["spectrum"], np.arange(3) * fit.value)
        assert np.isnan(fit.scores["history"]["loss"][0])
    assert fresh.metrics == ["accuracy", "distance", "n_rows", "n_test"]


def test_no_seed_is_that_of_the_store(run, log):
    first = run(random_state=None)
    assert table(run(random_state=None)) == table(first)
    assert fits_begun(log) == 6
    other = run(random_state=None, store=None)
    assert other.fits[0].seed != first.fits[0].seed
    given = np.random.RandomState(3)
    drawn = run(random_state=given, store=None).configuration["random_state"]
    assert drawn == np.random.RandomState(3).randint(np.iinfo(np.int32).max)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"values": [4, 16]}, r"values: \[4, 16, 64\] there, \[4, 16\] here"),
        ({"values": [4, 16, 64, 8]}, "values: "),
        ({"repeats": 3}, "repeats: 2 there, 3 here"),
        ({"random_state": 1}, "random_state: 0 there, 1 here"),
        ({"X": X[::2] + 1e-12}, 'data.repeat 0.X: ".*" there, ".*" here'),
        ({"y": y[::2][::-1]}, r"data.repeat 0.y: "),
        ({"estimators": {"net": SVC()}, "param": "C"}, "estimators.net.class: "),
        ({"scoring": "accuracy"}, "scoring"),
        ({"validate_on_test": True}, "validate_on_test: false there, true here"),
    ],
)
def test_another_study_is_refused_with_the_difference(run, log, change, difference):
    run()
    with pytest.raises(ValueError, match=difference) as refused:
        run(**change)
    assert "give it another store" in str(refused.value)
    assert fits_begun(log) == 6


def test_a_changed_parameter_deep_inside_is_a_difference(tmp_path):
    def of(C):
        pipe = make_pipeline(StandardScaler(), SVC(C=C))
        width_study(
            {"net": NET, "svm": pipe},
            *(X, y),
            values=[5],
            repeats=1,
            cv=2,
            random_state=0,
            store=tmp_path / "store",
        )

    of(1.0)
    with pytest.raises(ValueError, match=r"estimators.svm.steps: .*1.0.* there"):
        of(2.0)


def test_a_study_may_be_extended(run, log):
    run()
    estimators = {
        "net": Counted(str(log)),
        "dummy": DummyClassifier(),
        "knn": KNeighborsClassifier(),
    }
    more = {"values": [4, 16, 64, 8], "repeats": 3, "estimators": estimators}
    with pytest.raises(ValueError, match=r"repeats: 2 there, 3 here(.|\n)*extend=True"):
        run(**more)
    study = run(extend=True, **more)
    assert fits_begun(log) == 12
    assert len(study.fits) == 4 * 3 + 3 + 3
    assert table(study) == table(run(store=None, **more))
    with pytest.raises(ValueError, match="repeats: 3 there, 2 here"):
        run(extend=True, **{**more, "repeats": 2})


def test_other_versions_are_warned_of(run, tmp_path, log):
    run()
    from overparam_sk.store.checked_files import read_checked, write_checked

    path = tmp_path / "store" / "study.json"
    configuration = read_checked(path)
    configuration["versions"]["numpy"] = "1.0"
    write_checked(path, configuration)
    with pytest.warns(RuntimeWarning, match=r'other versions: numpy "1.0" then and'):
        run()
    assert fits_begun(log) == 6


def test_a_folder_with_other_things_is_left_alone(run, tmp_path):
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "precious.csv").write_text("1")
    with pytest.raises(ValueError, match=r"must be a new folder, .* with data in it"):
        run(store=folder)
    study = run(store=tmp_path / "new" / "store")
    (tmp_path / "new" / "store" / "data").mkdir()
    (tmp_path / "new" / "store" / "data" / "precious.csv").write_text("1")
    record = next((tmp_path / "new" / "store" / "fits").iterdir())
    record.unlink()
    assert table(run(store=tmp_path / "new" / "store")) == table(study)
    kept = (tmp_path / "new" / "store" / "data").iterdir()
    assert [path.name for path in kept] == ["precious.csv"]


def test_folds_that_are_drawn_are_drawn_once(run, log):
    def drawing():
        cv = KFold(3, shuffle=True, random_state=np.random.RandomState(0))
        return {"X": X, "y": y, "X_test": None, "y_test": None, "cv": cv}

    whole = run(**drawing(), store=None, scoring=sums)
    for repeat in range(2):
        of_repeat = {
            fit.fold: fit.scores["score"] for fit in whole.fits if fit.repeat == repeat
        }
        assert sum(of_repeat.values()) == pytest.approx(X.sum())
    run(**drawing(), scoring=sums)
    generator = KFold(3).split(X, y)
    listed = list(KFold(3).split(X, y))
    common = {"X": X, "y": y, "X_test": None, "y_test": None, "store": None}
    assert table(run(**common, cv=generator)) == table(run(**common, cv=listed))


def sums(model, X, y):
    return X.sum()


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        ({1, 2}, "TypeError: A study keeps numbers"),
        (1j, "TypeError: A study keeps numbers"),
        (SystemExit(3), "SystemExit: 3"),
        (SilentError(), "SilentError"),
    ],
)
def test_what_misbehaves_is_a_failed_fit(run, score, reason):
    def scorer(model, X, y):
        if isinstance(score, BaseException):
            raise score
        return score

    study = run(scoring=scorer)
    assert len(study.failures) == len(study.fits) == 8
    assert {fit.failure.startswith(reason) for fit in study.failures} == {True}


def test_a_long_double_is_a_number(run):
    study = run(scoring=lambda model, X, y: np.longdouble(0.5))
    assert {fit.scores["score"] for fit in study.fits} == {0.5}


def test_names_with_dots_and_strange_letters(tmp_path):
    def of(p, **options):
        return width_study(
            {"net.v1": KNeighborsClassifier(p=p), "versions.网/络" * 9: Counted()},
            *(X, y),
            param="n_neighbors",
            values=[1],
            repeats=1,
            cv=2,
            random_state=0,
            scoring="accuracy",
            store=tmp_path / "s",
            **options,
        )

    assert of(2).failures == []
    with pytest.raises(ValueError, match=r"estimators.net.v1.p: 2 there, 1 here"):
        of(1, extend=True)


def test_a_study_with_the_usual_scores_may_get_a_baseline(tmp_path):
    options = {"values": [5], "repeats": 1, "cv": 2, "store": tmp_path / "s"}
    width_study({"net": NET}, X, y, **options)
    study = width_study({"net": NET, "svm": SVC()}, X, y, **options, extend=True)
    assert len(study.fits) == 4


def test_the_filters_of_warnings_are_left_as_they_are_by_a_thread(run):
    before = [*warnings.filters]
    thread = threading.Thread(target=run)
    thread.start()
    warnings.filterwarnings("ignore", "mine")
    thread.join()
    assert warnings.filters[0][1].pattern == "mine"
    del warnings.filters[0]
    assert warnings.filters == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"repeats": 0}, "an integer from 1 to 100000, got 0"),
        ({"values": []}, "values must be different numbers or strings"),
        ({"values": [5, 5]}, "values must be different numbers or strings"),
        ({"values": [None]}, "values must be different numbers or strings"),
        ({"values": [1, True]}, "values must be different numbers or strings"),
        ({"values": [np.nan]}, "values must be different numbers or strings"),
        ({"param": "random_state"}, "which is set to the seed of each repeat"),
        ({"estimators": {"net": SVC}}, "estimators must be a dict of names and est"),
        ({"scoring": "acuracy"}, "'acuracy' is not a valid scoring value"),
        ({"scoring": {"seed": "accuracy"}}, r"must not name a score \['seed'\]"),
        ({"param": "depth"}, "param must be a parameter of at least one estimator"),
        ({"estimators": {}}, "estimators must be a dict of names and estimators"),
        ({"estimators": {"net": 3}}, "estimators must be a dict .*'net': 'int'"),
        ({"y": None}, "y must be given where X is not a callable"),
        ({"y_test": None}, "X_test and y_test must be given together"),
        ({"cv": 3}, "cv must be None where there is a test set"),
        ({"X": lambda seed: (X, y)}, "y must be None where X is a callable"),
    ],
)
def test_what_does_not_fit_together_is_refused(run, log, change, message):
    with pytest.raises(ValueError, match=message):
        run(**change)
    assert fits_begun(log) == 0


def test_the_frame_has_a_row_a_fit(run):
    study = run()
    frame = study.to_frame()
    assert list(frame.columns) == [
        *("estimator", "width", "repeat", "fold", "seed"),
        *study.metrics,
        *("fit_time", "score_time", "failure"),
    ]
    assert len(frame) == 8
    assert frame["width"].dropna().tolist() == [4, 4, 16, 16, 64, 64]
    assert str(frame["width"].dtype) == "Int64"
    json.dumps(frame["width"].dropna().astype(int).tolist())


def test_the_summary_is_the_one_computed_by_hand(run, log):
    study = run(estimators={"net": Counted(str(log), fail_at=16), "d": SVC()})
    summary = study.summary()
    assert list(summary.index) == [("net", 4), ("net", 16), ("net", 64), ("d", pd.NA)]
    distances = [f.scores["distance"] for f in study.fits if f.value == 4]
    row = summary.loc[("net", 4)]
    assert row["distance", "mean"] == pytest.approx(np.mean(distances))
    assert row["distance", "std"] == pytest.approx(np.std(distances, ddof=1))
    assert summary["fits", "done"].tolist() == [2, 0, 2, 2]
    assert summary["fits", "failed"].tolist() == [0, 2, 0, 0]
    assert np.isnan(summary.loc[("net", 16)]["distance", "mean"])


def test_a_study_is_saved_and_loaded(run, tmp_path):
    study = run()
    study.save(tmp_path / "study.json")
    loaded = WidthStudy.load(tmp_path / "study.json")
    assert table(loaded) == table(study)
    assert loaded.configuration == study.configuration
    assert table(WidthStudy.load(tmp_path / "store")) == table(study)
    (tmp_path / "study.json").write_text("no study")
    with pytest.raises(ValueError, match="torn or changed"):
        WidthStudy.load(tmp_path / "study.json")
    with pytest.raises(FileNotFoundError):
        WidthStudy.load(tmp_path / "nothing")
    record = next((tmp_path / "store" / "fits").iterdir())
    record.write_bytes(record.read_bytes()[:-1])
    with pytest.warns(RuntimeWarning, match="left out"):
        assert len(WidthStudy.load(tmp_path / "store").fits) == len(study.fits) - 1


def test_progress_counts_the_fits_that_are_missing(run, capsys):
    run(verbose=1)
    assert capsys.readouterr().err.splitlines()[-1].startswith("8/8 fits, done in")
    run()
    assert capsys.readouterr().err == ""


def test_a_swallowed_ctrl_c_is_no_fit(run, log, tmp_path, ctrl_c):
    class Interrupted(Counted):
        def fit(self, X, y):
            if self.width == 16:
                with suppress(KeyboardInterrupt):  # as scikit-learn's MLPs do
                    ctrl_c()
            return super().fit(X, y)

    with pytest.raises(KeyboardInterrupt):
        run(estimators={"net": Interrupted(str(log))})
    done = WidthStudy.load(tmp_path / "store").fits
    assert [(fit.value, fit.repeat) for fit in done] == [(64, 0)]


LOCK = threading.Lock()


def locked(rows):
    with LOCK:
        return rows


def test_what_cannot_be_told_apart_needs_no_description_without_a_store(tmp_path):
    model = make_pipeline(FunctionTransformer(locked), KNeighborsClassifier())
    options = {"param": "n_neighbors", "values": [1, 2], "cv": 2, "repeats": 1}
    assert width_study(model, X, y, **options).failures == []
    with pytest.raises(TypeError, match=r"steps\[0\].*uses LOCK"):
        width_study(model, X, y, **options, store=tmp_path)


@pytest.mark.parametrize(
    "scoring", [[], {}, 5, [[]], [1], {"a": 5}, b"accuracy", {1: "accuracy"}]
)
def test_scoring_that_scores_nothing_is_refused(scoring):
    with pytest.raises(ValueError, match="scoring must be the name of a scorer"):
        width_study(NET, X, y, values=[2], scoring=scoring)


def test_values_may_be_infinite_and_any_iterable(tmp_path):
    options = {"param": "C", "cv": 2, "repeats": 1, "store": tmp_path}
    model = LogisticRegression(max_iter=1000)
    study = width_study(model, X, y, values={1.0: 0, np.inf: 0}.keys(), **options)
    assert {fit.value for fit in study.fits} == {1.0, np.inf}
    assert study.failures == []
    assert WidthStudy.load(tmp_path).fits == study.fits
    for endless in (itertools.count(1), range(1, 10**12)):
        with pytest.raises(ValueError, match="values must be different numbers"):
            width_study(model, X, y, values=endless, **options)
