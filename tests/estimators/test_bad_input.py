"""Bad input is refused in scikit-learn's words, bad parameters by name."""

import re
import threading
import time
import warnings

import numpy as np
import pytest
import torch
from estimators.small_nets import ALL, X, classifier, regressor, y
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from overparam_sk import DivergenceError
from overparam_sk.training import GradientDescent, SStepSGD


@pytest.fixture(params=ALL.values(), ids=ALL)
def net(request):
    return request.param


def spoilt(value):
    bad = X.copy()
    bad[3, 1] = value
    return bad


@pytest.mark.parametrize(
    ("bad_X", "bad_y", "error", "match"),
    [
        (spoilt(np.nan), y, ValueError, "Input X contains NaN"),
        (spoilt(np.inf), y, ValueError, "Input X contains infinity"),
        (X.astype(str).astype(object) + "x", y, ValueError, "could not convert string"),
        (X[:, 0], y, ValueError, "Expected 2D array, got 1D array"),
        (X[None], y, ValueError, "Found array with dim 3"),
        (X[:0], y[:0], ValueError, r"0 sample\(s\)"),
        (X[:, :0], y, ValueError, r"0 feature\(s\)"),
        (X + 1j, y, ValueError, "Complex data not supported"),
        ([[1, 2], [3]], y[:2], ValueError, "inhomogeneous"),
        (X, y[:-1], ValueError, "inconsistent numbers of samples"),
        (X, np.c_[y, y][None], ValueError, "y should be a 1d array|dim 3"),
        (X, np.c_[y, y][:, :0], ValueError, r"y should be a 1d array|0 feature\(s\)"),
        (X, np.where(y, np.nan, 0.0), ValueError, "Input y contains NaN"),
    ],
)
def test_bad_training_data(net, bad_X, bad_y, error, match):
    estimator = net()
    with pytest.raises(error, match=match):
        estimator.fit(bad_X, bad_y)
    with pytest.raises(NotFittedError):
        estimator.predict(X)


def test_labels_are_classes():
    with pytest.raises(ValueError, match=r"at least 2 classes.*only one class"):
        classifier().fit(X, np.zeros(20, int))
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        classifier().fit(X, X[:, 0])


@pytest.mark.parametrize(
    ("targets", "match"),
    [
        (np.where(y, 1e300, 0.0), "sum of squares of y must be .* up to 1e[+]300 "),
        (np.where(y, "a", "b"), "could not convert string"),
    ],
)
def test_targets_are_numbers_of_a_finite_square(targets, match):
    estimator = regressor()
    with pytest.raises(ValueError, match=match):
        estimator.fit(X, targets)
    with pytest.raises(NotFittedError):
        estimator.predict(X)


def test_squares_that_overflow_float32_only():
    large = np.where(y, 1e25, 0.0)
    with pytest.raises(ValueError, match=r"finite number in float32, got .* 1e[+]25"):
        regressor().fit(X.astype(np.float32), large)
    assert np.isfinite(regressor().fit(X, large).loss_)


def test_a_validation_set_whose_outputs_overflow_is_refused():
    estimator = regressor(warm_start=True).fit(X, y)
    before = estimator.predict(X)
    estimator.set_params(early_stopping=True)
    with pytest.raises(ValueError, match=r"validation set must be .* got inf: scale"):
        estimator.fit(X, y, X_val=1e200 * X, y_val=y)
    np.testing.assert_array_equal(estimator.predict(X), before)


def test_targets_of_the_validation_set_must_not_overflow_either():
    with pytest.raises(ValueError, match="squares of the validation set's y must be"):
        regressor().fit(X, y, X_val=X, y_val=1e200 * y)


@pytest.mark.parametrize("share", ["training", "validation"])
@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a_share_without_weight_is_refused(make, share):
    net = make(early_stopping=True, validation_fraction=0.5)
    match = f"The {share} share .* only zero weights"
    said = []
    for row in range(20):  # the one row with a weight falls into either share
        with pytest.raises(ValueError) as refused:  # noqa: PT011
            net.fit(X, y, sample_weight=np.arange(20) == row)
        said.append(str(refused.value))
    assert any(re.match(match, message) for message in said)


