"""A validation set goes through the steps of a Pipeline (``transform_input``)."""

import inspect

import numpy as np
import pytest
from estimators.small_nets import EVERY, outputs
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

# Whose fit takes a validation set.
VALIDATED = {
    name: make
    for name, make in EVERY.items()
    if "X_val" in inspect.signature(make().fit).parameters
}
rng = np.random.default_rng(0)
UNITS = np.array([1, 10, 1e3, 1])


def draw(n):
    X = rng.normal(size=(n, 4))
    X[:, 3] = rng.integers(3, size=n)  # labels, as of a column of a table
    return X * UNITS, np.arange(n) % 2


X, y = draw(40)
X_val, y_val = draw(12)
BEFORE = {
    "one scaler": [StandardScaler()],
    "two": [MinMaxScaler(), StandardScaler()],
    "of columns": [
        make_column_transformer(
            (StandardScaler(), [0, 1, 2]), (OneHotEncoder(sparse_output=False), [3])
        )
    ],
    "sparse": [OneHotEncoder(handle_unknown="ignore")],
}


def pipeline(net, before):
    net = net.set_fit_request(X_val=True, y_val=True)
    steps = [(f"{i}", step) for i, step in enumerate(before)]
    return Pipeline([*steps, ("net", net)], transform_input=["X_val"])


@pytest.mark.parametrize("name", VALIDATED)
@pytest.mark.parametrize("steps", BEFORE)
def test_the_validation_set_is_transformed_as_the_rows_are(name, steps):
    with config_context(enable_metadata_routing=True):
        whole = pipeline(VALIDATED[name](), BEFORE[steps])
        whole.fit(X, y, X_val=X_val, y_val=y_val)
    before, net = whole[:-1], whole[-1]
    by_hand = VALIDATED[name]().fit(
        before.transform(X), y, X_val=before.transform(X_val), y_val=y_val
    )
    rows = before.transform(X_val)
    np.testing.assert_array_equal(outputs(net, rows), outputs(by_hand, rows))
    if name == "compressed":
        return  # which keeps no history
    for column in ("val_loss", "val_score"):
        assert len(net.history_[column]) > 1
        np.testing.assert_array_equal(net.history_[column], by_hand.history_[column])
    with config_context(enable_metadata_routing=True):
        as_it_was = pipeline(VALIDATED[name](), BEFORE[steps])
        as_it_was.transform_input = None
        if steps == "one scaler":
            as_it_was.fit(X, y, X_val=X_val, y_val=y_val)
            untransformed = as_it_was[-1].history_["val_loss"]
            assert not np.array_equal(untransformed, net.history_["val_loss"])


@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_early_stopping_in_a_search_watches_the_transformed_set(name):
    options = {"early_stopping": True, "n_iter_no_change": 2, "max_iter": 30}
    parameter = {"classifier": "width", "regressor": "width2"}[name]
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            pipeline(VALIDATED[name](**options), BEFORE["one scaler"]),
            {f"net__{parameter}": [10, 30]},
            cv=2,
        ).fit(X, y, X_val=X_val, y_val=y_val)
    best = search.best_estimator_
    net, rows = best[-1], best[:-1].transform(X_val)
    assert net.best_validation_score_ == pytest.approx(net.score(rows, y_val))


def test_without_routing_scikit_learn_says_so():
    steps = [("scaler", StandardScaler()), ("net", VALIDATED["classifier"]())]
    whole = Pipeline(steps, transform_input=["X_val"])
    with pytest.raises(ValueError, match="metadata routing"):
        whole.fit(X, y, net__X_val=X_val, net__y_val=y_val)


def test_what_takes_a_validation_set_is_in_the_list():
    assert set(EVERY) - set(VALIDATED) == {"ensemble"}
