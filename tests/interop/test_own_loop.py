"""TrainingDiagnostics as a context manager around one's own loop."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn

from overparam_sk.interop import TrainingDiagnostics


@pytest.fixture(autouse=True)
def _seeded():
    """Modules of PyTorch draw from the global generator."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        yield


X = torch.randn(40, 4, generator=torch.Generator().manual_seed(1))
NAMES = ("relative_distance", "activation_change", "update_singular_values")


def net():
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))


def step(module, optimizer):
    loss = (module(X) - X[:, :1]).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "AdamW": lambda p: torch.optim.AdamW(p, 0.01),
    "Rprop": lambda p: torch.optim.Rprop(p, 0.01),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_the_course_of_a_loop(optimizer):
    pd = pytest.importorskip("pandas")
    module, alone = net(), net()
    alone.load_state_dict(module.state_dict())
    chosen, other = optimizer(module.parameters()), optimizer(alone.parameters())
    with TrainingDiagnostics(module, X, names=NAMES, every=2) as diagnostics:
        for t in range(7):
            loss = step(module, chosen)
            found = diagnostics.record(loss=loss, t=t)
            assert bool(found) == (t % 2 == 1)
    for _ in range(7):
        step(alone, other)
    for mine, theirs in zip(module.parameters(), alone.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    frame = pd.DataFrame(diagnostics.history_)
    assert list(frame["iteration"]) == [2, 4, 6]
    assert list(frame["t"]) == [1, 3, 5]
    assert {*frame.columns} == {
        *("iteration", "loss", "t", "activation_change"),
        *("relative_distance_1", "relative_distance_2"),
    }
    assert frame["relative_distance_1"].is_monotonic_increasing
    assert diagnostics.relative_distance_[0] > frame["relative_distance_1"].iloc[-1]
    assert [len(v) for v in diagnostics.update_singular_values_] == [4, 1]
    assert not hasattr(diagnostics, "gram_lambda_min_")


def test_an_error_in_the_loop_leaves_nothing_behind():
    module = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.Linear(3, 1))
    diagnostics = TrainingDiagnostics(module, X)
    with pytest.raises(ZeroDivisionError), diagnostics:
        diagnostics.record(ratio=1 / 0)
    assert not any(part._forward_hooks for part in module.modules())
    assert not hasattr(diagnostics, "relative_distance_")
    module(X)
    with diagnostics:
        assert diagnostics.record()
    assert diagnostics.relative_distance_[0] == 0


def test_lazy_parameters_start_after_their_first_pass():
    layers = (nn.LazyConv1d(3, 2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(1))
    module = nn.Sequential(*layers)
    rows = X.reshape(40, 1, 4)
    chance = torch.get_rng_state()
    with TrainingDiagnostics(module, rows) as diagnostics:
        assert diagnostics.record() == {}
        assert torch.equal(torch.get_rng_state(), chance)
        module(rows)
        start = module[0].weight.detach().clone()
        assert not any(part._forward_hooks for part in module.modules())
        module.get_parameter("0.weight").data += 0.1
        found = diagnostics.record()
    distance = 0.1 * start.numel() ** 0.5 / start.norm()
    assert found["relative_distance_1"] == pytest.approx(float(distance), rel=1e-5)
    assert found["relative_distance_2"] == 0
    assert diagnostics.weight_layers_ == ("0", "3")


def test_nested_twice_and_from_a_pickle():
    module = net()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    outer, inner = (TrainingDiagnostics(module, X, names=NAMES) for _ in range(2))
    with outer:
        step(module, optimizer)
        with inner:
            step(module, optimizer)
            with pytest.raises(ValueError, match="in one with statement at a time"):
                inner.__enter__()
            assert inner.record()["relative_distance_1"] > 0
        step(module, optimizer)
    assert outer.relative_distance_[0] > inner.relative_distance_[0]
    first = inner.relative_distance_[0]
    back = pickle.loads(pickle.dumps(inner))
    assert back.relative_distance_[0] == first
    assert len(back.history_["iteration"]) == 1
    with inner:
        assert len(inner.history_) == 0
    assert inner.relative_distance_[0] == 0
    with back as again:
        step(back.module, torch.optim.SGD(back.module.parameters(), 0.1))
        again.record()
    assert again.relative_distance_[0] > 0


def test_a_compiled_module_is_itself():
    plain = net()
    module = torch.compile(plain, backend="eager")
    holder = nn.Sequential(torch.compile(plain[0], backend="eager"), plain[1], plain[2])
    plain_too = net()
    plain_too.compile(backend="eager")
    for one in (module, holder, plain_too):
        with TrainingDiagnostics(one, X, names=NAMES) as diagnostics:
            nn.init.ones_((plain_too if one is plain_too else plain)[0].weight)
            diagnostics.record()
        assert diagnostics.weight_layers_ == ("0", "2")
        assert diagnostics.relu_layers_ == ("1",)
        assert diagnostics.relative_distance_[0] >= 0
        assert diagnostics.relative_distance_[1] == 0


def test_layers_that_change_on_the_way_are_named():
    module = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 6), nn.Linear(6, 1))
    module[2].requires_grad_(False)
    with TrainingDiagnostics(module, X) as diagnostics:
        assert diagnostics.weight_layers_ == ("0", "3")
        module[2].requires_grad_(True)
        module[1], module[3] = nn.Identity(), nn.Linear(6, 2)
        with pytest.warns(UserWarning, match="0|1|2.weight"):
            found = diagnostics.record()
        diagnostics.record()  # it has been said
    assert {"1", "2.weight", "3", "activation_change"} <= set(diagnostics.skipped_)
    assert found["relative_distance_1"] == 0
    assert np.isnan(found["relative_distance_2"])
    assert np.isnan(found["activation_change"])


