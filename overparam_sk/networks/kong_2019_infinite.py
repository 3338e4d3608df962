"""Kong 2019 (K19): H∞, the expected Gram matrix over A, B and w (eq. 17).

The network is positively homogeneous and A is invariant under rotations, so that each
part of H∞ is |x_s| |x_t| κ(θ) with θ the angle between the rows. κ is tabulated by
randomised quasi-Monte Carlo, from the expectation over B and w in closed form.

In the plane of two unit rows x, y a row of A is R times a uniform direction, at the
angle φ to the half-line between them, and it gives the features

    u_r = R_r σ(cos(φ_r + θ/2)),    v_r = R_r σ(cos(φ_r − θ/2)).

With Θ the angle between the vectors u and v, with s(q) = `mean_square(q)` and by the
exchangeability of the units, conditioning on what unit 1 does gives

    κ_B = s(d) (sin θ + (π − θ) cos θ)/4π · (1 − E[u_1 v_1 Θ]/(π E[u_1 v_1])),
    κ_A = s(h1)/4 · cos θ · ((1 − θ/π) (1 − E[Θ]/π) + (2θ/π²) E'[û_1² cot Θ]),

where E has unit 1 active on both rows and E' has it active on x alone. No indicator
is left to sample, the mean of u_1 v_1 is known, and the ends are: κ_B(0) = s(d)/4,
κ_A(0) = s(h1)/4, κ(π) = 0.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincinv
from torch import Tensor
from torch.quasirandom import SobolEngine

from overparam_sk.networks.arc_cosine import angles
from overparam_sk.networks.kong_2019 import RowNorm
from overparam_sk.networks.kong_2019_expected import mean_square

__all__ = ["MOST_UNITS", "N_SCRAMBLES", "AngularKernels", "infinite_kernels"]

N_SCRAMBLES = 8
# The points have up to 3 coordinates a unit.
MOST_UNITS = SobolEngine.MAXDIM // 3
DEGREE = 24  # of the polynomials in θ
# Numbers of a block of points: the points of many units are not held at once.
_CHUNK_ELEMENTS = 2**20

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AngularKernels:
    """κ_B and κ_A as polynomials in θ, one pair for each scramble of the points.

    Parameters
    ----------
    coefficients : ndarray of shape (n_scrambles, 2, DEGREE + 1)
        In Chebyshev polynomials on [0, π].
    """

    coefficients: Array

    def gram_parts(
        self, X: Tensor, Y: Tensor, scramble: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """The two parts of H∞ (eq. 17), in the order of Prop. 1.

        Parameters
        ----------
        X : Tensor of shape (n, d), float64
        Y : Tensor of shape (p, d), float64
        scramble : int, default=None
            Take κ from this scramble alone instead of the mean over all: the scatter
            of what follows is its integration error.

        Returns
        -------
        B_part, A_part : Tensor of shape (n, p), float64
        """
        theta = angles(X, Y)[1].numpy()
        norms = torch.outer(X.norm(dim=1), Y.norm(dim=1))
        B_part, A_part = (norms * torch.from_numpy(k) for k in self(theta, scramble))
        return B_part, A_part

    def __call__(self, theta: Array, scramble: int | None = None) -> Array:
        """κ_B and κ_A at the angles ``theta``, shape (2, ...)."""
        chosen = self.coefficients
        of = chosen.mean(axis=0) if scramble is None else chosen[scramble]
        values: Array = chebyshev.chebval(2 * theta / math.pi - 1, of.T)
        return values

    def slopes(self, theta: Array) -> Array:
        """Derivatives of κ_B and κ_A in the angle, shape (2, ...)."""
        of = chebyshev.chebder(self.coefficients.mean(axis=0), axis=1)
        x = 2 * theta / math.pi - 1
        values: Array = chebyshev.chebval(x, of.T).astype(float)
        return values * (2 / math.pi)

    def standard_errors(self, theta: Array) -> Array:
        """Standard errors of κ_B and κ_A over the scrambles, shape (2, ...)."""
        values = [self(theta, scramble) for scramble in range(len(self.coefficients))]
        errors: Array = np.std(values, axis=0, ddof=1) / len(values) ** 0.5
        return errors


@lru_cache(maxsize=32)
def infinite_kernels(
    h1: int, d: int, row_norm: RowNorm, n_points: int, seed: int
) -> AngularKernels:
    """Tabulate κ_B and κ_A.

    Parameters
    ----------
    h1 : int
        Width of the first hidden layer.
    d : int
        Number of columns of X; without effect if ``row_norm`` is None.
    row_norm : {"clip", "unit", None}
        How the rows of A and of B are scaled.
    n_points : int
        Sobol points of each scramble; a power of two.
    seed : int
        Of the scrambles.
    """
    nodes = -np.cos(np.pi * np.arange(DEGREE + 1) / DEGREE)
    theta = (nodes + 1) * (math.pi / 2)
    shapes = np.zeros((N_SCRAMBLES, 2, DEGREE + 1))
    shapes[:, :, 0] = 1
    seeds = np.random.SeedSequence(seed).generate_state(N_SCRAMBLES)
    for shape, scramble in zip(shapes, seeds.tolist(), strict=True):
        shape[:, 1:-1] = _shapes(theta[1:-1], h1, d, row_norm, n_points, scramble)
    at_zero = np.array([[mean_square(d, row_norm)], [mean_square(h1, row_norm)]]) / 4
    basis = chebyshev.chebvander(nodes, DEGREE)
    values = shapes * at_zero
    coefficients = np.linalg.solve(basis, values[..., None])[..., 0].astype(float)
    coefficients.setflags(write=False)
    return AngularKernels(coefficients)


def _shapes(
    theta: Array, h1: int, d: int, row_norm: RowNorm, n_points: int, seed: int
) -> Array:
    """κ(θ)/κ(0) of both parts from one scramble, shape (2, len(theta))."""
    n_coordinates = (3 if row_norm == "clip" else 2) * h1
    engine = SobolEngine(n_coordinates, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    # PyTorch rounds the first point to its default dtype, which is float32 here.
    first = engine.quasi.float() / 2**engine.MAXBIT
    sums = np.zeros((len(theta), 4))
    size = max(1, _CHUNK_ELEMENTS // n_coordinates)
    for start in range(0, n_points, size):
        # Sobol points lie on a grid of step 2⁻³⁰; half a step keeps them off 0.
        draw = engine.draw(min(size, n_points - start), dtype=torch.float64)
        if start == 0:
            draw[0] = first
        draw += 2.0**-31
        turns, R = draw[:, :h1], _radii(draw[:, h1:], h1, d, row_norm)
        for at, sum_ in zip(theta.tolist(), sums, strict=True):
            sum_ += _unit_sums(at, turns, R)
    product, angle_product, angle, outside = sums.T
    shape_B = np.sin(theta) / math.pi + (1 - theta / math.pi) * np.cos(theta)
    shape_B *= 1 - angle_product / (math.pi * product)
    shape_A = (1 - theta / math.pi) * (1 - angle / (math.pi * n_points))
    shape_A += 2 * theta / math.pi**2 * outside / n_points
    return np.stack([shape_B, np.cos(theta) * shape_A])


def _unit_sums(theta: float, turns: Tensor, R: Tensor) -> Array:
    """Sums over points of u_1 v_1, u_1 v_1 Θ, Θ under E and û_1² cot Θ under E'."""
    phi = 2 * math.pi * turns[:, 1:]
    u = R[:, 1:] * torch.cos(phi + theta / 2).clamp_min_(0)
    v = R[:, 1:] * torch.cos(phi - theta / 2).clamp_min_(0)
    uu, vv, uv = u.square().sum(1), v.square().sum(1), (u * v).sum(1)

    turn, R1 = turns[:, 0], R[:, 0]
    psi = (math.pi - theta) * turn  # active on both
    u1, v1 = R1 * torch.sin(psi + theta), R1 * torch.sin(psi)
    u1v1 = u1 * v1
    length = ((uu + u1.square()) * (vv + v1.square())).sqrt_()
    angle = torch.arccos(((uv + u1v1) / length).clamp_max_(1))

    u1u1 = (R1 * torch.sin(theta * turn)).square()  # active on x alone
    # |u||v| sin Θ. Unit 1 adds a positive term to what rounding may have made negative.
    sine = (uu * vv - uv.square()).clamp_min_(0).add_(u1u1 * vv).sqrt_()
    outside = torch.where(vv > 0, uv * u1u1 / ((uu + u1u1) * sine), 0.0)
    sums = [u1v1.sum(), (u1v1 * angle).sum(), angle.sum(), outside.sum()]
    return torch.stack(sums).numpy()


def _radii(draw: Tensor, h1: int, d: int, row_norm: RowNorm) -> Tensor:
    """Norm of each row of A in the plane of two rows of X, from uniform numbers.

    R² is χ²_2 (None), or the row's squared norm times a Beta(1, (d − 2)/2) share. On a
    line, d = 1, κ is asked for at its ends only, where it does not depend on R.
    """
    left = torch.log1p(-draw[:, :h1])
    if row_norm is None:
        return (-2 * left).sqrt_()
    share = -torch.expm1(left * 2 / (d - 2)) if d > 2 else torch.ones_like(left)
    if row_norm == "clip":
        share *= _clipped_chi_square(draw[:, h1:], d)
    return share.sqrt_()


def _clipped_chi_square(draw: Tensor, d: int) -> Tensor:
    """min(1, χ²_d) from uniform numbers, by inversion."""
    inside = draw < float(gammainc(d / 2, 0.5))
    values = torch.ones_like(draw)
    values[inside] = 2 * torch.from_numpy(gammaincinv(d / 2, draw[inside].numpy()))
    return values
