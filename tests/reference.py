"""Slow, obvious float64 versions of everything fast."""

import math

import numpy as np
import scipy.linalg
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


class LinearizedReLU(nn.Module):
    """LL18's pseudo network g (§5.1): patterns those of W(0), only W is a parameter."""

    def __init__(self, W, a, W0):
        super().__init__()
        self.W = nn.Parameter(W.clone())
        self.register_buffer("a", a.clone())
        self.register_buffer("W0", W0.clone())

    def forward(self, X):
        return ((X @ self.W.T) * (X @ self.W0.T > 0)) @ self.a.T


def plain_sgd(
    W,
    a,
    X,
    y,
    batches,
    *,
    step,
    weight=None,
    momentum=0.0,
    factor=lambda *_: 1.0,
    frozen=False,
):
    """W after plain SGD by autograd and torch.optim, one step a batch of indices.

    ``factor(outputs, batch)`` multiplies the batch's step; ``frozen`` keeps the
    patterns of the W given.
    """
    net = LinearizedReLU(W, a, W) if frozen else TwoLayerReLU(W, a)
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


def scaled_outputs(W, a, X, output_scale, frozen=None):
    """α f; with ``frozen`` = (W(0), a(0)) its linearisation there, in both layers."""
    if frozen is None:
        return output_scale * torch.relu(X @ W.T) @ a.T
    W0, a0 = frozen
    gates = (X @ W0.T > 0).to(X.dtype)
    linear_in_W = ((X @ W.T) * gates) @ a0.T
    return output_scale * (linear_in_W + torch.relu(X @ W0.T) @ (a - a0).T)


def scaled_sgd(
    W,
    a,
    X,
    y,
    batches,
    *,
    step,
    readout_step=0.0,
    output_scale=1.0,
    centered=False,
    weight=None,
    momentum=0.0,
    factor=lambda *_: 1.0,
    frozen=False,
):
    """W and a after SGD on the loss of g = α f or α(f − f(0)), over α².

    By autograd and torch.optim, one step a batch of indices.
    """
    W0, a0 = W, a
    W, a = (part.clone().requires_grad_() for part in (W, a))
    weight = torch.ones(len(X), dtype=W.dtype) if weight is None else weight
    steps = [{"params": [W], "lr": step}, {"params": [a], "lr": readout_step}]
    optimizer = torch.optim.SGD(steps, momentum=momentum)
    at = (W0, a0) if frozen else None
    for batch in batches:
        optimizer.zero_grad()
        g = scaled_outputs(W, a, X[batch], output_scale, at)
        if centered:
            g = g - scaled_outputs(W0, a0, X[batch], output_scale, at)
        losses = nn.functional.cross_entropy(g, y[batch], reduction="none")
        ((weight[batch] * losses).mean() / output_scale**2).backward()
        for part in (W, a):
            part.grad *= factor(g.detach(), batch)
        optimizer.step()
    return W.detach(), a.detach()


def function_space_sgd(K, f0, y, batches, *, c, weight, momentum=0.0):
    """R, and f at the training rows, after SGD in function space: n × n by n × k."""
    R, U = torch.zeros_like(f0), torch.zeros_like(f0)
    for batch in batches:
        f = f0 + K @ R
        step = torch.zeros_like(R)
        for s in batch.tolist():
            residual = torch.softmax(f[s], dim=0)
            residual[y[s]] -= 1
            step[s] -= c / len(batch) * weight[s] * residual
        U = momentum * U + step
        R = R + U
    return R, f0 + K @ R


def batches_of(permutations, n_rows, batch_size, n_batches):
    """Join permutations into one stream and cut it: the definition, with a list."""
    stream = []
    while len(stream) < n_batches * batch_size:
        stream.extend(next(permutations))
    return [stream[i * batch_size : (i + 1) * batch_size] for i in range(n_batches)]


def pseudo_outputs(W, W0, a, X):
    """g of LL18 §5.1: the patterns are those of W0."""
    return ((X @ W.T) * (X @ W0.T > 0)) @ a.T


def gradient(W, a, X, y, weight, W0=None, outputs=None):
    """∂/∂W of the weighted sum of cross-entropies; with W0 the pseudo gradient.

    The residuals are those of f, whatever the patterns (LL18 §5.1), or of ``outputs``.
    """
    if outputs is None:
        outputs = torch.relu(X @ W.T) @ a.T
    residual = torch.softmax(outputs, dim=1)
    residual[torch.arange(len(X)), y] -= 1
    gates = X @ (W if W0 is None else W0).T > 0
    total = torch.zeros_like(W)
    for r in range(len(W)):
        for s in range(len(X)):
            if gates[s, r]:
                total[r] += weight[s] * (residual[s] @ a[:, r]) * X[s]
    return total


