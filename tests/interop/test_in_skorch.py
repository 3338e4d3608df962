"""TrainingDiagnostics on nets of our own and of others, against slow definitions."""

import copy
import json
import pickle
import warnings

import numpy as np
import pytest
import reference
import torch
from estimators.small_nets import classifier, regressor
from sklearn.base import clone
from skorch import NeuralNetClassifier
from torch import nn

from overparam_sk.diagnostics import REGISTRY
from overparam_sk.interop import TrainingDiagnostics

rng = np.random.default_rng(0)
X = rng.normal(size=(25, 4))
y = np.arange(25) % 3
OPTIONS = {"optimizer": torch.optim.SGD, "train_split": None, "verbose": 0}


class ThreeHidden(nn.Module):
    """A net of a user's own: three hidden layers; no bias, in place, dropout."""

    def __init__(self, dtype=torch.float64):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(
            nn.Linear(4, 8, dtype=dtype),
            nn.ReLU(),
            nn.Linear(8, 7, bias=False, dtype=dtype),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(7, 6, dtype=dtype),
            nn.ReLU(),
        )
        self.head = nn.Linear(6, 3, dtype=dtype)

    def forward(self, X):
        return self.head(self.body(X))


@pytest.fixture
def net():
    # Modules of PyTorch draw from the global generator.
    state = torch.get_rng_state()
    yield lambda **options: NeuralNetClassifier(
        ThreeHidden, criterion=nn.CrossEntropyLoss, lr=0.1, **{**OPTIONS, **options}
    )
    torch.set_rng_state(state)


def slow_figures(module, start, X):
    """Every figure by its definition, from the modules now and at the start."""
    X = torch.from_numpy(X)

    def linears(m):
        return [p.detach() for n, p in m.named_parameters() if n.endswith("weight")]

    def patterns(m):
        hidden, seen = X, []
        for part in m.body:
            if isinstance(part, nn.ReLU):
                seen.append((hidden > 0).numpy())
                hidden = hidden.clamp_min(0)
            elif isinstance(part, nn.Linear):
                hidden = part(hidden).detach()
        return seen

    def gram(m):
        def outputs(parameters):
            return torch.func.functional_call(m, parameters, (X,))

        J = torch.func.jacrev(outputs)({k: v.detach() for k, v in m.named_parameters()})
        J = torch.cat([part.flatten(2) for part in J.values()], dim=2)
        return sum(J[:, i] @ J[:, i].T for i in range(3)) / 3

    H, H0 = gram(module), gram(start)
    moved = [W - W0 for W, W0 in zip(linears(module), linears(start), strict=True)]
    return {
        "relative_distance": [
            float(M.norm() / W0.norm())
            for M, W0 in zip(moved, linears(start), strict=True)
        ],
        "weight_change": [float(M.norm()) for M in moved],
        "activation_change": [
            np.mean(p != p0)
            for p, p0 in zip(patterns(module), patterns(start), strict=True)
        ],
        "coupling": [
            np.mean((p == p0).all(axis=0))
            for p, p0 in zip(patterns(module), patterns(start), strict=True)
        ],
        "dead_samples": [int((~patterns(module)[0]).all(axis=1).sum())],
        "dead_rows": [int((~p).all(axis=1).sum()) for p in patterns(module)],
        "gram_lambda_min": [float(torch.linalg.eigvalsh(H)[0])],
        "gram_drift": [float((H - H0).norm() / H0.norm())],
        "gram_alignment": [reference.alignment(H, np.eye(3)[y], np.ones(len(y)))],
        "largest_unit_change": [float(M.norm(dim=1).max()) for M in moved],
        "update_singular_values": [
            np.linalg.svd(M, compute_uv=False).tolist() for M in moved
        ],
    }


