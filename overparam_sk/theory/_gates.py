"""K19's flow where patterns are given: a smooth field, and what holds a unit at 0.

Where a pre-activation z is 0 the gradient of the loss jumps, by c·∇z from the inactive
to the active side. With c < 0 both sides may push z back to 0; the flow then stays
there, and its velocity is the projection onto the tangent space of z = 0: minus the
element of least norm of the loss's Clarke subdifferential, in which the unit's gate is
some share between 0 and 1.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from torch import Tensor

from overparam_sk.networks import (
    Forward,
    forward,
    preactivation_gradients,
    through_gates,
)

__all__ = ["Contact", "Field", "Piece"]

Floats = NDArray[np.float64]

# Shares of the largest pre-activation, and of a gate.
_ROUNDING = 1e-14
_SHARE = 1e-10


class Contact(NamedTuple):
    """A unit on a row, by the layer's index, the row and the unit."""

    layer: int
    row: int
    unit: int


@dataclass(frozen=True)
class Field:
    """Eqs. 4 and 5 for A and B as one vector, in float64.

    Parameters
    ----------
    X : Tensor of shape (n, d)
        A column of ones included, if there is an intercept.
    y : Tensor of shape (n,)
    w : Tensor of shape (h2,)
    h1 : int
    """

    X: Tensor
    y: Tensor
    w: Tensor
    h1: int

    def layers(self, state: Floats) -> tuple[Tensor, Tensor]:
        """A and B, views of the vector."""
        size = self.h1 * self.X.shape[1]
        flat = torch.from_numpy(state)
        return flat[:size].view(self.h1, -1), flat[size:].view(-1, self.h1)

    def at(self, state: Floats) -> Forward:
        """Forward pass with the patterns that the weights have."""
        A, B = self.layers(state)
        return forward(self.X @ A.T, B, self.w)

    def velocity(self, at: Forward) -> Floats:
        """Minus the gradient of the loss."""
        dZ, dB = preactivation_gradients(at, self.w, at.u - self.y)
        both = torch.cat([(dZ.T @ self.X).flatten(), dB.flatten()])
        found: Floats = both.neg_().numpy()
        return found

    def __call__(self, t: float, state: Floats) -> Floats:
        """Velocity with the patterns that the weights have."""
        return self.velocity(self.at(state))


