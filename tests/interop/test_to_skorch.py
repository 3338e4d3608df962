"""Our networks as skorch nets: the same predictions, the same iterates."""

import copy
import pickle

import numpy as np
import pytest
import torch
from estimators.small_nets import NETS, classifier, outputs, regressor, trained_weights
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Checkpoint, EpochScoring, LRScheduler
from skorch.dataset import ValidSplit

from overparam_sk.training import MinibatchStream

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 4))
y = np.arange(30) % 3
target = np.sin(X[:, 0])


def targets(make):
    return y if make is classifier else target


@pytest.fixture(params=NETS.values(), ids=NETS)
def make(request):
    return request.param


def weights_of(net):
    """The module's trained weights without intercepts."""
    return [
        parameter.detach().numpy().copy()
        for name, parameter in net.module_.named_parameters()
        if name.endswith("weight")
    ]


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_are_the_estimators(make, fit_intercept, dtype):
    data = X.astype(dtype)
    est = make(fit_intercept=fit_intercept, max_iter=50).fit(data, targets(make))
    net = est.to_skorch()
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(
        net.forward(data).numpy(), outputs(est, data), rtol=tolerance, atol=tolerance
    )
    if make is classifier:
        np.testing.assert_array_equal(
            est.classes_[net.predict(data)], est.predict(data)
        )
        np.testing.assert_allclose(
            net.predict_proba(data), est.predict_proba(data), atol=tolerance
        )


def test_labels_are_indices_into_the_classes():
    names = np.array(["ant", "bee", "cat"])
    est = classifier(max_iter=50).fit(X, names[y])
    net = est.to_skorch(max_epochs=1)
    np.testing.assert_array_equal(est.classes_[net.predict(X)], est.predict(X))
    net.partial_fit(X, np.searchsorted(est.classes_, names[y]))
    binary = classifier(max_iter=50).fit(X, y > 0)
    assert binary.to_skorch().forward(X).shape == (30, 2)


