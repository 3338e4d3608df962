"""A network of which no unit is active on any training row says so."""

import warnings

import numpy as np
import pytest
from estimators.small_nets import (
    DEEP,
    INCREMENTAL,
    WITH_WEIGHTS,
    X,
    infinite,
    outputs,
    y,
)
from sklearn.exceptions import ConvergenceWarning

SAYS = "predicts 0 for every training row.*Use another random_state, more hidden units"
ONE_UNIT = {"classifier": {"width": 1}, "linearized": {"width": 1}}
ONE_UNIT |= {"regressor": {"width1": 1}, "scaled": {"width": 1}}
ONE_UNIT["linearized both"] = {"width": 1}
ONE_UNIT |= {name: {"hidden_widths": (1, 20)} for name in DEEP}


@pytest.fixture(params=WITH_WEIGHTS)
def net(request):
    """A network of one unit, which is inactive on half of all rows as it starts."""

    def make(**parameters):
        one = {"fit_intercept": False, "learning_rate": 1e-6, **ONE_UNIT[request.param]}
        return WITH_WEIGHTS[request.param](**{**one, **parameters})

    return make


def warned(net, *data, fit="fit"):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(net, fit)(*data)
    found = [w for w in caught if w.category is ConvergenceWarning]
    # At the line that called, whichever doors lie between.
    assert {w.filename for w in found} <= {__file__}
    return [str(w.message) for w in found]


@pytest.mark.parametrize("diagnostics", ["all", None])
@pytest.mark.parametrize("row_of", [np.ones, np.zeros])
def test_it_warns_where_all_rows_are_dead(net, row_of, diagnostics):
    rows = np.outer(np.linspace(0.5, 1, 20), row_of(3))  # all on one ray
    dead = []
    for seed in range(8):
        fitted = net(random_state=seed, diagnostics=diagnostics, record_every=None)
        messages = warned(fitted, rows, 1 + y)
        dead.append(not outputs(fitted, rows).any())
        assert len(messages) == dead[-1]
        if dead[-1]:
            assert messages[0].startswith("The network predicts 0 for every training")
    assert any(dead)
    assert all(dead) == (row_of is np.zeros)


def test_it_warns_where_the_rows_that_live_have_no_weight(net):
    rows = np.outer(np.where(y, 1, -1), np.ones(3))
    for seed in range(2):
        starts = net(random_state=seed).fit(rows, 1 + y)
        lives = outputs(starts, rows).reshape(20, -1).any(axis=1)
        data = rows, 1 + np.arange(20) % 4 // 2, np.where(lives, 0.0, 1.0)
        assert warned(net(random_state=seed), *data)


def test_where_a_row_lives_it_is_silent(net):
    assert not warned(net(random_state=1), np.r_[X, -X], np.r_[y, y])


def test_targets_that_are_all_0_are_predicted():
    net = WITH_WEIGHTS["regressor"](width1=1, fit_intercept=False)
    assert not warned(net, np.zeros((20, 3)), np.zeros(20))
    assert net.loss_ == 0


@pytest.mark.parametrize("make", INCREMENTAL.values(), ids=INCREMENTAL)
def test_it_warns_of_a_chunk(make):
    net = make(fit_intercept=False)
    with pytest.warns(ConvergenceWarning, match=SAYS):
        net.partial_fit(np.zeros((20, 3)), y)
    assert not warned(net, X, y, fit="partial_fit")


def test_where_there_are_no_units_none_is_dead():
    net = infinite(initial_width=None, fit_intercept=False)
    assert not warned(net, np.zeros((20, 3)), y)
    assert not outputs(net, np.zeros((1, 3))).any()
