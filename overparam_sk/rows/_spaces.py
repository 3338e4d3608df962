"""Find the space that rows span, where training in it is worth the search."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from overparam_sk.rows._base import Rows, rows_that_fit
from overparam_sk.rows._space import BasisSpace, ColumnSpace, RowSpace, WholeSpace

__all__ = ["row_space"]

# Fewer columns are not worth a search: what is in them costs less than to look.
_FEWEST_COLUMNS = 64
# A basis must be this much smaller than the columns.
_LARGEST_SHARE = 0.9
# What a basis costs, against what it saves, both in multiplications; and what it may
# cost to find out that there is none, against the training.
_SEARCH_SHARE = 0.25
_PROBE_SHARE = 0.05
# Numbers that a basis may need beside two matrices of the size of W.
_ROOM = 2**24
# Multiplications of an eigenvalue problem of n rows, in units of n³.
_EIGENVALUES = 10


def row_space(parts: Sequence[Rows], *, width: int, rows_seen: int) -> RowSpace:
    """The space that the given columns of all these rows span.

    Parameters
    ----------
    parts : sequence of Rows
        Training rows, and any others that the network will meet while it is trained.
    width : int
        m, the rows of W.
    rows_seen : int
        Rows that training is going to look at, T·B: what fewer columns save.

    Returns
    -------
    RowSpace
        A basis, or the columns that are not zero throughout, or the whole space
        where neither saves anything.
    """
    d = parts[0].n_given
    if d < _FEWEST_COLUMNS:
        return WholeSpace()
    used = torch.stack([rows.used_columns() for rows in parts]).any(dim=0)
    columns = used.nonzero().flatten()
    if len(columns) == 0:
        return WholeSpace()
    Q = None
    if not any(rows.cost_as_non_zeros for rows in parts):
        Q = _Search(parts, columns, width, rows_seen).basis()
    if Q is not None:
        return BasisSpace(Q)
    return ColumnSpace(columns, d) if len(columns) < d else WholeSpace()


@dataclass(frozen=True)
class _Search:
    """The search for a basis of the rows ``parts``, zero outside of ``columns``."""

    parts: Sequence[Rows]
    columns: Tensor
    width: int
    rows_seen: int

    def basis(self) -> Tensor | None:
        """Q (d, r), or None if there is none that pays."""
        n, d = self._n_rows(), len(self.columns)
        if n <= d:
            fits = 3 * n * d <= 2 * self.width * d + _ROOM
            if not fits or not self._pays(n, 4 * d * n**2):
                return None
            return self._of_few_rows()
        training = 2 * self.rows_seen * self.width * d
        if (_EIGENVALUES + 1) * d**3 > _PROBE_SHARE * training:
            return None
        r = self._rank_of_some()
        if not self._pays(r, n * d**2 + _EIGENVALUES * d**3):
            return None
        return self._of_many_rows()

    def _pays(self, r: int, search: int) -> bool:
        """Whether a basis of r vectors, found by ``search``, is worth it."""
        n, d, m = self._n_rows(), len(self.columns), self.width
        if r > _LARGEST_SHARE * d or r * (m + n + d) > m * d + _ROOM:
            return False
        change = n * d * r + 4 * m * d * r  # of coordinates, there and back
        return search + change < _SEARCH_SHARE * 2 * self.rows_seen * m * (d - r)

    def _rank_of_some(self) -> int:
        """The rank of about d rows: all of them together have no smaller one."""
        rows = max(self.parts, key=len)
        wanted = len(self.columns) + _FEWEST_COLUMNS
        size = min(len(rows), wanted)
        steps = torch.arange(size, dtype=torch.int64)
        places = steps * (len(rows) - 1) // max(1, size - 1)
        X = rows.take(places)[:, self.columns.to(rows.device)].double()
        gram = X.T @ X
        if not gram.isfinite().all():
            return len(gram)
        # Positive definite with the noise taken off: most data ends here, and soon.
        noise = self._noise(gram.trace().unsqueeze(0)) * len(gram)
        off = gram - noise * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        if torch.linalg.cholesky_ex(off).info == 0:
            return len(gram)
        eigenvalues = torch.linalg.eigvalsh(gram)
        return int((eigenvalues > self._noise(eigenvalues)).sum())

    def _of_few_rows(self) -> Tensor:
        """As many vectors as rows: each row is kept up to its rounding error."""
        Q = torch.linalg.qr(torch.cat(list(self._blocks())).T).Q
        return self._in_all_columns(Q)

    def _of_many_rows(self) -> Tensor | None:
        """From the eigenvectors of XᵀX."""
        d, some = len(self.columns), self.parts[0]
        gram = torch.zeros(d, d, dtype=torch.float64, device=some.device)
        for X in self._blocks():
            gram.addmm_(X.double().T, X.double())
        if not gram.isfinite().all():
            return None
        eigenvalues, vectors = torch.linalg.eigh(gram)
        Q = vectors[:, eigenvalues > self._noise(eigenvalues)]
        if not self._pays(Q.shape[1], 0):
            return None
        # An eigenvector of XᵀX may lean out of the row space by its rounding error;
        # XᵀX times it does not.
        span = torch.zeros_like(Q)
        for X in self._blocks():
            span.addmm_(X.double().T, X.double() @ Q)
        Q = torch.linalg.qr(span / span.norm(dim=0)).Q
        if not self._spans_rows(Q):
            return None
        return self._in_all_columns(Q.to(some.dtype))

    def _spans_rows(self, Q: Tensor) -> bool:
        """Whether every row lies in the span, up to the rounding errors of products.

        Each by its own length, lest large rows hide others, and with all columns
        brought to one scale, lest large columns hide others.
        """
        largest = Q.new_zeros(len(Q))
        for X in self._blocks():
            torch.maximum(largest, X.to(Q).abs().amax(dim=0), out=largest)
        largest[largest == 0] = 1  # zeros that a sparse matrix has stored
        tolerance = 8 * len(Q) ** 0.5 * torch.finfo(self.parts[0].dtype).eps
        for X in self._blocks():
            X = X.to(Q)
            rest = X - (X @ Q) @ Q.T
            for scale in (torch.ones_like(largest), largest):
                lost = (rest / scale).norm(dim=1)
                if bool((lost > tolerance * (X / scale).norm(dim=1)).any()):
                    return False
        return True

    def _noise(self, eigenvalues: Tensor) -> float:
        """Below it are those that rounding has made, of XᵀX or of X itself."""
        eps = torch.finfo(self.parts[0].dtype).eps
        of_gram = torch.finfo(torch.float64).eps
        return len(eigenvalues) * max(of_gram, eps**2) * float(eigenvalues[-1])

    def _in_all_columns(self, Q: Tensor) -> Tensor:
        whole = Q.new_zeros(self.parts[0].n_given, Q.shape[1])
        whole[self.columns.to(Q.device)] = Q
        return whole

    def _n_rows(self) -> int:
        return sum(len(rows) for rows in self.parts)

    def _blocks(self) -> Iterator[Tensor]:
        """The columns of all rows, few rows at a time."""
        for rows in self.parts:
            columns = self.columns.to(rows.device)
            for _, X in rows.blocks(rows_that_fit(rows.n_columns)):
                yield X[:, columns]
