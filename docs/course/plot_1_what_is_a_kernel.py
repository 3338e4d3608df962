r"""
1. What is a kernel?
====================

*A million random neurons give every point a million new coordinates. What
does a linear method that uses all of them learn, and can it be had without
the neurons?*

Everything in this course rests on one idea: what a linear method makes of
its features depends on them through inner products alone. So when a network
gets so wide that nobody wants to write its features down, one function of
two points is all there is to know of them: its kernel. In this lesson you
meet two of them, check both against random neurons, and solve a regression
and a classification with a network of infinitely many.

You need linear algebra, a bit of Python, and what gradient descent is.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm import SVC

from overparam_sk import InfiniteWidthKernel
from overparam_sk.datasets import make_xor_balls

plt.style.use("overparam_sk.drawing.displays")
rng = np.random.default_rng(0)

# %%
# Features and inner products
# ---------------------------
#
# A *feature map* :math:`\varphi` gives a point :math:`x` new coordinates. A
# *kernel* is the inner product of what it gives,
#
# .. math::
#
#    K(x, y) = \langle \varphi(x), \varphi(y) \rangle .
#
# For numbers, :math:`\varphi(x) = (1, \sqrt2\, x, x^2)` has the kernel
# :math:`1 + 2xy + x^2y^2 = (1 + xy)^2`: one multiplication and one square
# instead of three coordinates.

x, y = 0.7, -1.9


def features(x):
    return np.array([1, np.sqrt(2) * x, x**2])


print(f"inner product of the features  {features(x) @ features(y):.6f}")
print(f"(1 + xy)²                      {(1 + x * y) ** 2:.6f}")

# %%
# A linear method finds weights :math:`\beta` for the features from rows
# :math:`x_1, \dots, x_n` with targets :math:`y_1, \dots, y_n`. Gradient
# descent from :math:`\beta = 0` moves :math:`\beta` along the features of
# the rows only, so that :math:`\beta = \sum_s \alpha_s \varphi(x_s)`, and
# what it predicts is
#
# .. math::
#
#    f(x) = \langle \beta, \varphi(x) \rangle = \sum_{s=1}^{n} \alpha_s K(x, x_s) .
#
# There are as many :math:`\alpha_s` as rows, however many features there
# are. That the features may be a million, or infinitely many, is no longer
# an obstacle.

# %%
# Two kernels of random neurons
# -----------------------------
#
# Take one hidden layer of :math:`m` units with random weights
# :math:`w_r \sim N(0, I)`. Two inner products belong to it.
#
# The *outputs of its units*, :math:`\varphi_r(x) = \mathrm{ReLU}(\langle
# w_r, x \rangle)/\sqrt m`, are what a linear readout sees. The mean over
# units tends to an expectation as :math:`m` grows, which only depends on
# the norms of the points and on the angle :math:`\theta` between them:
#
# .. math::
#
#    \frac1m \sum_{r=1}^m \mathrm{ReLU}(\langle w_r, x \rangle)\,
#    \mathrm{ReLU}(\langle w_r, y \rangle) \to
#    \frac{|x||y|}{2\pi} \left( \sin\theta + (\pi - \theta) \cos\theta \right) .
#
# The *gradients in its weights* are what matters when the hidden layer
# itself is trained. In the network of Li and Liang (2018, section 3),
# :math:`f_i(x) = \sum_r a_{i,r}\, \mathrm{ReLU}(\langle w_r, x \rangle)`,
# the gradient in :math:`w_r` is :math:`a_{i,r}\, 1\{\langle w_r, x \rangle
# > 0\}\, x` (their eq. 1 without the loss), where :math:`a_{i,r} \sim
# N(0, 1)`. The inner product of the gradients at :math:`x` and at
# :math:`y`, in the mean over units :math:`r` and classes :math:`i`, tends to
#
# .. math::
#
#    \langle x, y \rangle \, P\left(\langle w, x \rangle > 0, \langle w, y \rangle > 0
#    \right) = \langle x, y \rangle \, \frac{\pi - \theta}{2\pi} .
#
# The first is the *arc-cosine kernel* of degree 1, the second that of
# degree 0 times the inner product. ``InfiniteWidthKernel`` computes both:
# the first is its part ``"readout"``, the second what it has by default.

points = rng.normal(size=(2, 5))
first, second = points[:1], points[1:]
outputs = InfiniteWidthKernel("li_liang_2018", part="readout")
gradients = InfiniteWidthKernel("li_liang_2018")

print("units     outputs  gradients")
for m in (100, 10_000, 1_000_000):
    before = rng.normal(size=(m, 5)) @ points.T
    of_outputs = np.mean(np.maximum(before, 0).prod(axis=1))
    of_gradients = first @ second.T * np.mean((before > 0).all(axis=1))
    print(f"{m:<9} {of_outputs:7.4f}  {of_gradients.item():9.4f}")
exact = outputs(first, second).item(), gradients(first, second).item()
print(f"infinite  {exact[0]:7.4f}  {exact[1]:9.4f}")

# %%
# Now for all angles. Both points have norm 1; the crosses are one draw of
# 100 units, the lines the kernels.

angles = np.linspace(0, np.pi, 25)
circle = np.column_stack([np.cos(angles), np.sin(angles)])
before = circle @ rng.normal(size=(2, 100))
shown = {
    "outputs of the units": (outputs, np.maximum(before, 0)),
    "gradients in their weights": (gradients, before > 0),
}

figure, axes = plt.subplots(
    1, 2, figsize=(7.5, 3.4), sharex=True, sharey=True
)
for ax, (name, (kernel, units)) in zip(axes, shown.items(), strict=True):
    drawn = (units * units[0]).mean(axis=1)
    if kernel is gradients:
        drawn = drawn * circle[:, 0]
    ax.plot(
        np.degrees(angles),
        kernel(circle[:1], circle)[0],
        label="infinite width",
    )
    ax.plot(
        np.degrees(angles),
        drawn,
        "x",
        color="black",
        label="100 random units",
    )
    ax.set(title=name, xlabel="angle between both points (degrees)")
    ax.set_xticks(range(0, 181, 45))
axes[0].set_ylabel("kernel")
axes[0].legend()
plt.show()

# %%
# How wide is wide enough?
# ------------------------
#
# A mean of :math:`m` independent numbers is off by about :math:`1/\sqrt m`.
# For a whole matrix of kernel values between rows, the same: here the
# relative error of the matrix of 50 rows, in the mean of 10 draws.

rows = rng.normal(size=(50, 10))
limit = gradients(rows)
widths = np.array([30, 100, 300, 1000, 3000, 10_000])
errors = []
for m in widths:
    draws = []
    for _ in range(10):
        on = (rows @ rng.normal(size=(10, m)) > 0).astype(float)
        drawn = rows @ rows.T * (on @ on.T) / m
        draws.append(np.linalg.norm(drawn - limit) / np.linalg.norm(limit))
    errors.append(np.mean(draws))
slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
print(f"error at m = {widths[-1]}: {errors[-1]:.4f}, slope {slope:.2f}")

figure, ax = plt.subplots(figsize=(6, 3.6))
ax.loglog(widths, errors, "o", label="measured, mean of 10 draws")
ax.loglog(
    widths, errors[0] * (widths / 30) ** -0.5, "k--", label="slope −1/2"
)
ax.set(xlabel="units m", ylabel="relative error of the kernel matrix")
ax.legend()
plt.show()

# %%
# Kernel regression: a network without a network
# ----------------------------------------------
#
# Ridge regression on features is the same as ridge regression with their
# kernel, which is scikit-learn's ``KernelRidge``. So a readout trained on
# 20, 200 or 20 000 random units must come closer and closer to one curve,
# that of the kernel. A constant 1 beside :math:`x` gives the units their
# thresholds.

x_train = rng.uniform(-2, 2, 12)
targets = np.sin(2 * x_train)
grid = np.linspace(-3, 3, 200)


def with_one(x):
    return np.column_stack([x, np.ones_like(x)])


ridge = KernelRidge(alpha=1e-3, kernel=outputs).fit(
    with_one(x_train), targets
)
curve = ridge.predict(with_one(grid))

figure, axes = plt.subplots(
    1, 3, figsize=(7.5, 3), sharex=True, sharey=True
)
for ax, m in zip(axes, (20, 200, 20_000), strict=True):
    W = rng.normal(size=(2, m))
    phi, phi_grid = (
        np.maximum(with_one(x) @ W, 0) / np.sqrt(m) for x in (x_train, grid)
    )
    alpha = np.linalg.solve(phi @ phi.T + 1e-3 * np.eye(12), targets)
    learnt = phi_grid @ phi.T @ alpha
    print(
        f"{m:<6} units: at most {np.abs(learnt - curve).max():.3f} off the kernel's"
    )
    ax.plot(grid, curve, color="black", label="kernel")
    ax.plot(
        grid, learnt, "--", color="C1", linewidth=2, label="random units"
    )
    ax.plot(x_train, targets, "o", color="C0", label="rows")
    ax.set(title=f"{m} units", xlabel="x")
axes[0].set(ylabel="f(x)", ylim=(-3, 4))
axes[0].legend(fontsize="small")
plt.show()

# %%
# Beyond the rows both go on along lines that are nearly straight, as a ReLU
# does. A kernel is an assumption about functions, and this one says:
# piecewise smooth, linear far away.

# %%
# A class that no line separates
# ------------------------------
#
# Appendix C of Li and Liang has four balls in the plane, two of each class,
# as in XOR (their Figure 3). No line separates the classes: at best it cuts
# off one ball. A support vector machine with the kernel of the gradients
# does, with the constant 1 that gives units a threshold; and it is this
# very kernel that the next lesson will find inside a wide network.

X, labels = make_xor_balls(200, radius=0.3, random_state=0)
machines = {
    "a line": SVC(kernel="linear"),
    "the gradients' kernel": SVC(
        kernel=InfiniteWidthKernel(fit_intercept=True), C=100
    ),
}
plane = np.stack(np.meshgrid(*2 * [np.linspace(-1, 3, 80)]), axis=-1)

figure, axes = plt.subplots(1, 2, figsize=(7, 4), sharex=True, sharey=True)
for ax, (name, machine) in zip(axes, machines.items(), strict=True):
    share = machine.fit(X, labels).score(X, labels)
    print(f"{name:22} classifies {share:.0%} of the rows")
    side = machine.decision_function(plane.reshape(-1, 2)).reshape(80, 80)
    ax.contourf(
        plane[..., 0], plane[..., 1], side > 0, 1, cmap="Greys", alpha=0.3
    )
    for label, marker in enumerate("ox"):
        chosen = X[labels == label]
        ax.plot(*chosen.T, marker, markersize=5, label=f"class {label}")
    ax.set(title=name, xlabel="first column", aspect="equal")
axes[0].set_ylabel("second column")
axes[0].legend(loc="center")
plt.show()

# %%
# Summary
# -------
#
# - What a linear method learns depends on its features through their inner
#   products, the kernel.
# - Random ReLU units have two: that of their outputs, and that of the
#   gradients in their weights. Both have a closed form in the angle between
#   two points.
# - :math:`m` units have them up to an error of order :math:`1/\sqrt m`.
# - With the kernel, a network of infinite width is a regression with as
#   many unknowns as rows.
#
# What this lesson has not shown is that *training* a network, all of whose
# weights move, has anything to do with a kernel. That is lesson 2.

# %%
# Exercises
# ---------
#
# **Exercise 1.** Show that :math:`P(\langle w, x \rangle > 0, \langle w, y
# \rangle > 0) = (\pi - \theta)/2\pi` for :math:`w \sim N(0, I)`. Hint: only
# the plane of :math:`x` and :math:`y` matters. Check it for :math:`\theta =
# 60°`.
#
# **Exercise 2.** Why has a kernel matrix no negative eigenvalue? For which
# pairs of rows is the gradients' kernel matrix singular: the rows :math:`x`
# and :math:`2x`, or :math:`x` and :math:`-x`?
#
# **Exercise 3.** How many units does it take to know the gradients' kernel
# of two orthogonal directions, that is :math:`P(\cdot) = 1/4`, with a
# standard error of one per cent of it? Compute it, and measure.
#
# **Exercise 4.** If the readout is trained as well as the hidden layer,
# there are more gradients. What is the kernel then? Check it with
# ``train_readout=True``.

# %%
# Solutions
# ---------
#
# Try the exercises first.

# %%
# Solution 1
# ^^^^^^^^^^
#
# The projection of :math:`w` on the plane of :math:`x` and :math:`y` has a
# direction that is uniform on a circle. :math:`\langle w, x \rangle > 0` is
# a half circle of directions, :math:`\langle w, y \rangle > 0` another,
# turned by :math:`\theta`. They share an arc of :math:`\pi - \theta` out of
# :math:`2\pi`.

theta = np.radians(60)
pair = np.array([[1, 0], [np.cos(theta), np.sin(theta)]])
both = (rng.normal(size=(1_000_000, 2)) @ pair.T > 0).all(axis=1).mean()
print(
    f"measured {both:.4f}, (π − θ)/2π = {(np.pi - theta) / (2 * np.pi):.4f}"
)

# %%
# Solution 2
# ^^^^^^^^^^
#
# With :math:`\Phi` the matrix of the rows' features, :math:`v^T K v = v^T
# \Phi \Phi^T v = |\Phi^T v|^2 \ge 0` for every :math:`v`. It is 0 if and
# only if the features of the rows are linearly dependent. The gradients of
# :math:`2x` are twice those of :math:`x`: the same units are on. Those of
# :math:`-x` are orthogonal to them: no unit is on for both. ReLU is
# positively homogeneous, so that without a constant 1 a network cannot tell
# :math:`2x` from twice :math:`x`.

x = np.array([1.0, 2.0])
for name, rows_of_two in {
    "x and 2x": [x, 2 * x],
    "x and −x": [x, -x],
}.items():
    values = np.linalg.eigvalsh(gradients(np.array(rows_of_two)))
    print(f"{name}: eigenvalues {np.abs(values.round(10))}")

# %%
# Solution 3
# ^^^^^^^^^^
#
# A unit is on for both with probability :math:`p = 1/4`: the mean of
# :math:`m` such has the standard deviation :math:`\sqrt{p(1 - p)/m}`, which
# is one per cent of :math:`p` at :math:`m = 10^4 (1 - p)/p`.

p = 1 / 4
m = round(1e4 * (1 - p) / p)
shares = [
    (rng.normal(size=(m, 2)) > 0).all(axis=1).mean() for _ in range(300)
]
print(
    f"m = {m}: relative standard deviation of 300 draws {np.std(shares) / p:.4f}"
)

# %%
# Solution 4
# ^^^^^^^^^^
#
# The gradient of :math:`f` in the readout's weights is the outputs of the
# units. Inner products of longer vectors add up: the kernel is the sum of
# the two.

together = InfiniteWidthKernel("li_liang_2018", train_readout=True)
difference = together(rows) - (outputs(rows) + gradients(rows))
print(f"largest difference from the sum: {np.abs(difference).max():.1e}")