def test_constant_targets_and_a_single_row():
    constant = regressor(max_iter=500).fit(X, np.full(20, 3.0))
    np.testing.assert_allclose(constant.predict(X), 3, atol=0.5)
    assert constant.history_["score"][0] == 0.0  # as scikit-learn's r2_score
    single = regressor(max_iter=500, random_state=1).fit(X[:1], [0.5])
    assert single.predict(X[:1]) == pytest.approx(0.5, abs=1e-3)
    assert single.gram_lambda_min_ > 0


@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_gram_matrix_larger_than_the_memory(make):
    n = 600_000
    estimator = make(gram_samples=n, max_iter=1)
    with pytest.raises(MemoryError, match=r"got 11(,\d+)+ bytes .* gram_samples"):
        estimator.fit(np.zeros((n, 1)), np.arange(n) % 2)
    estimator.set_params(gram_samples=10).fit(np.ones((n, 1)), np.arange(n) % 2)


def test_bad_data_for_predictions(net):
    estimator = net()
    methods = ("predict", "predict_proba", "initial_weights")
    for name in (name for name in methods if hasattr(estimator, name)):
        with pytest.raises(NotFittedError):
            getattr(estimator, name)(*([] if name == "initial_weights" else [X]))
    estimator.fit(X, y)
    with pytest.raises(ValueError, match=r"X has 2 features, but .* expecting 3"):
        estimator.predict(X[:, :2])
    estimator.fit(X.astype(np.float32), y)
    with pytest.raises(ValueError, match=r"infinity or a value too large for dty"):
        estimator.predict(spoilt(1e300))


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        (np.ones(19), "sample_weight.shape == "),
        (-np.ones(20), "[Nn]egative values"),
        (np.zeros(20), "must have a positive entry|only zero|at least one"),
        (np.full(20, np.nan), "sample_weight contains NaN"),
    ],
)
def test_bad_weights(net, weight, match):
    with pytest.raises(ValueError, match=match):
        net().fit(X, y, weight)


def test_weights_at_the_ends_of_the_range_are_shares_to_the_classifier():
    fits = [
        classifier().fit(X, y, np.full(20, weight)) for weight in (1, 5e-324, 1e308)
    ]
    for fit in fits[1:]:
        np.testing.assert_array_equal(fit.hidden_weights_, fits[0].hidden_weights_)


@pytest.mark.parametrize(
    ("dtype", "weight", "match"),
    [
        (
            np.float32,
            1e-50,
            r"positive .* in float32, got weights up to 1e-50: scale s",
        ),
        (np.float32, 1e300, r"in float32, got .* weights up to 1e[+]300: scale y or s"),
        (
            np.float64,
            1e-320,
            r"times .* sample_weight.* up to 1e-320 in float64: .* to larger",
        ),
    ],
)
def test_the_weights_are_blamed_where_they_are_to_blame(dtype, weight, match):
    with pytest.raises(ValueError, match=match):
        regressor().fit(X.astype(dtype), y, np.full(20, weight))


def test_bad_validation_set(net):
    with pytest.raises(ValueError, match="must be given together"):
        net().fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="X has 2 features"):
        net().fit(X, y, X_val=X[:, :2], y_val=y)
    with pytest.raises(ValueError, match=r"y_val must hold labels among \[0, 1\], got"):
        classifier().fit(X, y, X_val=X, y_val=y + 1)


