"""Slow, obvious float64 versions of everything fast."""

import math

import numpy as np
import torch
from torch import nn


class TwoLayerReLU(nn.Module):
    """LL18's network as an ordinary module: only W is a parameter."""

    def __init__(self, W, a):
        super().__init__()
        self.W = nn.Parameter(W.clone())
        self.register_buffer("a", a.clone())

    def forward(self, X):
        return torch.relu(X @ self.W.T) @ self.a.T


def plain_sgd(
    W, a, X, y, batches, *, step, weight=None, momentum=0.0, factor=lambda *_: 1.0
):
    """W after plain SGD by autograd and torch.optim, one step a batch of indices.

    ``factor(outputs, batch)`` multiplies the batch's step.
    """
    net = TwoLayerReLU(W, a)
    optimizer = torch.optim.SGD([net.W], lr=step, momentum=momentum)
    weight = torch.ones(len(X), dtype=W.dtype) if weight is None else weight
    for batch in batches:
        optimizer.zero_grad()
        outputs = net(X[batch])
        losses = nn.functional.cross_entropy(outputs, y[batch], reduction="none")
        (weight[batch] * losses).mean().backward()
        net.W.grad *= factor(outputs.detach(), batch)
        optimizer.step()
    return net.W.detach()


def batches_of(permutations, n_rows, batch_size, n_batches):
    """Join permutations into one stream and cut it: the definition, with a list."""
    stream = []
    while len(stream) < n_batches * batch_size:
        stream.extend(next(permutations))
    return [stream[i * batch_size : (i + 1) * batch_size] for i in range(n_batches)]


def jacobian_gram(W, a, X):
    """(1/(k·m)) Σ_i J_i J_iᵀ from autograd's Jacobian of the outputs in W."""
    k, m = a.shape
    jacobian = torch.func.jacrev(lambda V: torch.relu(X @ V.T) @ a.T)(W)  # (n,k,m,d)
    J = jacobian.permute(1, 0, 2, 3).reshape(k, len(X), -1)
    return sum(J_i @ J_i.T for J_i in J) / (k * m)


def gated_linear_kernel(x, y):
    """x·y (π − θ)/2π for two vectors, with math alone."""
    inner = sum(s * t for s, t in zip(x, y, strict=True))
    norms = math.sqrt(sum(s * s for s in x) * sum(t * t for t in y))
    if norms == 0:
        return 0.0
    theta = math.acos(max(-1.0, min(1.0, inner / norms)))
    return inner * (math.pi - theta) / (2 * math.pi)


def activation_change(W, W0, X):
    """Share of changed patterns, pair by pair."""
    W, W0, X = (np.asarray(M) for M in (W, W0, X))
    changed = 0
    for w, w0 in zip(W, W0, strict=True):
        for x in X:
            changed += bool(w @ x > 0) != bool(w0 @ x > 0)
    return changed / (len(W) * len(X))


class TwoHiddenReLU(nn.Module):
    """K19's network as an ordinary module: A and B are parameters."""

    def __init__(self, A, B, w):
        super().__init__()
        self.A = nn.Parameter(A.clone())
        self.B = nn.Parameter(B.clone())
        self.register_buffer("w", w.clone())

    def forward(self, X):
        hidden = torch.relu(torch.relu(X @ self.A.T) @ self.B.T)
        return hidden @ self.w / self.B.numel() ** 0.5


def two_hidden_gram_parts(A, B, w, X):
    """J Jᵀ for the Jacobians of K19's outputs in B and in A, by torch.func."""

    def outputs(A, B):
        return torch.relu(torch.relu(X @ A.T) @ B.T) @ w / B.numel() ** 0.5

    jacobians = torch.func.jacrev(outputs, argnums=(1, 0))(A, B)
    flat = [J.reshape(len(X), -1) for J in jacobians]
    return [J @ J.T for J in flat]


def gradient_descent(A, B, w, X, y, n_steps, *, step, weight=None, momentum=0.0):
    """(A, B) and the losses before each step, by autograd and torch.optim.SGD."""
    net = TwoHiddenReLU(A, B, w)
    optimizer = torch.optim.SGD(net.parameters(), lr=step, momentum=momentum)
    weight = torch.ones_like(y) if weight is None else weight
    losses = []
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = (weight * (net(X) - y) ** 2).sum() / 2
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return net.A.detach(), net.B.detach(), losses


def dead_samples(W, X):
    """Rows on which no unit of the first layer is active, row by row."""
    W, X = np.asarray(W), np.asarray(X)
    return sum(not any(w @ x > 0 for w in W) for x in X)
