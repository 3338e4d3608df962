r"""
3. How fast does it learn?
==========================

*The target is a sum of three waves. After ten steps the network has most of
one, after a hundred of two, and after five hundred half of the third is
still missing. Why?*

A network that is nearly its kernel learns at rates that its kernel tells
beforehand: they are the eigenvalues of one matrix. This is what Kong (2019)
builds on for networks of two hidden layers. In this lesson you see modes of
the error vanish one after another, meet the largest step and the slowest
rate, and then a network that is too narrow for all of it.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from overparam_sk import (
    InfiniteWidthKernel,
    TwoHiddenReLURegressor,
)
from overparam_sk.datasets import make_unit_sphere
from overparam_sk.diagnostics import gram_matrix, residual_modes
from overparam_sk.theory import gradient_flow

plt.style.use("overparam_sk.drawing.displays")

# %%
# The dynamics of the outputs
# ---------------------------
#
# Kong's network has two hidden layers, :math:`f(x) = (h_1 h_2)^{-1/2}\, w^T
# \mathrm{ReLU}(B\, \mathrm{ReLU}(A x))` (his eq. 1), of which :math:`A` and
# :math:`B` are trained on :math:`L = \frac12 \|u - y\|^2` (eq. 3), where
# :math:`u_i = f(x_i)`. Follow the outputs instead of the weights. By the
# chain rule a small step moves them by
#
# .. math::
#
#    \frac{du}{dt} = H(t)\,(y - u), \qquad H_{ij} = \left\langle \frac{\partial
#    u_i}{\partial (A, B)}, \frac{\partial u_j}{\partial (A, B)} \right\rangle
#
# (eqs. 7 to 9). :math:`H`, the *Gram matrix*, is the kernel matrix of the
# gradients' features of lesson 1. It is positive semi-definite. While it
# stays :math:`H(0)`, with eigenvectors :math:`q_i` and eigenvalues
# :math:`\lambda_i`, every step :math:`\eta` of gradient descent multiplies
# each mode of the residual by a factor of its own:
#
# .. math::
#
#    c_i(t) = \langle q_i, y - u(t) \rangle = (1 - \eta \lambda_i)^t\, c_i(0) .
#
# Our rows are 40 points of a circle, the target three waves. The widths are
# 100 and 500, and ``row_norm=None`` leaves the weights as they are drawn,
# :math:`N(0, 1)`: larger than Kong's, whose rows have norm 1 at most, and
# therefore lazier.

angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
X = np.column_stack([np.cos(angle), np.sin(angle)])
waves = {k: 0.3 * np.sin(k * angle) for k in (1, 3, 6)}
y = sum(waves.values())
wide = {"width1": 100, "width2": 500, "row_norm": None, "random_state": 0}
wide["n_iter_no_change"] = None  # do all steps

start = TwoHiddenReLURegressor(learning_rate=1e-9, max_iter=1, **wide)
H = gram_matrix(start.fit(X, y), X, initial=True)
eigenvalues = np.linalg.eigvalsh(H)[::-1]
print(f"largest eigenvalue of H(0)   {eigenvalues[0]:.2f}")
print(f"smallest                     {eigenvalues[-1]:.4f}")
eta = 0.5 / eigenvalues[0]

figure, axes = plt.subplots(
    1, 3, figsize=(7.5, 3.2), sharex=True, sharey=True
)
for ax, steps in zip(axes, (10, 100, 500), strict=True):
    net = TwoHiddenReLURegressor(learning_rate=eta, max_iter=steps, **wide)
    u = net.fit(X, y).predict(X)
    left = [
        np.dot(wave, y - u) / np.dot(wave, wave) for wave in waves.values()
    ]
    words = ", ".join(
        f"sin {k}φ {share:.0%}"
        for k, share in zip(waves, left, strict=True)
    )
    print(f"after {steps:<3} steps, still to be learnt: {words}")
    ax.plot(np.degrees(angle), y, color="black", label="target")
    ax.plot(np.degrees(angle), u, "--", color="C1", lw=2, label="network")
    ax.set(title=f"{steps} steps", xlabel="angle φ (degrees)")
    ax.set_xticks([0, 120, 240, 360])
axes[0].set_ylabel("output")
lines = axes[0].get_lines()
figure.legend(handles=lines, loc="outside upper center", ncols=2)
plt.show()

# %%
# Mode by mode
# ------------
#
# ``residual_modes`` does the descent again and writes the residual in the
# eigenvectors of :math:`H(0)`, beside the law. Of the 40 modes here are
# three that hold much of the residual: a fast, a slower and a slow one.

looks = np.unique(np.geomspace(1, 500, 25).astype(int))
modes = residual_modes(net, X, y, iterations=looks.tolist())
held = modes.loss_shares[0]
chosen = [
    max(part, key=held.__getitem__)
    for part in (range(2), range(3, 8), range(9, 16))
]

figure, ax = plt.subplots(figsize=(6.5, 4.4))
for i, marker in zip(chosen, "os^", strict=True):
    size, law = (
        np.abs(modes.coefficients[:, i]),
        np.abs(modes.predicted[:, i]),
    )
    words = f"mode {i + 1}, λ = {modes.eigenvalues[i]:.2f}"
    (dots,) = ax.loglog(modes.iterations[1:], size[1:], marker, label=words)
    ax.loglog(modes.iterations[1:], law[1:], color=dots.get_color(), lw=1)
ax.set(
    xlabel="step t",
    ylabel="size of the mode in the residual",
    ylim=(5e-3, 6),
)
figure.legend(
    title="marks: network, lines: law", loc="outside upper center", ncols=3
)
plt.show()
print(f"change of the kernel in 500 steps  {net.gram_drift_:.3f}")

# %%
# At first every mode follows the law. Then the network falls behind it: the
# kernel has moved by the share that was
# printed, which is small beside the large eigenvalues and not small beside
# the others.

# %%
# The slowest rate, and what a theorem makes of it
# ------------------------------------------------
#
# The loss falls at least at the rate of the smallest eigenvalue: by eq.
# (8),
#
# .. math::
#
#    \frac{dL}{dt} = -(y - u)^T H (y - u) \le -2 \lambda_{\min}(H)\, L .
#
# Kong's Theorem 3 rests on that (eq. 45): if :math:`\lambda_{\min}(H(t))
# \ge \lambda_0/2` all the time, with :math:`\lambda_0` the smallest
# eigenvalue of the expected Gram matrix, then :math:`L(t) \le e^{-\lambda_0
# t} L(0)`. This step is true, and it is far from what one sees, since
# hardly any of the loss is in the slowest mode.

t = net.history_["iteration"]
loss = net.history_["loss"]
slowest = loss[0] * (1 - eta * eigenvalues[-1]) ** (2 * t)

figure, ax = plt.subplots(figsize=(6.5, 3.8))
ax.semilogy(t, loss, "o", markersize=4, label="network")
ax.semilogy(t, modes.predicted_loss(t), "k-", label="all modes of H(0)")
ax.semilogy(t, slowest, "k--", label="the slowest mode alone")
ax.set(xlabel="step t", ylabel="loss L")
ax.legend()
plt.show()
print(f"loss after 500 steps: {loss[-1] / loss[0]:.1e} of the first")
print(
    f"by all modes          {modes.predicted_loss([500])[0] / loss[0]:.1e}"
)
print(f"by the slowest        {slowest[-1] / loss[0]:.3f}")

# %%
# The largest step
# ----------------
#
# A mode with :math:`\eta \lambda_i > 2` has a factor below −1: it grows. So
# while :math:`H` stays, every :math:`\eta < 2/\lambda_{\max}` is allowed
# and none above. But :math:`H` does not stay if outputs explode.

figure, ax = plt.subplots(figsize=(6.5, 3.8))
for share, style in {0.5: "-", 1.9: "--", 3.0: ":"}.items():
    net = TwoHiddenReLURegressor(
        learning_rate=share / eigenvalues[0],
        max_iter=60,
        record_every=1,
        **wide,
    ).fit(X, y)
    course = net.history_
    words = f"η λmax = {share}, drift {net.gram_drift_:.2f}"
    ax.semilogy(
        course["iteration"], course["loss"], style, lw=2, label=words
    )
    print(f"{words}: largest loss {course['loss'].max():.1f}")
ax.set(xlabel="step t", ylabel="loss L")
ax.legend()
plt.show()

# %%
# Above the limit the loss rises, and the network then throws itself to
# another place, with another kernel, where the step is small enough. A
# linear method could not.
#
# Kong's theorem is about an infinitely small step, *gradient flow* (eqs. 4
# and 5), which ``gradient_flow`` follows with an error estimate. Gradient
# descent comes to it as :math:`\eta`, in proportion:

rows, targets = make_unit_sphere(20, 100, random_state=0)
kong = {"n_iter_no_change": None, "fit_intercept": False, "random_state": 0}
net = TwoHiddenReLURegressor(5, 100, **kong).fit(rows, targets)
flow = gradient_flow(net, rows, targets, 2)
for step in (0.1, 0.01, 0.001):
    net.set_params(learning_rate=step, max_iter=round(2 / step)).fit(
        rows, targets
    )
    off = np.abs(net.predict(rows) - flow.outputs[-1]).max()
    print(f"step {step:<5}  outputs at t = 2 are {off:.6f} off the flow's")

# %%
# A first layer of five units
# ---------------------------
#
# Kong's claim is that the *second* layer alone need be wide; in his
# experiments the first has five units (section V-A). His Lemma 4 says that
# :math:`\lambda_{\min}(H(0)) \ge \frac34 \lambda_0` with probability
# :math:`1 - \delta` if :math:`h_2` is large enough. Take 50 random rows of
# his synthetic data, and 20 networks for each :math:`h_1`.

rows, targets = make_unit_sphere(50, 100, random_state=0)
print("h1   networks with a dead row   λ_min = 0   median of λ_min")
for h1 in (5, 10, 20, 50):
    dead, smallest = [], []
    for seed in range(20):
        net = TwoHiddenReLURegressor(
            h1,
            1000,
            learning_rate=1e-6,
            max_iter=1,
            **(kong | {"random_state": seed}),
        ).fit(rows, targets)
        dead.append(net.dead_samples_ > 0)
        smallest.append(net.gram_lambda_min_)
    print(
        f"{h1:<4} {np.mean(dead):<25.0%}  {np.mean(np.equal(smallest, 0)):<10.0%}  "
        f"{np.median(smallest):.5f}"
    )

# %%
# A row is *dead* if no unit of the first layer is on for it. It has no
# gradient, its row of :math:`H` is 0, and so is :math:`\lambda_{\min}`:
# always when there is one, and here never else. A row is dead with
# probability :math:`2^{-h_1}`, since :math:`\langle A_r, x \rangle` is as
# often positive as negative. :math:`h_2` does not occur in this: Lemma 4
# cannot be true at a fixed :math:`h_1`, however wide the second layer is.
# It is one of the slips of lesson 5.
#
# With :math:`h_1 = 5` the kernel moves as well, and the law fails:

for h1 in (5, 50):
    net = TwoHiddenReLURegressor(
        h1, 1000, learning_rate=0.01, max_iter=200, **kong
    )
    found = residual_modes(net.fit(rows, targets), rows, targets)
    print(
        f"h1 = {h1:<3} drift of H {net.gram_drift_:5.2f}, loss left "
        f"{found.loss_shares[-1].sum():.3f}, by the law "
        f"{found.predicted_shares[-1].sum():.3f}"
    )

# %%
# The narrow network learns faster than its first kernel says. It is not
# lazy.

# %%
# Summary
# -------
#
# - The outputs follow :math:`du/dt = H (y - u)`. While :math:`H` stays,
#   mode :math:`i` of the residual falls as :math:`(1 - \eta \lambda_i)^t`.
# - Smooth waves belong to large eigenvalues and are learnt first.
# - :math:`\lambda_{\min}` is a guarantee, seldom what happens;
#   :math:`\lambda_{\max}` limits the step.
# - A dead row makes :math:`\lambda_{\min} = 0`, and a narrow first layer
#   has dead rows with a probability that no width of the second layer
#   changes.
#
# So far, all was about the rows that a network is trained on. Lesson 4 asks
# what it knows of others.

# %%
# Exercises
# ---------
#
# **Exercise 1.** Derive the rate of the loss from eq. (8). At the start it
# is :math:`2 \sum_i c_i^2 \lambda_i / \sum_i c_i^2`. Compare that with
# :math:`2 \lambda_{\min}` and with the fall of the loss in a first, very
# small step.
#
# **Exercise 2.** How large must :math:`h_1` be for 50 rows, if the
# probability that any of them is dead shall be at most 0.1? Check the
# formula that you find by 2000 draws of :math:`A`, for independent rows.
#
# **Exercise 3.** Take the kernel of lesson 1 without the constant 1,
# :math:`K(\theta) = \cos\theta\, (\pi - \theta)/2\pi`, on the circle. Its
# eigenvectors are the waves; which of them have the eigenvalue 0, so that
# they are never learnt? Use a Fourier transform of one row of the kernel
# matrix.
#
# **Exercise 4.** Choose the target yourself: the start's outputs plus 0.3
# times an eigenvector of :math:`H(0)`. After how many steps of :math:`\eta`
# should a tenth of it be left, for the first and for the eleventh
# eigenvector? Train so long. Why is the second prediction worse?

# %%
# Solutions
# ---------
#
# Try the exercises first.

# %%
# Solution 1
# ^^^^^^^^^^
#
# :math:`dL/dt = -(y - u)^T du/dt = -(y - u)^T H (y - u) = -\sum_i \lambda_i
# c_i^2`, and :math:`L = \frac12 \sum_i c_i^2`. Every :math:`\lambda_i \ge
# \lambda_{\min}`.

print(f"2 λ_min                      {2 * eigenvalues[-1]:.4f}")
print(f"2 Σ c² λ / Σ c²              {modes.initial_rate:.4f}")
tiny = 1e-6
net = TwoHiddenReLURegressor(learning_rate=tiny, max_iter=1, **wide).fit(
    X, y
)
before, after = net.history_["loss"]
print(f"−d log L / dt, one step      {np.log(before / after) / tiny:.4f}")

# %%
# Solution 2
# ^^^^^^^^^^
#
# Any of :math:`n` independent rows is dead with probability :math:`1 - (1 -
# 2^{-h_1})^n \approx n 2^{-h_1}`, which is at most 0.1 from :math:`h_1 =
# \log_2(10 n) \approx 9` on.

rng = np.random.default_rng(0)
for h1 in (5, 8, 9):
    draws = rng.normal(size=(2000, h1, 100)) @ rows.T
    share = (draws <= 0).all(axis=1).any(axis=1).mean()
    print(
        f"h1 = {h1}: drawn {share:.3f}, formula {1 - (1 - 2.0**-h1) ** 50:.3f}"
    )

# %%
# Solution 3
# ^^^^^^^^^^
#
# The matrix is circulant: every row is the one before, shifted. Its
# eigenvalues are the Fourier coefficients of a row. Odd waves from
# :math:`3\varphi` on have none: without a constant 1 they are never learnt,
# which is why this lesson kept the constant.

row = InfiniteWidthKernel()(X[:1], X)[0]
values = np.fft.rfft(row).real
for k in range(8):
    print(f"wave {k}: eigenvalue {abs(values[k].round(4)):.4f}")

# %%
# Solution 4
# ^^^^^^^^^^
#
# :math:`(1 - \eta \lambda_i)^T = 1/10`. The kernel moves in both cases.
# That is little beside :math:`\lambda_1`, but more than
# :math:`\lambda_{11}`, so that the residual does not stay in its
# eigenvector.

_, vectors = np.linalg.eigh(H)
at_start = start.predict(X)
for i in (0, 10):
    target = at_start + 0.3 * vectors[:, ::-1][:, i]
    steps = int(np.ceil(np.log(0.1) / np.log(1 - eta * eigenvalues[i])))
    net = TwoHiddenReLURegressor(learning_rate=eta, max_iter=steps, **wide)
    left = np.linalg.norm(net.fit(X, target).predict(X) - target) / 0.3
    moved = net.gram_drift_ * np.linalg.norm(H)
    print(
        f"eigenvector {i + 1}: {steps} steps, left {left:.2f}, "
        f"eigenvalue {eigenvalues[i]:.2f}, kernel moved by {moved:.2f}"
    )