def test_a_net_of_three_hidden_layers(net):
    trained = net(max_epochs=15, callbacks=[TrainingDiagnostics()]).fit(X, y)
    start = ThreeHidden().eval()
    slow = slow_figures(trained.module_.eval(), start, X)
    assert set(slow) == {*REGISTRY, "update_singular_values"}
    last = trained.history[-1]
    assert last["relative_distance_4"] > 0.01
    for name, values in slow.items():
        names = [name] if len(values) == 1 else [f"{name}_{i + 1}" for i in range(4)]
        for column, value in zip(names, values, strict=False):
            np.testing.assert_allclose(
                last[column], value, rtol=1e-9, atol=1e-12, err_msg=column
            )
    assert f"activation_change_{4}" not in last  # three ReLUs, four Linear layers
    json.dumps(trained.history.to_list())  # so that skorch can save it


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_estimators_own_figures(fit_intercept):
    options = {"initial": True, "callbacks": [TrainingDiagnostics()]}
    est = classifier(
        learning_rate=0.5, max_iter=60, fit_intercept=fit_intercept, batch_size=25
    ).fit(X, y)
    last = est.to_skorch(max_epochs=60, **options).fit(X, y).history[-1]
    for name in ("activation_change", "relative_distance", "weight_change"):
        assert last[name] == pytest.approx(getattr(est, f"{name}_"), rel=1e-8), name
    assert last["gram_lambda_min"] / 10 == pytest.approx(
        est.gram_lambda_min_, rel=1e-6, abs=1e-13
    )
    np.testing.assert_allclose(
        last["update_singular_values"], est.update_singular_values_, atol=1e-9
    )

    est = regressor(learning_rate=0.01, max_iter=60, fit_intercept=fit_intercept).fit(
        X, X[:, 0]
    )
    last = est.to_skorch(max_epochs=60, **options).fit(X, X[:, 0]).history[-1]
    for name in ("activation_change", "relative_distance", "weight_change"):
        for layer in (0, 1):
            mine = getattr(est, f"{name}_")[layer]
            assert last[f"{name}_{layer + 1}"] == pytest.approx(mine, rel=1e-8)
    assert last["dead_samples"] == est.dead_samples_
    assert last["gram_lambda_min"] == pytest.approx(
        est.gram_lambda_min_, rel=1e-6, abs=1e-13
    )


def test_partial_fit_keeps_the_start_and_fit_forgets_it(net):
    trained = net(max_epochs=3, callbacks=[TrainingDiagnostics()])
    trained.fit(X, y)
    first = trained.history[-1]["weight_change_1"]
    trained.partial_fit(X, y)
    assert trained.history[-1]["weight_change_1"] > first
    trained.fit(X, y)
    assert len(trained.history) == 3
    assert trained.history[0]["weight_change_1"] < first


def test_names_rows_and_epochs_can_be_chosen(net):
    chosen = TrainingDiagnostics(
        names=("activation_change", "update_singular_values"),
        n_samples=10,
        n_singular_values=2,
        every=2,
    )
    history = net(max_epochs=4, callbacks=[chosen]).fit(X, y).history
    assert ["activation_change_1" in row for row in history] == [False, True] * 2
    assert "gram_lambda_min" not in history[-1]
    assert len(history[-1]["update_singular_values_1"]) == 2
    assert history[-1]["activation_change_1"] * 10 * 8 == pytest.approx(
        round(history[-1]["activation_change_1"] * 80)
    )


def test_float32_nets_and_the_training_itself_are_left_alone(net):
    options = {"module__dtype": torch.float32, "max_epochs": 5}
    data = X.astype(np.float32)

    def weights(trained):
        return trained.module_.head.weight.detach().numpy()

    torch.manual_seed(1)
    watched = net(callbacks=[TrainingDiagnostics()], **options).fit(data, y)
    torch.manual_seed(1)
    alone = net(**options).fit(data, y)
    np.testing.assert_array_equal(weights(watched), weights(alone))
    assert watched.module_.head.weight.dtype == torch.float32
    assert watched.module_.training == alone.module_.training
    assert not watched.module_.head._forward_hooks


