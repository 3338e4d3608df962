"""A network, a diagnostic and a loss that are only in docs/extending.md, as there."""

import importlib
import inspect
import pickle
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor
from overparam_sk.diagnostics import REGISTRY, gram_lambda_min, gram_matrix, register
from overparam_sk.interop import TrainingDiagnostics
from overparam_sk.plotting import ConvergenceDisplay, UpdateSpectrumDisplay

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
MODULES = {
    re.search(r"# (\w+)\.py\n", block)[1]: block
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
}
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 4))
y = np.abs(X[:, 0]) - np.abs(X[:, 1] + X[:, 2]) + 0.1 * rng.normal(size=40)


@pytest.fixture(scope="module", autouse=True)
def page(tmp_path_factory):
    """The page's code, where it can be imported."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in MODULES.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def regressor():
    kind = importlib.import_module("absolute_regressor").AbsoluteRegressor
    return partial(kind, max_iter=200, n_iter_no_change=None, random_state=0)


@pytest.fixture
def dead_units():
    kind = importlib.import_module("dead_units").DeadUnits
    with register(kind):
        yield kind


def test_the_page_is_short():
    sizes = {name: len(text.splitlines()) for name, text in MODULES.items()}
    assert set(sizes) == {
        "absolute_network",
        "absolute_fit",
        "absolute_regressor",
        "dead_units",
        "huber_loss",
    }
    lines = MODULES["absolute_regressor"].splitlines()
    assert len(lines) - lines.index("@estimator") < 60


# The checks' own fits are short, of rows that nothing can be learnt from.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_network_passes_scikit_learns_checks(regressor):
    failed = [
        found
        for found in check_estimator(regressor(), on_fail=None, on_skip=None)
        if found["status"] not in ("passed", "skipped")
    ]
    assert not failed


def test_its_steps_are_autograds(regressor):
    options = {"width": 20, "learning_rate": 1e-3, "max_iter": 30}
    net = regressor(**options).fit(X, y)
    a = torch.from_numpy(net.readout_signs_).double()
    W = torch.from_numpy(net.initial_weights()).requires_grad_()
    rows = torch.from_numpy(np.column_stack([X, np.ones(len(X))]))
    optimizer = torch.optim.SGD([W], lr=1e-3)

    def squares():
        outputs = (rows @ W.T).abs() @ a / len(a) ** 0.5
        return (outputs - torch.from_numpy(y)).square().sum() / 2

    for _ in range(30):
        optimizer.zero_grad()
        squares().backward()
        optimizer.step()
    np.testing.assert_allclose(net.hidden_weights_, W.detach(), rtol=1e-9, atol=1e-12)
    assert net.loss_ == pytest.approx(float(squares().detach()))


def test_it_learns_has_a_history_and_every_diagnostic(regressor):
    net = regressor(record_every=5).fit(X, y, X_val=X[:9], y_val=y[:9])
    assert net.score(X, y) == pytest.approx(net.history_["score"][-1])
    assert net.history_["score"][-1] > 0.8 > net.history_["score"][0]
    assert {"val_loss", "val_score"} <= set(net.history_)
    assert set(net.diagnostic_columns) == set(REGISTRY)
    for name in REGISTRY:
        assert getattr(net, f"{name}_") == pytest.approx(net.history_[name][-1])
    assert net.update_singular_values_.shape == (5,)
    assert 1 <= net.effective_rank_ <= 5


def test_its_figures_are_their_definitions(regressor):
    net = regressor().fit(X, y)
    W, W0 = net.hidden_weights_, net.initial_weights()
    rows = np.column_stack([X, np.ones(len(X))])
    changed = (rows @ W.T > 0) != (rows @ W0.T > 0)
    assert net.activation_change_ == changed.mean() > 0
    assert net.coupling_ == pytest.approx(1 - changed.any(axis=0).mean())
    assert net.weight_change_ == pytest.approx(np.linalg.norm(W - W0))
    slopes = np.sign(rows @ W.T) * net.readout_signs_
    H = (rows @ rows.T) * (slopes @ slopes.T) / len(W)
    np.testing.assert_allclose(gram_matrix(net, X), H, rtol=1e-10, atol=1e-12)
    smallest = np.linalg.eigvalsh(H)[0]
    assert gram_lambda_min(net, X) == pytest.approx(smallest, rel=1e-6)
    assert net.gram_lambda_min_ == pytest.approx(smallest, rel=1e-6)


def test_it_goes_on_is_cloned_and_saved(regressor):
    whole = regressor(max_iter=20, learning_rate=1e-3).fit(X, y)
    parts = regressor(max_iter=10, learning_rate=1e-3, warm_start=True).fit(X, y)
    parts.fit(X, y)
    np.testing.assert_array_equal(parts.hidden_weights_, whole.hidden_weights_)
    assert parts.n_iter_ == 20
    loaded = pickle.loads(pickle.dumps(whole))
    np.testing.assert_array_equal(loaded.predict(X), whole.predict(X))
    again = clone(whole).fit(X, y)
    np.testing.assert_array_equal(again.predict(X), whole.predict(X))


def test_it_is_displayed_and_documented(regressor):
    net = regressor(record_every=10).fit(X, y)
    assert len(ConvergenceDisplay.from_estimator(net).plot().ax_) == 4
    (line,) = UpdateSpectrumDisplay.from_estimator(net).plot().lines_
    assert len(line.get_xdata()) == 5
    assert "AbsoluteRegressor" in net._repr_html_()
    text = type(net).__doc__
    for name in inspect.signature(type(net)).parameters:
        assert re.search(rf"^{name} : ", text, re.M)
    with pytest.raises(ValueError, match="width must be an integer >= 1, got 0"):
        regressor(width=0).fit(X, y)


def test_a_diagnostic_is_one_class_and_one_line(dead_units, regressor):
    nets = {
        "absolute": regressor(record_every=10),
        "classifier": OverparamReLUClassifier(
            20, max_iter=5, n_iter_no_change=None, random_state=0
        ),
        "regressor": TwoHiddenReLURegressor(
            3, 20, max_iter=5, n_iter_no_change=None, random_state=0
        ),
    }
    for name, net in nets.items():
        target = y > 0 if name == "classifier" else y
        net.fit(X, target)
        columns = [c for c in net.history_ if c.startswith("dead_units")]
        assert columns == [c for c in net.diagnostic_columns if "dead_units" in c]
        assert len(np.atleast_1d(net.dead_units_)) == len(columns) > 0
        assert (np.atleast_1d(net.dead_units_) >= 0).all()
        alone = clone(net).set_params(diagnostics=("dead_units",)).fit(X, target)
        np.testing.assert_array_equal(alone.dead_units_, net.dead_units_)
    net = nets["classifier"]
    rows = X @ net.hidden_weights_.T + net.hidden_intercept_
    assert net.dead_units_ == pytest.approx(1 - (rows > 0).any(axis=0).mean())
    callback = TrainingDiagnostics(names=("dead_units",))
    skorch_net = net.to_skorch(max_epochs=1, callbacks=[callback])
    skorch_net.partial_fit(X, (y > 0).astype(np.int64))
    assert 0 <= skorch_net.history[-1, "dead_units"] <= 1


def test_a_loss_is_one_class(regressor, monkeypatch):
    module = importlib.import_module("absolute_regressor")
    loss = importlib.import_module("huber_loss").HuberLoss()
    f = torch.linspace(-3, 3, 9, dtype=torch.float64, requires_grad=True)
    zeros = torch.zeros_like(f)
    (slope,) = torch.autograd.grad(loss.of_samples(f, zeros).sum(), f)
    torch.testing.assert_close(loss.residual(f.detach(), zeros), slope)

    begin = module.Absolute.begin
    monkeypatch.setattr(module.Absolute, "begin", partial(begin, loss=loss))
    far = y.copy()
    far[0] += 100
    net = regressor(max_iter=500).fit(X, far)
    residual = np.abs(net.predict(X) - far)
    expected = np.where(residual > 1, residual - 0.5, residual**2 / 2).sum()
    assert net.loss_ == pytest.approx(expected)
    monkeypatch.undo()
    squared = regressor(max_iter=500).fit(X, far)
    others = slice(1, None)  # the outlier pulls less
    assert residual[others].mean() < np.abs(squared.predict(X) - far)[others].mean()