def coupling(W, W0, X):
    """Share of units whose pattern is the same on every row, unit by unit."""
    coupled = 0
    for w, w0 in zip(W, W0, strict=True):
        coupled += all(bool(w @ x > 0) == bool(w0 @ x > 0) for x in X)
    return coupled / len(W)


def jacobian_gram(W, a, X):
    """(1/(k·m)) Σ_i J_i J_iᵀ from autograd's Jacobian of the outputs in W."""
    k, m = a.shape
    jacobian = torch.func.jacrev(lambda V: torch.relu(X @ V.T) @ a.T)(W)  # (n,k,m,d)
    J = jacobian.permute(1, 0, 2, 3).reshape(k, len(X), -1)
    return sum(J_i @ J_i.T for J_i in J) / (k * m)


def angle(x, y):
    """The angle between two vectors, by Kahan's formula, with math alone."""
    lengths = math.hypot(*x), math.hypot(*y)
    if 0 in lengths:
        return math.pi / 2
    u, v = ([s / length for s in z] for z, length in zip((x, y), lengths, strict=True))
    difference = math.hypot(*(s - t for s, t in zip(u, v, strict=True)))
    return 2 * math.atan2(difference, math.hypot(*map(sum, zip(u, v, strict=True))))


def gated_linear_kernel(x, y):
    """x·y (π − θ)/2π for two vectors, with math alone."""
    inner = sum(s * t for s, t in zip(x, y, strict=True))
    return inner * (math.pi - angle(x, y)) / (2 * math.pi)


def gated_square(r, u, v):
    """E[b_r² 1{b·u > 0} 1{b·v > 0}] for b ~ N(0, I), by the formula."""
    theta = angle(u, v)
    u_r, v_r = u[r] / math.hypot(*u), v[r] / math.hypot(*v)
    bracket = 2 * u_r * v_r - math.cos(theta) * (u_r**2 + v_r**2)
    return (math.pi - theta + bracket / math.sin(theta)) / (2 * math.pi)


def wide_layer(cov):
    """E[σ(u)σ(v)] and E[σ'(u)σ'(v)] for (u, v) ~ N(0, cov), by a quadrature.

    In polar coordinates of the plane the radius is integrated by hand.
    """
    L = np.linalg.cholesky(cov)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    low, high = math.atan2(-L[1, 0], L[1, 1]), math.pi / 2  # u and v are positive
    phi = (high + low) / 2 + (high - low) / 2 * nodes
    density = (high - low) / 2 * weights / (2 * math.pi)
    u, v = L @ np.stack([np.cos(phi), np.sin(phi)])
    return float(2 * (density * u * v).sum()), float(density.sum())  # E[r²] = 2


def deep_parts(x, y, depth):
    """The parts of W_1, …, W_L and w for two rows, layer by layer in 2 × 2 matrices."""
    cov = np.array([[x @ x, x @ y], [x @ y, y @ y]], dtype=float)
    parts = []
    for _ in range(depth):
        product, gate = wide_layer(cov)
        parts = [part * gate for part in [*parts, cov[0, 1]]]
        cov = np.array([[cov[0, 0] / 2, product], [product, cov[1, 1] / 2]])
    return [*parts, cov[0, 1]]


def flow_ensemble(gram, covariance, n, y, t, *, weight, alpha):
    """Mean and covariance behind the first n rows of an ensemble at the time t.

    ``gram`` (trained layers) and ``covariance`` (of f(0)) are of all rows. The flow of
    the residual is integrated by a matrix exponential, without eigenvectors.
    """
    D = np.diag(np.sqrt(weight))
    M = D @ gram[:n, :n] @ D + alpha * np.eye(n)
    if np.isinf(t):
        G = np.linalg.pinv(M, rcond=1e-12, hermitian=True)
    else:  # ∫_0^t e^{−Ms} ds is a block of the exponential
        block = np.block([[-M, np.eye(n)], [np.zeros((n, 2 * n))]])
        G = scipy.linalg.expm(t * block)[:n, n:]
    B = gram[n:, :n] @ D @ G @ D
    noise = alpha * gram[n:, :n] @ D @ G @ G @ D @ gram[:n, n:]
    moved = B @ covariance[:n, n:]
    spread = covariance[n:, n:] - moved - moved.T + B @ covariance[:n, :n] @ B.T
    return B @ y, spread + noise


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


def alignment(H, targets, weight):
    """Cosine of the angle between H and the centred targets' Gram matrix.

    Pair by pair of rows, each counted as often as the weights of the two say.
    """
    H, Y, s = (np.asarray(part, dtype=float) for part in (H, targets, weight))
    Y = Y.reshape(len(s), -1) - np.average(Y.reshape(len(s), -1), axis=0, weights=s)
    together = of_H = of_targets = 0.0
    for i in range(len(s)):
        for j in range(len(s)):
            pair, product = s[i] * s[j], Y[i] @ Y[j]
            together += pair * H[i, j] * product
            of_H += pair * H[i, j] ** 2
            of_targets += pair * product**2
    return together / np.sqrt(of_H * of_targets)