def test_clone_and_pickle(net):
    trained = net(max_epochs=2, callbacks=[TrainingDiagnostics()]).fit(X, y)
    back = pickle.loads(pickle.dumps(trained))
    back.partial_fit(X, y)
    assert len(back.history) == 4
    again = clone(trained).fit(X, y)
    for name in ("gram_lambda_min", "relative_distance_1", "coupling_1"):
        first = [row[name] for row in trained.history]
        assert [row[name] for row in again.history] == first
        assert first[-1] > 0


class Named(nn.Module):
    """Two inputs by name, one layer for both."""

    def __init__(self):
        super().__init__()
        self.both, self.head = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, left, right):
        return self.head(torch.relu(self.both(left)) - torch.relu(self.both(right)))


def convolutions():
    return nn.Sequential(
        *(nn.Unflatten(1, (1, 2, 2)), nn.Conv2d(1, 3, 2, padding=1), nn.BatchNorm2d(3)),
        *(nn.ReLU(), nn.Dropout(), nn.Flatten(), nn.Linear(27, 3)),
    )


OTHERS = {
    "convolutions": (convolutions, X, {"2"}),
    "inputs by name": (Named, {"right": X[::-1].copy(), "left": X}, set()),
    "a sequence": (
        lambda: nn.Sequential(
            nn.Unflatten(1, (2, 2)), nn.Linear(2, 3), nn.ReLU(), nn.Flatten(1)
        ),
        X,
        set(),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_skorch_net_and_an_own_loop_are_told_the_same(name, net):
    make, rows, skipped = OTHERS[name]
    torch.manual_seed(3)
    start = make().double()
    trained = NeuralNetClassifier(
        copy.deepcopy(start),
        criterion=nn.CrossEntropyLoss,
        callbacks=[TrainingDiagnostics(n_samples=20)],
        **{**OPTIONS, "lr": 0.5, "max_epochs": 3},
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        trained.fit(rows, y)
    assert len(told) == bool(skipped)
    (callback,) = (one for _, one in trained.callbacks_ if hasattr(one, "skipped_"))
    assert set(callback.skipped_) == skipped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with TrainingDiagnostics(start, rows, y, n_samples=20) as own:
            start.load_state_dict(trained.module_.state_dict())
            figures = own.record()
    last = trained.history[-1]
    assert any(figures[column] > 0 for column in figures if "activation" in column)
    for column in figures.keys() - {"iteration"}:
        assert last[column] == pytest.approx(figures[column], rel=1e-12), column


def test_lazy_parameters_start_after_the_first_batch(net):
    lazy = nn.Sequential(nn.LazyLinear(5), nn.ReLU(), nn.LazyLinear(3))
    trained = NeuralNetClassifier(
        lazy,
        criterion=nn.CrossEntropyLoss,
        callbacks=[TrainingDiagnostics()],
        **{**OPTIONS, "lr": 0.1, "max_epochs": 2},
    ).fit(X.astype(np.float32), y)
    distances = trained.history[:, "relative_distance_1"]
    assert 0 < distances[0] < distances[1]
    pickle.dumps(trained)


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"names": ("rank",)}, "names must be 'all' or a tuple of names among"),
        ({"names": "gram_lambda_min"}, "names must be 'all' or a tuple"),
        ({"n_samples": 0}, "n_samples must be an integer >= 1, got 0"),
        ({"every": 0}, "every must be an integer >= 1, got 0"),
    ],
)
def test_bad_parameters(net, parameters, match):
    with pytest.raises(ValueError, match=match):
        net(callbacks=[TrainingDiagnostics(**parameters)]).initialize()


def test_lists_are_kept_off_the_printed_log(net, capsys):
    net(max_epochs=2, verbose=1, callbacks=[TrainingDiagnostics()]).fit(X, y)
    printed = capsys.readouterr().out
    assert "relative_distance_4" in printed
    assert "update_singular_values" not in printed