@dataclass(frozen=True)
class Piece:
    """The flow while the patterns are these.

    Parameters
    ----------
    field : Field
    S1, S2 : Tensor of shape (n, h1) and (n, h2)
        0.0 or 1.0.
    held : tuple of Contact
        What is held at 0; their gates are 0 in S1 and S2.
    """

    field: Field
    S1: Tensor
    S2: Tensor
    held: tuple[Contact, ...] = ()

    @classmethod
    def of(cls, field: Field, state: Floats) -> "Piece":
        """With the patterns that the weights have."""
        A, _ = field.layers(state)
        S1 = (field.X @ A.T).gt(0).double()
        return cls(field, S1, field.at(state).S2)

    def __call__(self, t: float, state: Floats) -> Floats:
        """Velocity."""
        return self._velocity(state)[0]

    def margins(self, state: Floats) -> Floats:
        """What falls to 0 where this piece ends, flat.

        How far each pre-activation, of the first layer and then of the second, is on
        the side that its pattern says; infinite for those held. Then for each of these
        how far its share is inside [0, 1].
        """
        A, B = self.field.layers(state)
        Z = self.field.X @ A.T
        sides = [(2 * self.S1 - 1) * Z, (2 * self.S2 - 1) * ((self.S1 * Z) @ B.T)]
        for layer, row, unit in self.held:
            sides[layer][row, unit] = np.inf
        shares = self.shares(state)
        inside = np.minimum(shares, 1 - shares)
        return np.concatenate([*(side.numpy().ravel() for side in sides), inside])

    def slack(self, state: Floats) -> Floats:
        """By how much rounding may lower a margin.

        More in the second layer: where the last unit on a row goes off, all units
        above it come to 0 with it, and the cause is to be found first.
        """
        A, B = self.field.layers(state)
        first = float((self.field.X @ A.T).abs().max()) * _ROUNDING
        second = 10 * first * float(B.abs().max()) * len(A)
        sizes = (self.S1.numel(), self.S2.numel(), len(self.held))
        return np.repeat([first, second, _SHARE], sizes)

    def contact(self, place: int) -> Contact:
        """Whose margin has that place."""
        n, h1 = self.S1.shape
        if place < n * h1:
            return Contact(0, *divmod(place, h1))
        place -= n * h1
        if place < self.S2.numel():
            return Contact(1, *divmod(place, self.S2.shape[1]))
        return self.held[place - self.S2.numel()]

    def shares(self, state: Floats) -> Floats:
        """Gates of those held: how much of each unit's gradient is in the velocity."""
        if not self.held:
            return np.zeros(0)
        multiples, at = self._velocity(state)[1], self._forward(state)
        shares = np.zeros(len(self.held))
        for _ in range(2):  # those of the first layer need those of the second
            shares = multiples / self._jumps(state, at, shares)
        return shares

    def after(self, state: Floats, met: Contact) -> "Piece":
        """The piece that follows where ``met`` has come to 0, or left its share."""
        if met in self.held:
            share = self.shares(state)[self.held.index(met)]
            others = tuple(one for one in self.held if one != met)
            return Piece(self.field, self.S1, self.S2, others)._with(met, share > 0.5)
        active = bool((self.S1, self.S2)[met.layer][met.row, met.unit])
        opened = self._opened(state, met)
        across = opened._with(met, not active)
        rises = float(across._slopes(state, met)[0] @ across(0.0, state)) > 0
        if rises != active:  # as the other side has it, too
            return across._settled(state)
        off = opened._with(met, False)
        return Piece(off.field, off.S1, off.S2, (*off.held, met))._settled(state)

    def _settled(self, state: Floats) -> "Piece":
        """Let go of those held that one side or the other takes away."""
        shares = self.shares(state)
        if ((shares >= 0) & (shares <= 1)).all():
            return self
        at, slopes = self._forward(state), self._slopes(state, *self.held)
        free, shares = self.field.velocity(at), shares.clip(0, 1)
        for _ in range(2):
            jumps = self._jumps(state, at, shares)
            box = lsq_linear(slopes.T * jumps, -free, (0, 1), method="bvls", tol=1e-14)
            shares = box.x
        ends = list(zip(self.held, box.active_mask, strict=True))
        piece = Piece(self.field, self.S1, self.S2, tuple(o for o, e in ends if not e))
        for one, end in ends:
            piece = piece._with(one, end > 0) if end else piece
        return piece

    def _with(self, one: Contact, active: bool) -> "Piece":
        """With another pattern of one unit on one row."""
        S1, S2 = self.S1.clone(), self.S2.clone()
        (S1, S2)[one.layer][one.row, one.unit] = float(active)
        return Piece(self.field, S1, S2, self.held)

    def _opened(self, state: Floats, met: Contact) -> "Piece":
        """On a dead row the first unit to wake decides all patterns above it."""
        if met.layer or bool(self._others(met).any()):
            return self
        _, B = self.field.layers(state)
        S2 = self.S2.clone()
        S2[met.row] = (B[:, met.unit] > 0).double()
        return Piece(self.field, self.S1, S2, self.held)

    def _others(self, met: Contact) -> Tensor:
        row = self.S1[met.row].clone()
        row[met.unit] = 0
        return row

    def _forward(self, state: Floats) -> Forward:
        A, B = self.field.layers(state)
        Y = self.S1 * (self.field.X @ A.T)
        return through_gates(Y, self.S1, self.S2, B, self.field.w)

    def _velocity(self, state: Floats) -> tuple[Floats, Floats]:
        """Velocity, and the multiples of the slopes that hold what is held."""
        free = self.field.velocity(self._forward(state))
        if not self.held:
            return free, np.zeros(0)
        slopes = self._slopes(state, *self.held)
        multiples = np.linalg.lstsq(slopes.T, -free)[0].astype(np.float64)
        return free + multiples @ slopes, multiples

    def _slopes(self, state: Floats, *contacts: Contact) -> Floats:
        """∇z in the weights; shape (contacts, weights)."""
        A, B = self.field.layers(state)
        slopes = torch.zeros(len(contacts), len(state), dtype=torch.float64)
        for slope, (layer, row, unit) in zip(slopes, contacts, strict=True):
            x = self.field.X[row]
            of_A, of_B = slope[: A.numel()].view_as(A), slope[A.numel() :].view_as(B)
            if layer == 0:
                of_A[unit] = x
            else:
                on = self.S1[row]
                of_A[:] = (on * B[unit]).unsqueeze(1) * x
                of_B[unit] = on * (A @ x)
        found: Floats = slopes.numpy()
        return found

    def _jumps(self, state: Floats, at: Forward, shares: Floats) -> Floats:
        """By how many ∇z the velocity of those held jumps as they become active."""
        _, B = self.field.layers(state)
        w, S2 = self.field.w, self.S2.clone()
        for (layer, row, unit), share in zip(self.held, shares, strict=True):
            if layer:
                S2[row, unit] = share
        residual = (at.u - self.field.y) * -(B.numel() ** -0.5)
        slopes = (
            w[unit] if layer else (w * S2[row]) @ B[:, unit]
            for layer, row, unit in self.held
        )
        return np.array(
            [
                float(residual[one.row] * of)
                for one, of in zip(self.held, slopes, strict=True)
            ]
        )
