"""TrainingDiagnostics around one's own loop, on modules of every kind."""

import copy
import warnings

import numpy as np
import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from interop.any_modules import N, Noisy
from interop.module_cases import CASES, NO_GRAM
from torch import nn
from torch.nn.parallel import DataParallel

from overparam_sk.diagnostics import REGISTRY
from overparam_sk.interop import TrainingDiagnostics, _gram

RELUS = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.Hardtanh)
y = np.arange(N) % 2


@pytest.fixture(autouse=True)
def _seeded():
    """Modules of PyTorch draw from the global generator."""
    with torch.random.fork_rng([]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*weight_norm.* is depre", FutureWarning)
        torch.manual_seed(0)
        yield


# -------------------------------------------------------------------------- the oracle
def called(module, X):
    """The outputs, those of the first of several."""
    if isinstance(X, dict):
        found = module(**X)
    else:
        found = module(*X) if isinstance(X, tuple) else module(X)
    while not isinstance(found, torch.Tensor):
        found = next(iter(found.values() if isinstance(found, dict) else found))
    return found


def exactly(X):
    """Numbers in float64."""
    if isinstance(X, dict):
        return {name: exactly(part) for name, part in X.items()}
    if isinstance(X, tuple):
        return tuple(map(exactly, X))
    X = torch.from_numpy(X) if isinstance(X, np.ndarray) else X
    return X.double() if isinstance(X, torch.Tensor) and X.is_floating_point() else X


class Oracle:
    """A module as it was at a time, in evaluation mode, from its state alone."""

    def __init__(self, case, state):
        torch.manual_seed(0)
        module = case.make()
        module.load_state_dict(state)
        module = module.module if isinstance(module, DataParallel) else module
        self.module = (module.double() if case.exact else module).eval()
        self.case, self.tape = case, []
        self.trained = [p for p in self.module.parameters() if p.requires_grad]
        for parameter in self.module.parameters():
            if parameter.is_floating_point():  # or frozen parts would be fused
                parameter.requires_grad_(True)

    @property
    def X(self):
        X = self.case.inputs()
        return exactly(X) if self.case.exact else X

    def patterns(self):
        self.module.tape = self.tape
        for name, part in self.module.named_modules():
            if isinstance(part, RELUS):
                part.register_forward_pre_hook(
                    lambda _, args: self.tape.append(args[0].detach().clone())
                )
            if name in self.case.before_relus:
                part.register_forward_hook(
                    lambda _, __, out: self.tape.append(out.detach().clone())
                )
        called(self.module, self.X)
        return [
            torch.stack([z > kink for kink in self.case.kinks])
            .movedim(1 + self.case.rows_along, 0)
            .reshape(N, -1)
            .numpy()
            for z in self.tape
        ]

    def weights(self):
        called(self.module, self.X)
        return [
            of(self.module).detach().double().numpy()
            for of in self.case.weights.values()
        ]

    def gram(self):
        outputs = called(self.module, self.X).reshape(N, -1)
        H = np.zeros((N, N))
        for i in range(outputs.shape[1]):
            J = []
            for s in range(N):
                found = torch.autograd.grad(
                    outputs[s, i],
                    self.trained,
                    retain_graph=True,
                    materialize_grads=True,
                )
                parts = [part.to_dense().flatten().double() for part in found]
                J.append(torch.cat(parts))
            H += (torch.stack(J) @ torch.stack(J).T).numpy()
        return H / outputs.shape[1], outputs.shape[1]


def slow_figures(start, now):
    """Every figure by its definition, of each layer."""
    W, W0 = now.weights(), start.weights()
    moved = [one - other for one, other in zip(W, W0, strict=True)]
    patterns = list(zip(now.patterns(), start.patterns(), strict=True))
    figures = {
        "relative_distance": [
            np.linalg.norm(M) / np.linalg.norm(M0) if M0.any() else float(np.inf)
            for M, M0 in zip(moved, W0, strict=True)
        ],
        "weight_change": [np.linalg.norm(M) for M in moved],
        "largest_unit_change": [np.linalg.norm(M, axis=1).max() for M in moved],
        "update_singular_values": [np.linalg.svd(M, compute_uv=False) for M in moved],
        "activation_change": [np.mean(p != p0) for p, p0 in patterns],
        "coupling": [np.mean((p == p0).all(axis=0)) for p, p0 in patterns],
        "dead_samples": [int((~p).all(axis=1).sum()) for p, _ in patterns[:1]],
        "dead_rows": [int((~p).all(axis=1).sum()) for p, _ in patterns],
    }
    if now.case.gram:
        (H, k), (H0, _) = now.gram(), start.gram()
        targets = np.eye(k)[y] if k > 1 else y[:, None]
        figures |= {
            "gram_lambda_min": [np.linalg.eigvalsh(H)[0]],
            "gram_drift": [np.linalg.norm(H - H0) / np.linalg.norm(H0)],
            "gram_alignment": [reference.alignment(H, targets, np.ones(N))],
        }
    return figures


# --------------------------------------------------------------------------- the tests
def steps(case, module, n_steps=3):
    """A few steps of one's own, in training mode."""
    trained = [p for p in module.parameters() if p.requires_grad]
    for _ in range(n_steps if trained else 0):
        loss = (called(module.train(), case.inputs()) - 1).square().mean()
        optimizer = torch.optim.SGD(trained, lr=0.2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def watched(case, module, **options):
    """Diagnostics of the module that warn if, and only if, something is skipped."""
    diagnostics = TrainingDiagnostics(module, case.inputs(), y, **options)
    if not case.skipped:
        return diagnostics.__enter__()
    with pytest.warns(UserWarning, match="does not measure") as told:
        diagnostics.__enter__()
    assert len(told) == 1
    assert all(f"{name}: " in str(told[0].message) for name in case.skipped)
    return diagnostics


@pytest.mark.parametrize("name", CASES)
def test_figures_are_their_definitions(name):
    case = CASES[name]
    module = case.make()
    start = copy.deepcopy(module.state_dict())
    diagnostics = watched(case, module)
    assert diagnostics.weight_layers_ == tuple(case.weights)
    assert diagnostics.relu_layers_ == case.relus
    assert set(diagnostics.skipped_) == set(case.skipped)
    first = diagnostics.record()
    moved = ("weight_", "activation_", "relative_")
    assert not any(first[column] for column in first if column.startswith(moved))
    steps(case, module)
    last = diagnostics.record()
    diagnostics.__exit__(None, None, None)
    slow = slow_figures(Oracle(case, start), Oracle(case, module.state_dict()))
    close = {"rtol": 1e-7, "atol": 1e-9} if case.exact else {"rtol": 1e-3, "atol": 1e-5}
    for figure, values in slow.items():
        ended = getattr(diagnostics, f"{figure}_", None)
        assert (ended is None) == (not values)
        ended = [ended] if len(values) == 1 else ended
        for i, value in enumerate(values):
            np.testing.assert_allclose(ended[i], value, **close, err_msg=figure)
            column = figure if len(values) == 1 else f"{figure}_{i + 1}"
            if figure in REGISTRY:
                np.testing.assert_allclose(last[column], value, **close, err_msg=column)
    columns = sum(len(values) for figure, values in slow.items() if figure in REGISTRY)
    assert len(last) == 1 + columns
    assert all(len(column) == 2 for column in diagnostics.history_.values())


def test_some_of_the_figures_move():
    """Or the comparison above would say little."""
    moved = {"activation_change": 0, "gram_drift": 0}
    for case in (CASES["mlp"], CASES["residual"], CASES["tokens"], CASES["unrolled"]):
        module = case.make()
        diagnostics = watched(case, module)
        steps(case, module)
        last = diagnostics.record()
        for figure in moved:
            moved[figure] += any(v for k, v in last.items() if k.startswith(figure))
    assert min(moved.values()) >= 3


def everything_of(module):
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    parts = dict(module.named_modules())
    return {
        "training": {name: part.training for name, part in parts.items()},
        "hooks": {name: [len(vars(p)[h]) for h in hooks] for name, p in parts.items()},
        "places": {name: id(p) for name, p in module.named_parameters()},
        "asks": {name: p.requires_grad for name, p in module.named_parameters()},
        "attributes": {
            name: [value for value in vars(p).values() if isinstance(value, (int, str))]
            for name, p in parts.items()
        },
    }


@pytest.mark.parametrize("name", CASES)
def test_the_module_and_the_world_stay_as_they_are(name):
    case = CASES[name]
    module = case.make()
    steps(case, module, 1)
    module.train()
    for part in list(module.modules())[1::2]:
        part.train(False)
    state = copy.deepcopy(module.state_dict())
    grads = {name: (p.grad, copy.copy(p.grad)) for name, p in module.named_parameters()}
    before, chance = everything_of(module), torch.get_rng_state()
    diagnostics = watched(case, module)
    diagnostics.record()
    diagnostics.__exit__(None, None, None)
    assert everything_of(module) == before
    assert torch.equal(torch.get_rng_state(), chance)
    assert state.keys() == module.state_dict().keys()
    for key, value in module.state_dict().items():
        assert torch.equal(value, state[key]), key
    for key, parameter in module.named_parameters():
        kept, copied = grads[key]
        assert parameter.grad is kept
        assert kept is None or torch.equal(kept.to_dense(), copied.to_dense())


# PyTorch says so once in a process, whoever is first.
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_linear_layers_need_no_jacobian_and_others_no_more_than_there_is(monkeypatch):
    monkeypatch.setattr(_gram, "_MOST", 0)
    for name in ("mlp", "two inputs", "functional.relu"):
        diagnostics = watched(CASES[name], CASES[name].make())
        assert diagnostics.record()["gram_lambda_min"] >= 0
    module = CASES["convolutions"].make()
    with pytest.warns(UserWarning, match="in 0.weight .* a smaller n_samples"):
        diagnostics = TrainingDiagnostics(module, torch.randn(5, 2, 6)).__enter__()
    assert diagnostics.record()["activation_change_1"] == 0


def test_what_a_forward_pass_leaves_behind_is_left_alone():
    case = CASES["locked"]
    module = case.make()
    called(module, case.inputs())
    left, calls = list(module.left), module.calls
    with TrainingDiagnostics(module, case.inputs()) as diagnostics:
        diagnostics.record()
    assert [id(one) for one in module.left] == [id(one) for one in left]
    assert module.calls == calls


def test_random_outputs_have_no_gram_matrix_and_the_same_patterns():
    module = Noisy()
    with pytest.warns(UserWarning, match="depend on the other rows, or on chance"):
        diagnostics = TrainingDiagnostics(module, torch.randn(9, 3)).__enter__()
    assert set(diagnostics.skipped_) == set(NO_GRAM) - {"gram_alignment"}
    for _ in range(3):
        torch.rand(1)  # as a loop would
        assert diagnostics.record()["activation_change"] == 0


@settings(max_examples=12)
@given(
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2]),
    bias=st.booleans(),
    mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
    seed=st.integers(0, 99),
)
def test_the_gram_matrix_of_any_convolution(mode, seed, groups, bias, **sizes):
    torch.manual_seed(seed)
    options = {"groups": groups, "bias": bias, "padding_mode": mode}
    convolution = nn.Conv2d(2, 4, sizes.pop("kernel"), **sizes, **options)
    module = nn.Sequential(convolution, nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    X = torch.randn(4, 2, 5, 5)
    module(X)
    names = ("gram_lambda_min", "activation_change")
    with TrainingDiagnostics(module, X, names=names) as diagnostics:
        nn.init.normal_(convolution.weight, std=0.3)
    exact = copy.deepcopy(module).double()
    outputs, J = exact(X.double()), []
    for value in outputs.flatten():
        found = torch.autograd.grad(value, list(exact.parameters()), retain_graph=True)
        J.append(torch.cat([part.flatten() for part in found]))
    J = torch.stack(J).reshape(4, 2, -1)
    H = sum(J[:, i] @ J[:, i].T for i in range(2)) / 2
    expected = float(torch.linalg.eigvalsh(H)[0])
    assert diagnostics.gram_lambda_min_ == pytest.approx(expected, rel=1e-6, abs=1e-11)
