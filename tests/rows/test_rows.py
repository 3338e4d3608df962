import numpy as np
import pytest
import torch
from scipy import sparse

from overparam_sk.rows import as_rows, as_tensor

CPU = torch.device("cpu")


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_take_and_blocks(container, constant, dtype):
    X = np.random.default_rng(0).normal(size=(11, 4)) * (np.arange(4) > 0)
    expected = np.hstack([X, np.ones((11, 1))]) if constant else X
    rows = as_rows(container(X), constant=constant, dtype=dtype, device=CPU)
    assert (len(rows), rows.n_given, rows.n_columns) == (11, 4, 4 + constant)

    indices = torch.tensor([3, 3, 0, 10])
    out = torch.full((4, rows.n_columns), torch.nan, dtype=dtype)
    for taken in (rows.take(indices), rows.take(indices, out=out)):
        assert taken.dtype == dtype
        np.testing.assert_allclose(taken, expected[indices], rtol=1e-7)

    M = np.arange(2.0 * rows.n_columns).reshape(-1, 2) / 7
    V = np.arange(33.0).reshape(11, 3) / 9
    for product, slow in (
        (rows.times(torch.from_numpy(M).to(dtype)), expected @ M),
        (rows.transposed_times(torch.from_numpy(V).to(dtype)), expected.T @ V),
    ):
        assert product.dtype == dtype
        np.testing.assert_allclose(product, slow, rtol=1e-5, atol=1e-5)

    blocks = list(rows.blocks(4))
    assert [(p.start, p.stop) for p, _ in blocks] == [(0, 4), (4, 8), (8, 11)]
    np.testing.assert_allclose(torch.cat([b for _, b in blocks]), expected, rtol=1e-7)


def test_long_rows_come_in_small_blocks(monkeypatch):
    monkeypatch.setattr("overparam_sk.rows.contract._BLOCK_ELEMENTS", 12)
    rows = as_rows(np.ones((7, 4)), constant=False, dtype=torch.float64, device=CPU)
    assert [len(X) for _, X in rows.blocks(100)] == [3, 3, 1]
    monkeypatch.setattr("overparam_sk.rows.contract._BLOCK_ELEMENTS", 1)
    assert [len(X) for _, X in rows.blocks(100)] == [1] * 7


def test_dense_float_rows_are_not_copied_on_the_cpu():
    X = np.ones((3, 2))
    assert as_tensor(X).data_ptr() == X.ctypes.data


def test_read_only_array_raises_no_warning():
    X = np.ones((3, 2))
    X.flags.writeable = False
    assert as_tensor(X).sum() == 6