BAD_PARAMETERS = {
    "hidden_widths": [(), (5, 0), (5, 2.5), 5, "wide", None, (3, True), [[5, 3]]],
    "width": [0, -3, 2.5, "wide", None, True],
    "width1": [0, 2.5, None],
    "width2": [0, 2.5, None],
    "row_norm": ["unity", 1, True],
    "learning_rate": [0, -1.0, "fast", np.nan, np.inf, None],
    "momentum": [-0.1, 1.0, None, "heavy"],
    "batch_size": [0, 1.5, "all", None],
    "max_iter": [0, None, 2.0],
    "tol": [-1e-3, None],
    "n_iter_no_change": [0, "all"],
    "early_stopping": [None, "yes", 1],
    "validation_fraction": [0.0, 1.0, None],
    "class_weight": ["even", 3],
    "fit_intercept": [None, 0],
    "warm_start": ["no"],
    "record_every": [0, 2.5, "often", (1, -1), (0.5,)],
    "initial_width": [0, 2.5, "wide"],
    "train_readout": [None, 1, "yes"],
    "init_scale": [0, -1.0, None, np.inf],
    "output_scale": [0, -1.0, "lazy", np.nan],
    "parametrization": ["standard", None, 1],
    "base_width": [0, 2.5, None],
    "cache_size": [-1, None, float("inf")],
    "diagnostics": ["gram_lambda_min", ("rank",), 3],
    "gram_samples": [0, None],
    "block_size": [0, "big"],
    "precision": ["tf32", None, 16],
    "distributed": [None, 2, "yes"],
    "device": ["gpu", "cuda:x", 0, None],
    "verbose": [-1, "no"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n, values in BAD_PARAMETERS.items() for v in values]
)
def test_bad_parameters(name, value):
    makers = [make for make in ALL.values() if name in make().get_params()]
    for make in makers:
        with pytest.raises(ValueError, match=rf"^{name} must be .*, got ") as caught:
            make(**{name: value}).fit(X, y)
        assert repr(value) in str(caught.value)
    assert makers


def test_every_parameter_has_a_rule():
    names = set().union(*(make().get_params() for make in ALL.values()))
    assert set(BAD_PARAMETERS) == names - {"random_state"}


def test_early_stopping_needs_records(net):
    with pytest.raises(
        ValueError, match=r"record_every must not be None .*early_stopping"
    ):
        net(early_stopping=True, record_every=None).fit(X, y)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_missing_device_is_no_silent_fallback(net, device):
    with pytest.raises(ValueError, match=f"got '{device}' where 0 CUDA devices"):
        net(device=device).fit(X, y)


def test_rows_that_overflow_float64(net):
    with pytest.raises(ValueError, match=r"squared norms .* scale X"):
        net().fit(X * 1e200, y)


@pytest.mark.parametrize("warm_start", [False, True])
def test_divergence_is_named_and_leaves_the_estimator_unfitted(net, warm_start):
    goes_on = "warm_start" in net().get_params()
    estimator = net(**({"warm_start": warm_start} if goes_on else {})).fit(X, y)
    estimator.set_params(learning_rate=1e307)
    with pytest.raises(DivergenceError, match=r"iteration \d+: lower learning_rate"):
        estimator.fit(1e3 * X, y)
    with pytest.raises(NotFittedError):
        estimator.predict(X)
    assert not [name for name in vars(estimator) if name.endswith("_")]


@pytest.mark.parametrize(
    ("make", "trainer"), [(classifier, SStepSGD), (regressor, GradientDescent)]
)
def test_ctrl_c_keeps_what_was_trained(make, trainer, monkeypatch, ctrl_c):
    training = threading.Event()
    advance = trainer.advance

    def spy(self, *args):
        training.set()
        return advance(self, *args)

    def press_ctrl_c():
        assert training.wait(60)
        time.sleep(0.3)
        ctrl_c()

    monkeypatch.setattr(trainer, "advance", spy)
    estimator = make(max_iter=10**7, record_every=1000)
    presser = threading.Thread(target=press_ctrl_c)
    presser.start()
    with pytest.warns(ConvergenceWarning, match="interrupted from the keyboard"):
        estimator.fit(X, y)
    presser.join()
    assert 0 < estimator.n_iter_ < 10**7
    assert np.all(estimator.relative_distance_ > 0)
    assert estimator.predict(X).shape == (20,)


def test_verbose_prints_every_record(net, capsys):
    with warnings.catch_warnings():
        history = net(verbose=1, record_every=5).fit(X, y).history_
    at = history.pop("iteration")
    assert capsys.readouterr().out.splitlines() == [
        f"iteration {i}: "
        + ", ".join(f"{name} {values[place]:.4g}" for name, values in history.items())
        for place, i in enumerate(at)
    ]
    assert at.tolist() == [0, 5]
    assert "loss" in history