def test_initial_is_the_initialisation(make):
    est = make(max_iter=50).fit(X, targets(make))
    start = est.initial_weights()
    start = start if isinstance(start, tuple) else (start,)
    for mine, theirs in zip(
        start, weights_of(est.to_skorch(initial=True)), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    moved = make(max_iter=1, learning_rate=1e-300).fit(X, targets(make))
    np.testing.assert_allclose(
        moved.to_skorch(initial=True).forward(X).numpy(), outputs(moved, X), rtol=1e-12
    )


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("B", [7, 30])
def test_skorch_has_the_classifiers_iterates(B, momentum, fit_intercept, monkeypatch):
    taken = []
    take = MinibatchStream.take

    def spy(self, n_batches):
        taken.append(take(self, n_batches))
        return taken[-1]

    monkeypatch.setattr(MinibatchStream, "take", spy)
    est = classifier(
        learning_rate=0.5,
        momentum=momentum,
        batch_size=B,
        max_iter=200,
        fit_intercept=fit_intercept,
    ).fit(X, y)
    order = torch.cat(taken).tolist()
    assert len(order) == 200 * B
    net = est.to_skorch(
        initial=True,
        max_epochs=1,
        iterator_train__shuffle=False,
        iterator_train__sampler=order,
    ).fit(X, y)
    for mine, theirs in zip(trained_weights(est), weights_of(net), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-10)
    assert np.abs(est.hidden_weights_ - est.initial_weights()).max() > 0.01


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_skorch_has_the_regressors_iterates(momentum, fit_intercept):
    est = regressor(
        learning_rate=0.005,
        momentum=momentum,
        max_iter=1000,
        fit_intercept=fit_intercept,
        record_every=1,
    ).fit(X, target)
    net = est.to_skorch(initial=True, max_epochs=1000).fit(X, target)
    for mine, theirs in zip(trained_weights(est), weights_of(net), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-10)
    losses = np.array(net.history[:, "train_loss"])
    np.testing.assert_allclose(losses, est.history_["loss"][:-1], rtol=1e-9)
    assert losses[-1] < 0.5 * losses[0]


def test_schedules_logs_and_checkpoints_carry_on(make, tmp_path):
    est = make(max_iter=20).fit(X, targets(make))
    saved = Checkpoint(dirname=str(tmp_path), monitor=None)
    net = est.to_skorch(
        lr=1e-3,
        callbacks=[
            LRScheduler("StepLR", step_size=1, gamma=0.5),
            EpochScoring("neg_mean_squared_error", name="mse", on_train=True),
            saved,
        ],
    )
    before = weights_of(net)
    net.partial_fit(X, targets(make), epochs=3)
    assert len(net.history) == 3
    assert net.history[:, "event_lr"] == [1e-3, 5e-4, 2.5e-4]
    assert (tmp_path / "params.pt").exists()
    for mine, theirs in zip(before, weights_of(net), strict=True):
        assert not np.array_equal(mine, theirs)
    other = est.to_skorch()
    other.load_params(checkpoint=saved)
    for mine, theirs in zip(weights_of(net), weights_of(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    # The estimator keeps its own weights.
    for mine, theirs in zip(trained_weights(est), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_fit_starts_again_and_partial_fit_goes_on(make):
    est = make(max_iter=20).fit(X, targets(make))
    net = est.to_skorch(max_epochs=2, lr=1e-3, iterator_train__shuffle=False)
    once = weights_of(copy.deepcopy(net).fit(X, targets(make)))
    twice = weights_of(net.fit(X, targets(make)).fit(X, targets(make)))
    for mine, theirs in zip(once, twice, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    further = weights_of(net.partial_fit(X, targets(make)))
    assert not np.array_equal(further[0], twice[0])


def test_nets_clone_and_pickle(make):
    est = make(max_iter=20).fit(X, targets(make))
    net = est.to_skorch()
    for twin in (clone(net).initialize(), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(twin.forward(X), net.forward(X))


def test_the_settings_are_the_estimators_and_can_be_overruled():
    est = classifier(max_iter=5).fit(X, y)
    net = est.to_skorch()
    group = net.optimizer_.param_groups[0]
    lengths = [
        np.square(rows).sum(axis=1).mean()
        for rows in ((X - est.offset_) / est.scale_, X)
    ]
    assert lengths[0] == pytest.approx(4)
    # Steps are shorter by as much, at least, as the given rows are longer.
    assert 0 < group["lr"] <= est.learning_rate_ / 10 * lengths[0] / lengths[1]
    plain = classifier(max_iter=5, fit_intercept=False).fit(X, y)
    lr = plain.to_skorch().optimizer_.param_groups[0]["lr"]
    assert lr == plain.learning_rate_ / 10
    assert group["momentum"] == 0.9
    other = est.to_skorch(lr=3.0, optimizer__momentum=0.0, batch_size=4)
    assert other.optimizer_.param_groups[0]["lr"] == 3.0
    assert other.batch_size == 4


LOSSES = {"ours": {}, "squared": {"criterion": torch.nn.MSELoss}}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("split", [None, ValidSplit(3)], ids=["whole", "split"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_column_of_targets_is_a_row_of_them(dtype, split, loss):
    data, of_rows = X.astype(dtype), target.astype(dtype)
    est = regressor().fit(data, of_rows)
    seen = []
    for given in (of_rows, of_rows[:, None], torch.from_numpy(of_rows)[:, None]):
        net = est.to_skorch(max_epochs=3, train_split=split, **loss)
        net.fit(data, given).partial_fit(data, given)
        name = "train_loss" if split is None else "valid_loss"
        seen.append((net.history[:, ("train_loss", name)], weights_of(net)))
        assert net.predict(data).shape == (30,)
        assert net.score(data, np.asarray(given)) == net.score(data, of_rows)
    for history, weights in seen[1:]:
        assert history == seen[0][0]
        for mine, theirs in zip(weights, seen[0][1], strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("shape", [(30, 2), (30, 30), (30, 1, 1), (30, 0)])
def test_several_targets_are_refused(shape, loss):
    net = regressor().fit(X, target).to_skorch(max_epochs=1, **loss)
    before = weights_of(net)
    match = r"y must have shape \(n_samples,\) or \(n_samples, 1\), got one of shape"
    for train in (net.partial_fit, net.fit):
        with pytest.raises(ValueError, match=match):
            train(X, np.zeros(shape))
    for mine, theirs in zip(before, weights_of(net), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_an_unfitted_estimator_has_no_sizes(make):
    with pytest.raises(NotFittedError):
        make().to_skorch()


def test_there_is_no_net_of_several_targets():
    rng = np.random.default_rng(0)
    fitted = regressor().fit(rng.normal(size=(30, 4)), rng.normal(size=(30, 2)))
    with pytest.raises(ValueError, match=r"one target for a net .* got 2 targets"):
        fitted.to_skorch()
