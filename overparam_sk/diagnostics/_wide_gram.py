"""Which infinitely wide network, and which parts of its expected Gram matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from overparam_sk.arrays import real_rows
from overparam_sk.memory import check_room
from overparam_sk.networks import (
    DEPTH,
    MOST_UNITS,
    N_SCRAMBLES,
    AngularKernels,
    DirectedRows,
    RowNorm,
    angular_parts,
    angular_slopes,
    arc_cosine_kernel,
    constant_slope,
    expected_gram_parts,
    gated_linear_kernel,
    infinite_kernels,
    layer_parts,
    narrow_parts,
)
from overparam_sk.parameters import (
    COUNT,
    FLAG,
    SEED,
    checked,
    either,
    integer,
    one_of,
    shown,
    such_that,
)

__all__ = ["FirstWeights", "Network", "Part", "WideGram"]

Network = Literal["li_liang_2018", "kong_2019", "deep_relu"]
Part = Literal["sum", "first", "second", "readout"] | int
FirstWeights = ArrayLike | Sequence[ArrayLike] | None

_RULES = {
    "network": one_of("li_liang_2018", "kong_2019", "deep_relu"),
    "width1": integer(1, MOST_UNITS),
    "row_norm": one_of("clip", "unit", None),
    "part": either(one_of("sum", "first", "second", "readout"), COUNT),
    "depth": DEPTH,
    "train_readout": FLAG,
    "fit_intercept": FLAG,
    "n_points": such_that(
        integer(1, 2**30), lambda n: n.bit_count() == 1, "a power of two up to 2**30"
    ),
    "random_state": SEED,
    "scramble": either(one_of(None), integer(0, N_SCRAMBLES - 1)),
}
_NAMED = {"first": 1, "second": 2}


@dataclass(frozen=True)
class WideGram:
    """The options of `infinite_width_gram`, checked.

    Parameters
    ----------
    network, width1, row_norm, part, depth, train_readout, fit_intercept
    n_points, random_state, scramble, first_weights
        As there; ``part`` is "sum", "readout" or the number of a layer.
    """

    network: Network
    width1: int
    row_norm: RowNorm
    first_weights: Any
    part: Literal["sum", "readout"] | int
    depth: int
    train_readout: bool
    fit_intercept: bool
    n_points: int
    random_state: int
    scramble: int | None = None

    @classmethod
    def of(cls, **options: Any) -> Self:
        """Check the options.

        Raises
        ------
        ValueError
            For one that breaks its rule, or that the network does not have.
        """
        plain = checked(options, _RULES)
        plain["part"] = _NAMED.get(plain["part"], plain["part"])
        asked = cls(**plain)
        asked._check(options["part"])
        return asked

    @property
    def n_hidden(self) -> int:
        """Hidden layers."""
        return {"li_liang_2018": 1, "kong_2019": 2}.get(self.network, self.depth)

    @property
    def is_given(self) -> bool:
        """Whether the weights of the first layers are."""
        return self.first_weights is not None

    @property
    def has_readout(self) -> bool:
        """Whether the readout's part is asked for."""
        return self.part == "readout" or (self.train_readout and self.part == "sum")

    def rows(self, name: str, X: Any, constant: float = 1.0) -> Tensor:
        """X in float64, with a column of the constant if there is an intercept."""
        rows = torch.from_numpy(real_rows(name, X))
        if not self.fit_intercept:
            return rows
        return torch.nn.functional.pad(rows, (0, 1), value=constant)

    def two(self, X: Any, Y: Any, constant: float = 1.0) -> tuple[Tensor, Tensor]:
        """X and Y, or X twice, as `rows`."""
        rows = self.rows("X", X, constant)
        if Y is None:
            return rows, rows
        others = self.rows("Y", Y, constant)
        if others.shape[1] != rows.shape[1]:
            raise ValueError(
                f"Y must have the {rows.shape[1] - self.fit_intercept} columns of X, "
                f"got {others.shape[1] - self.fit_intercept}."
            )
        return rows, others

    def parts(self, X: Tensor, Y: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """What the hidden layers' gradients that are asked for make, and the readout's.

        None is what is not asked for.

        Parameters
        ----------
        X : Tensor of shape (n, d)
        Y : Tensor of shape (p, d)

        Returns
        -------
        hidden, readout : Tensor of shape (n, p) or None
        """
        of = {
            "li_liang_2018": self._li_liang,
            "kong_2019": self._kong,
            "deep_relu": self._deep,
        }
        return self._asked(of[self.network](X, Y))

    def constant_slopes(self, X: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Derivatives of `parts` in the square of the constant that ends all rows."""
        rows = DirectedRows.of(X)
        theta = rows.angles(rows)
        kappas: Sequence[Tensor | None]
        if self.network == "kong_2019":
            kernels = self._kernels(X.shape[1])
            kappas, slopes = (
                [*map(torch.from_numpy, of(theta.numpy())[::-1].copy())]
                for of in (kernels, kernels.slopes)
            )
        else:
            kappas, slopes = (
                of(theta, self.n_hidden) for of in (angular_parts, angular_slopes)
            )
        pairs = zip(kappas, slopes, strict=True)
        found = [constant_slope(rows, theta, *pair) for pair in pairs]
        return self._asked(found if len(found) > self.n_hidden else [*found, None])

    def _li_liang(self, X: Tensor, Y: Tensor) -> list[Tensor | None]:
        readout = arc_cosine_kernel(X, Y, 1) if self.has_readout else None
        return [gated_linear_kernel(X, Y), readout]

    def _kong(self, X: Tensor, Y: Tensor) -> list[Tensor | None]:
        if self.is_given:
            (A,) = _as_weights([self.first_weights], X.shape[1], 1)
            parts = expected_gram_parts(X @ A.T, Y @ A.T, X @ Y.T, self.row_norm)
        else:
            parts = self._kernels(X.shape[1]).gram_parts(X, Y, self.scramble)
        return [*parts[::-1], None]

    def _deep(self, X: Tensor, Y: Tensor) -> Sequence[Tensor | None]:
        if not self.is_given:
            return layer_parts(DirectedRows.of(X), DirectedRows.of(Y), self.depth)
        given = self.first_weights
        layers = given if _are_several(given) else [given]
        weights = _as_weights(layers, X.shape[1], self.depth - 1)
        check_room(
            "The Jacobians of the given layers",
            8 * (len(X) + len(Y)) * sum(len(W) * len(weights[-1]) for W in weights),
            "pass fewer rows",
        )
        return narrow_parts(X, Y, weights, self.depth)

    def _kernels(self, d: int) -> AngularKernels:
        return infinite_kernels(
            self.width1, d, self.row_norm, self.n_points, self.random_state
        )

    def _asked(
        self, parts: Sequence[Tensor | None]
    ) -> tuple[Tensor | None, Tensor | None]:
        """Of the parts of W_1, …, W_L and the readout what is asked for, added up."""
        *hidden, readout = parts
        chosen: Any = hidden if self.part == "sum" else []
        if isinstance(self.part, int):
            chosen = [hidden[self.part - 1]]
        whole = reduce(add, chosen) if chosen else None
        return whole, readout if self.has_readout else None

    def _check(self, part: Any) -> None:
        """Refuse what the network does not have."""
        kong, deep = (self.network == name for name in ("kong_2019", "deep_relu"))
        has = "'first' or 'second'" if kong else "'first' or 'readout'"
        if deep:
            has = f"'readout' or an integer from 1 to {self.depth}"
        too_deep = isinstance(self.part, int) and self.part > self.n_hidden
        if too_deep or (kong and self.part == "readout"):
            raise ValueError(
                f"part must be 'sum' or {has} for network={self.network!r}, got "
                f"{shown(part)}."
            )
        if kong and self.train_readout:
            raise ValueError(
                "train_readout must be False for network='kong_2019', whose readout "
                "stays as it is, got True."
            )
        if self.is_given and not (kong or deep):
            raise ValueError(
                "first_weights must be None for network='li_liang_2018', got an array."
            )


def _as_weights(layers: Sequence[Any], n_columns: int, most: int) -> list[Tensor]:
    """W_1, …, W_s, each with a column for each unit of the one before."""
    if len(layers) > most:
        raise ValueError(
            f"first_weights must be those of at most depth - 1 = {most} layers, got "
            f"{len(layers)}."
        )
    weights: list[Tensor] = []
    for place, layer in enumerate(layers):
        name = f"first_weights[{place}]" if len(layers) > 1 else "first_weights"
        W = torch.from_numpy(real_rows(name, layer))
        if W.shape[1] != n_columns:
            of = "unit of the layer before" if place else "column of X"
            intercept = "" if place else " and for the intercept"
            raise ValueError(
                f"{name} must have {n_columns} columns, one for each {of}{intercept}, "
                f"got {W.shape[1]}."
            )
        weights.append(W)
        n_columns = len(W)
    return weights


def _are_several(given: Any) -> bool:
    """Whether it is a sequence of matrices."""
    try:
        return isinstance(given, (list, tuple, np.ndarray)) and np.ndim(given[0]) == 2
    except (IndexError, ValueError):
        return False
