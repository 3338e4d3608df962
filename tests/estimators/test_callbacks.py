"""scikit-learn's callbacks, through the shim."""

import numpy as np
import pytest
from estimators import small_nets
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from overparam_sk import OverparamReLUClassifier

X = np.random.default_rng(0).normal(size=(60, 3))
y = (X[:, 0] > 0).astype(int)
HAS_CALLBACKS = hasattr(OverparamReLUClassifier, "set_callbacks")
needs_callbacks = pytest.mark.skipif(
    not HAS_CALLBACKS, reason="scikit-learn < 1.9 has no callbacks"
)


def net(**parameters):
    defaults = {
        "width": 20,
        "max_iter": 40,
        "n_iter_no_change": None,
        "record_every": 10,
        "random_state": 0,
    }
    return OverparamReLUClassifier(**{**defaults, **parameters})


class Watcher:
    """A callback that looks at every iteration and stops at one."""

    def __init__(self, stop_at=None):
        self.events = []
        self.scores = []
        self.weights = []
        self.stop_at = stop_at

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.events.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        self.events.append(f"end {context.task_name} {context.task_id}")
        self.scores.append(fitted_estimator.score(X, y))
        self.weights.append(fitted_estimator.hidden_weights_)
        return context.task_name == "iteration" and context.task_id == self.stop_at


def test_a_fit_needs_no_callbacks():
    # With scikit-learn < 1.9 this is all there is.
    assert net().fit(X, y).n_iter_ == 40


@needs_callbacks
def test_hooks_are_called_in_order_with_a_fitted_estimator():
    watcher = Watcher()
    estimator = net(record_every=20).set_callbacks(watcher)
    estimator.fit(X, y)
    iterations = [f"{e} iteration {i}" for i in range(3) for e in ("begin", "end")]
    assert watcher.events == [
        "setup",
        "begin fit 0",
        *iterations,
        "end fit 0",
        "teardown",
    ]
    # Iteration 0 is W(0), the last iteration and the end of the fit the same weights.
    assert watcher.scores[-1] == watcher.scores[-2] == estimator.score(X, y)
    assert watcher.scores[0] < watcher.scores[-1]
    # What a callback was given does not move on with the run.
    np.testing.assert_array_equal(watcher.weights[0], estimator.initial_weights())


@needs_callbacks
@pytest.mark.parametrize("name", small_nets.ALL)
def test_what_a_callback_is_given_predicts_like_the_estimator_then(name):
    """Iteration by iteration: as a fit of so many steps does."""
    X, y = small_nets.X, small_nets.y
    seen = []

    class Asker(Watcher):
        def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
            seen.append(small_nets.outputs(fitted_estimator, small_nets.X))

    make = small_nets.ALL[name]
    make(max_iter=4, record_every=2).set_callbacks(Asker()).fit(X, y)
    at_2 = small_nets.outputs(make(max_iter=2, record_every=2).fit(X, y), X)
    at_4 = small_nets.outputs(make(max_iter=4, record_every=2).fit(X, y), X)
    assert len(seen) == 4
    assert not np.array_equal(seen[0], at_2)
    for got, expected in zip(seen[1:], (at_2, at_4, at_4), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@needs_callbacks
def test_a_callback_stops_the_fit():
    watcher = Watcher(stop_at=2)
    estimator = net().set_callbacks(watcher).fit(X, y)
    assert estimator.n_iter_ == 20
    assert watcher.events[-2:] == ["end fit 0", "teardown"]
    assert watcher.scores[-1] == estimator.score(X, y)


@needs_callbacks
def test_teardown_after_a_failure():
    watcher = Watcher()
    estimator = net(learning_rate=1e307).set_callbacks(watcher)
    with pytest.raises(FloatingPointError):
        estimator.fit(1e3 * X, y)
    assert watcher.events[-1] == "teardown"


@needs_callbacks
def test_progress_bars_nest(capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    from sklearn.callback import ProgressBar

    net().set_callbacks(ProgressBar()).fit(X, y)
    assert "OverparamReLUClassifier - fit" in capsys.readouterr().out
    search = GridSearchCV(
        make_pipeline(StandardScaler(), net()),
        {"overparamreluclassifier__width": [10, 20]},
        cv=2,
    )
    # By default a bar goes one level deep; None goes all the way down.
    for depth, levels in {
        1: ("GridSearchCV - fit", "Pipeline - fit"),
        None: ("GridSearchCV - fit", "Pipeline - fit", "OverparamReLUClassifier - fit"),
    }.items():
        search.set_callbacks(ProgressBar(max_propagation_depth=depth)).fit(X, y)
        printed = capsys.readouterr().out
        for level in levels:
            assert level in printed


class Follower:
    """A callback that keeps what it was given; each class below asks in its way."""

    def __init__(self):
        self.seen = []

    def setup(self, estimator, context): ...

    def teardown(self, estimator, context): ...

    def on_fit_task_begin(self, estimator, context): ...

    def keep(self, **given):
        net = given["fitted_estimator"]
        self.seen.append((given["X"], given["y"], small_nets.trained_weights(net)))


class Named(Follower):
    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, fitted_estimator=None
    ):
        self.keep(X=X, y=y, fitted_estimator=fitted_estimator)


class Keywords(Follower):
    def on_fit_task_begin(self, estimator, context, **kwargs):
        assert kwargs["X"] is not None

    def on_fit_task_end(self, estimator, context, **kwargs):
        self.keep(**kwargs)


class SomeNamed(Follower):
    def on_fit_task_end(self, estimator, context, *, y=None, **others):
        assert "y" not in others
        self.keep(y=y, **others)


class BeforeTheStar(Follower):
    def on_fit_task_end(self, estimator, context, fitted_estimator=None, X=None, y=2):
        self.keep(X=X, y=y, fitted_estimator=fitted_estimator)


class Everything(Follower):
    def on_fit_task_end(self, *args, **kwargs):
        assert args[1].task_name in ("iteration", "fit")
        self.keep(**kwargs)


@needs_callbacks
@pytest.mark.parametrize("name", small_nets.ALL)
def test_whichever_way_a_hook_asks_it_is_given_the_weights(name):
    ways = [Named(), Keywords(), SomeNamed(), BeforeTheStar(), Everything()]
    net = small_nets.ALL[name](record_every=2).set_callbacks(*ways)
    net.fit(small_nets.X, small_nets.y)
    assert net._skl_callbacks == ways
    first, *others = [way.seen for way in ways]
    assert len(first) == 5  # after 0, 2, 4 and 5 steps, and at the end
    both = zip(first[0][2], first[1][2], strict=True)
    assert not any(np.array_equal(before, after) for before, after in both)
    for seen in others:
        for got, expected in zip(seen, first, strict=True):
            assert got[0] is expected[0]
            assert got[1] is expected[1]
            for a, b in zip(got[2], expected[2], strict=True):
                np.testing.assert_array_equal(a, b)


@needs_callbacks
def test_a_hook_that_asks_for_something_else_is_refused_in_scikit_learns_words():
    class Odd(Follower):
        def on_fit_task_end(self, estimator, context, *, weights=None, **others): ...

    with pytest.raises(
        TypeError, match=r"callback Odd has parameters .* \{'weights'\}"
    ):
        net().set_callbacks(Odd()).fit(X, y)


@needs_callbacks
def test_keywords_below_a_search():
    follower = Keywords()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), net().set_callbacks(follower)),
        {"overparamreluclassifier__width": [10]},
        cv=2,
    )
    search.fit(X, y)
    assert len(follower.seen) == 3 * 6