def two_hidden_gram_parts(A, B, w, X):
    """J Jᵀ for the Jacobians of K19's outputs in B and in A, by torch.func."""

    def outputs(A, B):
        return torch.relu(torch.relu(X @ A.T) @ B.T) @ w / B.numel() ** 0.5

    jacobians = torch.func.jacrev(outputs, argnums=(1, 0))(A, B)
    flat = [J.reshape(len(X), -1) for J in jacobians]
    return [J @ J.T for J in flat]


def expected_two_hidden_gram(A, x, x_other, mean_square):
    """Parts (B, A) of E[H | A] for two rows, term by term: K19 Prop. 1 without p ≠ q.

    ``mean_square`` is E[B_pr²].
    """
    h1 = len(A)
    y, y_other = ([max(0.0, float(a @ z)) for a in A] for z in (x, x_other))
    if not any(y) or not any(y_other):
        return 0.0, 0.0
    B_part = sum(s * t for s, t in zip(y, y_other, strict=True)) / h1
    B_part *= (math.pi - angle(y, y_other)) / (2 * math.pi)
    A_part = 0.0
    for r in range(h1):
        if y[r] > 0 and y_other[r] > 0:
            parallel = angle(y, y_other) < 1e-6  # 0/0 up to rounding; the limit is 1/2
            A_part += 0.5 if parallel else gated_square(r, y, y_other)
    return B_part, float(x @ x_other) * mean_square * A_part / h1


def two_unit_kernels(turns, n_cells):
    """κ_B, κ_A of K19's H∞ for h1 = d = 2 and unit rows, θ = 2π turns / n_cells.

    The two angles of A's rows on a grid of midpoints whose cells end where a pattern
    changes; B is averaged by the formulas.
    """
    theta = 2 * math.pi * turns / n_cells
    phi = 2 * math.pi * (np.arange(n_cells) + 0.5) / n_cells
    pairs = np.stack(np.meshgrid(phi, phi), axis=-1)
    s, t = np.cos(pairs), np.cos(pairs - theta)
    u, v = s.clip(0), t.clip(0)
    lengths = np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1)
    product = (u * v).sum(axis=-1)
    cosine = np.divide(product, lengths, where=lengths > 0, out=np.zeros_like(product))
    big_theta = np.arccos(cosine.clip(-1, 1))
    gates = (math.pi - big_theta) / (2 * math.pi)
    both = ((s > 0) & (t > 0)).sum(axis=-1)
    kappa_B = (product * gates).mean() / 2
    # Two units with a common support of one: 1 or 2 units, the bracket by its formula.
    u_hat, v_hat = (
        np.divide(z, n, where=n > 0, out=np.zeros_like(z))
        for z in (u, v)
        for n in [np.linalg.norm(z, axis=-1, keepdims=True)]
    )
    common = ((u > 0) & (v > 0)) * (
        2 * u_hat * v_hat - cosine[..., None] * (u_hat**2 + v_hat**2)
    )
    sine = np.sin(big_theta)
    bracket = np.divide(
        common.sum(axis=-1), sine, where=sine > 1e-6, out=np.zeros_like(sine)
    )
    squares = both * gates + bracket / (2 * math.pi)
    return kappa_B, math.cos(theta) * squares.mean() / 2 / 2


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


def deep_outputs(layers, w, X):
    """f_i(x) = (Π h_l)^(−1/2) w_iᵀ σ(W_L σ(… σ(W_1 x)))."""
    for W in layers:
        X = torch.relu(X @ W.T)
    return (X @ w if w.ndim == 1 else X @ w.T) / math.prod(map(len, layers)) ** 0.5


def deep_patterns(layers, X):
    """1{Z_l > 0} of every layer."""
    found = []
    for W in layers:
        found.append(X @ W.T > 0)
        X = torch.relu(X @ W.T)
    return found


def deep_gram_parts(layers, w, X, which="mean"):
    """J_l J_lᵀ for each layer: averaged over the outputs, or with these apart."""

    def outputs(*layers):
        return deep_outputs(layers, w, X).reshape(len(X), -1)

    parts = []
    for J in torch.func.jacrev(outputs, argnums=tuple(range(len(layers))))(*layers):
        n, k = J.shape[:2]
        flat = J.reshape(n * k, -1)
        H = flat @ flat.T
        parts.append(H if which == "full" else sum(H[i::k, i::k] for i in range(k)) / k)
    return parts


def gram_parts_with_readout(layers, w, X):
    """The same of the one output, and at the end J Jᵀ in w."""
    Y = X
    for W in layers:
        Y = torch.relu(Y @ W.T)
    return [*deep_gram_parts(layers, w, X), Y @ Y.T / math.prod(map(len, layers))]