def test_a_module_on_the_meta_device_has_nothing_to_measure():
    with torch.device("meta"):
        module = net()
    with pytest.warns(UserWarning, match="0: its weight is on the meta device"):
        diagnostics = TrainingDiagnostics(module, X).__enter__()
    assert diagnostics.record() == {"iteration": 1}
    diagnostics.__exit__(None, None, None)


def test_weights_that_diverge_have_no_figures_and_do_not_stop_the_loop():
    module = net()
    with TrainingDiagnostics(module, X, X[:, 0]) as diagnostics:
        nn.init.constant_(module[0].weight, float("nan"))
        found = diagnostics.record(loss=float("inf"))
    assert np.isnan(found["relative_distance_1"])
    assert np.isnan(found["gram_lambda_min"])
    assert found["relative_distance_2"] == 0
    assert np.isnan(diagnostics.update_singular_values_[0]).all()


@pytest.mark.parametrize("surroundings", ["no_grad", "inference_mode", "autocast"])
def test_the_surroundings_of_the_loop_do_not_matter(surroundings):
    within = {
        "no_grad": torch.no_grad,
        "inference_mode": torch.inference_mode,
        "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    }[surroundings]
    layers = (nn.Unflatten(1, (1, 4)), nn.Conv1d(1, 2, 2), nn.ReLU(), nn.Flatten())
    for module in (net(), nn.Sequential(*layers, nn.Linear(6, 2)).double()):
        with TrainingDiagnostics(module, X.double(), X[:, 0]) as plain:
            expected = plain.record()
        with within(), TrainingDiagnostics(module, X.double(), X[:, 0]) as diagnostics:
            assert diagnostics.record() == expected


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"module": None}, "module must be a torch.nn.Module, got None"),
        ({"module": "all"}, "module must be a torch.nn.Module, got 'all'"),
        ({"X": None}, "X must be a tensor or an array .* got no rows"),
        ({"X": X[:0]}, r"at least one, got \[0\] rows"),
        ({"X": (X, X[:3])}, r"of the same rows .* got \[3, 40\] rows"),
        ({"X": X / 0}, "finite numbers, .* got NaN or infinity"),
        ({"X": np.array(["a"])}, "X must be a tensor or an array"),
        ({"X": X[:, :3]}, "module must take X, 40 rows of it, .* got RuntimeError"),
        (
            {"y": X[:3, 0]},
            "y must have as many entries as X has rows, 40",
        ),
        ({"y": ["a"] * 40}, "y must be an array of finite numbers"),
        ({"names": ("gram_alignment",)}, "y must be given for 'gram_alignment'"),
    ],
)
def test_what_cannot_be_watched_is_refused(given, match):
    diagnostics = TrainingDiagnostics(**{"module": net(), "X": X, **given})
    with pytest.raises(ValueError, match=match):
        diagnostics.__enter__()


def test_columns_are_numbers_with_names_of_their_own():
    diagnostics = TrainingDiagnostics(net(), X.numpy(), names=("dead_samples",))
    with pytest.raises(ValueError, match="record must be called within a with"):
        diagnostics.record()
    with diagnostics:
        with pytest.raises(ValueError, match="loss must be a number, got 'small'"):
            diagnostics.record(loss="small")
        with pytest.raises(ValueError, match=r"of their own, got \['dead_samples'\]"):
            diagnostics.record(dead_samples=1)
        diagnostics.record(iteration=100, loss=torch.tensor([2.0]))
    assert diagnostics.history_["iteration"].tolist() == [100]
    assert diagnostics.history_["loss"].tolist() == [2.0]
