"""The dual form: what stands for W is moved as W is."""

import numpy as np
import pytest
import torch
from scipy import sparse

from overparam_sk import LinearizedReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.fits import first_layer
from overparam_sk.rows import PRODUCTS, DualSpace, as_rows, dual_pays

N, D, M = 30, 50, 7
CPU = torch.device("cpu")
FORMS = {"dense": np.asarray, "sparse": sparse.csr_array}


def numbers(*shape, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def given(form, constant):
    X = numbers(N, D, seed=0)
    X[X.abs() < 1] = 0
    rows = as_rows(
        FORMS[form](X.numpy()), constant=constant, dtype=torch.float64, device=CPU
    )
    return rows, torch.cat([X, torch.ones(N, int(constant)).double()], dim=1)


@pytest.mark.parametrize("keep", [1.0, 0.9, 0.0])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_a_block_moves_the_weights_as_a_dense_one(form, constant, keep):
    rows, X = given(form, constant)
    space, W0 = DualSpace(rows), numbers(M, X.shape[1])
    dual, step = space.of_rows(rows), torch.zeros(M, X.shape[1]).double()
    P = dual.empty_weights(M).copy_(space.of_weights(W0))
    velocity, moved = torch.zeros_like(P), torch.zeros_like(step)
    room = dual.new_room(10, PRODUCTS["ieee"])
    for indices in (torch.arange(10), torch.tensor([29, 3, 3, 7])):
        room.load(indices)
        block, here = room.block(slice(0, len(indices))), X[indices]
        torch.testing.assert_close(room.squared_norms(), here.square().sum(dim=1))
        inner = torch.empty(len(indices), len(indices), dtype=torch.float64)
        block.inner_products(inner)
        torch.testing.assert_close(inner, here @ here.T)
        Z = torch.empty(len(indices), M, dtype=torch.float64)
        block.times(P, out=Z)
        torch.testing.assert_close(Z, here @ (W0 + step).T)
        scale = numbers(len(indices), 1, seed=2)
        block.add_times(P, scale, out=Z)
        torch.testing.assert_close(Z, (1 + scale) * (here @ (W0 + step).T))
        # As the engine's momentum does.
        block.add_outer(Z, velocity, keep)
        P += velocity
        moved = keep * moved + Z.T @ here
        step += moved
    (W,) = [space.all_columns(P, [(slice(0, M), W0.clone())], X.shape[1])]
    torch.testing.assert_close(W, W0 + step)
    update = space.update(P, space.of_weights(W0), D)
    torch.testing.assert_close(update, step[:, :D])


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_its_rows_are_the_given_ones(form, constant):
    rows, X = given(form, constant)
    space, W0 = DualSpace(rows), numbers(M, D + constant)
    dual, P, V = space.of_rows(rows), space.of_weights(W0), numbers(N, 2)
    some = torch.tensor([4, 20, 11])
    for those, places in ((dual, torch.arange(N)), (dual.subset(some), some)):
        here = X[places]
        assert (len(those), those.n_given, those.constant) == (len(here), D, constant)
        torch.testing.assert_close(those.take(torch.tensor([2, 0])), here[[2, 0]])
        torch.testing.assert_close(those.times(P.T), here @ W0.T)
        parts = torch.cat([Z.clone() for _, Z in those.products(P.T, 2)])
        torch.testing.assert_close(parts, here @ W0.T)
        torch.testing.assert_close(
            those.transposed_times(V[places]), here.T @ V[places]
        )
        blocks = torch.cat([block for _, block in those.blocks(2)])
        torch.testing.assert_close(blocks, here)
        columns = torch.tensor([40, 3])
        torch.testing.assert_close(
            those.of_columns(columns).take(torch.arange(len(here)))[:, :2],
            here[:, columns],
        )
        assert those.used_columns().tolist() == rows.used_columns().tolist()


PAPER = {"learning_rate": 5.0, "batch_size": 7, "max_iter": 40}
CASES = {
    "the defaults": {},
    "plain SGD": PAPER,
    "momentum, several batches a block": PAPER | {"momentum": 0.9, "block_size": 28},
    "momentum, one batch a block": PAPER | {"momentum": 0.9, "block_size": 7},
    "no intercept": PAPER | {"fit_intercept": False},
    "class weights": PAPER | {"class_weight": {0: 2.0}},
    "every step looked at": PAPER | {"max_iter": 9, "record_every": 1},
    "no diagnostics": PAPER | {"diagnostics": None},
    "pieces of bfloat16": PAPER | {"precision": "bf16x6"},
}
SINGLE = {"pieces of bfloat16"}
MEASURED = ["loss", "activation_change", "relative_distance", "weight_change"]
MEASURED += ["gram_lambda_min", "coupling", "dead_samples"]


@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_a_fit_is_what_it_is_without(case, form, kind, monkeypatch):
    X, y = make_clustered_mixture(N, D, n_classes=3, random_state=0)
    X = X.astype(np.float32 if case in SINGLE else np.float64)
    tolerance = {"rtol": 1e-4 if case in SINGLE else 1e-9, "atol": 1e-9}
    fits, asked = {}, {"width": 60, "random_state": 0, **CASES[case]}
    for dual in (False, True):
        monkeypatch.setattr(first_layer, "dual_pays", lambda *_, **__: dual)  # noqa: B023
        fits[dual] = kind(**asked).fit(FORMS[form](X), y)
    W, W0 = fits[False].hidden_weights_, fits[False].initial_weights()
    error = np.linalg.norm(fits[True].hidden_weights_ - W) / np.linalg.norm(W - W0)
    assert error <= (1e-4 if case in SINGLE else 1e-10)
    for name in MEASURED:
        if hasattr(fits[False], f"{name}_"):
            values = [getattr(fits[dual], f"{name}_") for dual in (True, False)]
            np.testing.assert_allclose(*values, **tolerance)
    assert fits[True].history_.keys() == fits[False].history_.keys()
    for name, course in fits[False].history_.items():
        if name != "block_size":
            np.testing.assert_allclose(fits[True].history_[name], course, **tolerance)


@pytest.mark.parametrize(
    ("n", "d", "width", "rows_seen", "pays"),
    [
        (500, 1000, 4000, 6400, True),
        (500, 1000, 4000, 500, False),  # what comes before and after costs more
        (1000, 1000, 4000, 10**5, True),
        (1200, 1000, 4000, 10**5, False),
        (1000, 1000, 10**5, 10**6, False),  # too large beside W
    ],
)
def test_where_it_pays(n, d, width, rows_seen, pays):
    rows = as_rows(np.zeros((n, d)), constant=False, dtype=torch.float64, device=CPU)
    assert dual_pays(rows, width=width, rows_seen=rows_seen) is pays


def test_sparse_rows_stay_sparse():
    X = np.zeros((50, 5000))
    X[np.arange(50), np.arange(50) * 7] = 1
    X = sparse.csr_array(X)
    rows = as_rows(X, constant=False, dtype=torch.float64, device=CPU)
    assert not dual_pays(rows, width=1000, rows_seen=10**6)
