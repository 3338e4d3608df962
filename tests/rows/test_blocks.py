"""Blocks of rows give the products of the dense rows, whatever the rows are."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from overparam_sk.rows import PRODUCTS, RowBlock, as_rows
from overparam_sk.rows.dual import DualBlock

CPU = torch.device("cpu")
N, D, M = 300, 200, 9
FORMS = {
    "dense": np.asarray,
    "sparse array": sparse.csr_array,
    "sparse matrix": sparse.csr_matrix,
}


def few_numbers(density, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, D)) * (rng.uniform(size=(N, D)) < density)


def numbers(*shape, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("density", [0.0, 0.01, 0.5])
@pytest.mark.parametrize("form", FORMS)
def test_products_are_those_of_dense_rows(form, density, constant):
    X = few_numbers(density)
    rows = as_rows(FORMS[form](X), constant=constant, dtype=torch.float64, device=CPU)
    whole = torch.from_numpy(np.hstack([X, np.ones((N, 1))]) if constant else X)
    room = rows.new_room(50, PRODUCTS["ieee"])
    part = room.block(slice(1, 3))
    W = rows.empty_weights(M)
    W.copy_(numbers(*W.shape))
    # The same room serves a full block, a short one, and rows that come twice.
    for indices in (torch.arange(50), torch.arange(290, 300), torch.tensor([7, 7, 3])):
        X_block = whole[indices]
        room.load(indices)
        block = room.block(slice(0, len(indices)))
        torch.testing.assert_close(room.squared_norms(), X_block.square().sum(1))
        out = torch.empty(len(indices), M, dtype=torch.float64)
        block.times(W, out=out)
        torch.testing.assert_close(out, X_block @ W.T)
        scale = numbers(len(indices), 1, seed=2)
        expected = out + scale * (X_block @ W.T)
        block.add_times(W, scale, out=out)
        torch.testing.assert_close(out, expected)
        inner = torch.empty(len(indices), len(indices), dtype=torch.float64)
        block.inner_products(out=inner)
        torch.testing.assert_close(inner, X_block @ X_block.T)
        for keep in (1.0, 0.9, 0.0):
            expected = keep * W + out.T @ X_block
            block.add_outer(out, W, keep)
            torch.testing.assert_close(W, expected)
        # A part that was asked for before is of what is loaded now.
        part.times(W, out=out[:2])
        torch.testing.assert_close(out[:2], X_block[1:3] @ W.T)


@settings(deadline=None, max_examples=30)
@given(
    density=st.sampled_from([0.0, 0.005, 0.019, 0.021, 0.3]),
    seed=st.integers(0, 99),
    size=st.integers(1, N + 10),
    constant=st.booleans(),
)
def test_products_in_parts(density, seed, size, constant):
    X = few_numbers(density, seed)
    M_ = numbers(D + constant, 3)
    dense, rare = (
        as_rows(FORMS[form](X), constant=constant, dtype=torch.float64, device=CPU)
        for form in ("dense", "sparse array")
    )
    for rows in (dense, rare):
        parts = [(places, Z.clone()) for places, Z in rows.products(M_, size)]
        places = [i for p, _ in parts for i in range(N)[p]]
        assert places == list(range(N))
        assert max(len(Z) for _, Z in parts) <= size
        torch.testing.assert_close(torch.cat([Z for _, Z in parts]), dense.times(M_))


@pytest.mark.parametrize("form", FORMS)
def test_columns(form):
    X = few_numbers(0.01)
    X[:, [0, 5, 199]] = 0
    rows = as_rows(FORMS[form](X), constant=True, dtype=torch.float64, device=CPU)
    used = rows.used_columns()
    np.testing.assert_array_equal(used, (X != 0).any(axis=0))
    some = rows.of_columns(used.nonzero().flatten())
    assert (some.n_given, some.n_columns) == (int(used.sum()), int(used.sum()) + 1)
    kept = torch.from_numpy(np.hstack([X[:, used.numpy()], np.ones((N, 1))]))
    indices = torch.tensor([4, 200, 4])
    torch.testing.assert_close(some.take(indices), kept[indices])
    M_, V = numbers(kept.shape[1], 2), numbers(N, 2)
    torch.testing.assert_close(some.times(M_), kept @ M_)
    torch.testing.assert_close(some.transposed_times(V), kept.T @ V)


def test_every_block_is_tried_here():
    blocks = {
        type(
            as_rows(FORMS[form](X), constant=False, dtype=torch.float64, device=CPU)
            .new_room(1, PRODUCTS["ieee"])
            .block(slice(0, 1))
        )
        for form in FORMS
        for X in (few_numbers(0.01), few_numbers(0.5))
    }
    assert blocks | {DualBlock} == set(RowBlock.__subclasses__())  # test_dual.py


def test_numbers_that_are_given_in_parts():
    X = sparse.csr_array(few_numbers(0.01))
    parts = sparse.csr_array(
        (
            np.repeat(X.data / 2, 2),
            np.repeat(X.indices, 2),
            2 * X.indptr,
        ),
        shape=X.shape,
    )
    before = parts.nnz
    rows = as_rows(parts, constant=False, dtype=torch.float64, device=CPU)
    room = rows.new_room(N, PRODUCTS["ieee"])
    room.load(torch.arange(N))
    expected = torch.from_numpy(X.toarray()).square().sum(dim=1)
    torch.testing.assert_close(room.squared_norms(), expected)
    assert parts.nnz == before  # the caller's matrix is left alone
