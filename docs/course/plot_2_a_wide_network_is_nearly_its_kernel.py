r"""
2. A wide network is nearly its kernel
======================================

*A network of 3200 units is trained until it makes no error. Its 320 000
weights have moved by four per cent of where they began at random. Where is
what it has learnt?*

Lesson 1 had features that stay as they were drawn. A network changes its
features while it learns, and this is where most of the theory of neural
networks gets stuck. Li and Liang (2018) found a way around: *the wider the
network, the less the features change*, and a wide one is hardly to be told
from a linear method. This is called lazy training. In this lesson you
measure how lazy a network is, why, and what it follows instead.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from overparam_sk import (
    InfiniteWidthReLUClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
)
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.model_selection import fit_power_law, width_study

plt.style.use("overparam_sk.drawing.displays")

# %%
# The network of Li and Liang
# ---------------------------
#
# One hidden layer of :math:`m` units and :math:`k` outputs (section 3):
#
# .. math::
#
#    f_i(x) = \sum_{r=1}^{m} a_{i,r}\, \mathrm{ReLU}(\langle w_r, x \rangle), \qquad
#    w_r(0) \sim N(0, I/m), \quad a_{i,r} \sim N(0, 1) .
#
# The readout :math:`a` stays as drawn. The hidden weights :math:`W = (w_r)`
# are trained by minibatch SGD on the cross-entropy, with the step
# :math:`\eta = c/m`. The gradient of a row's loss is their eq. (1):
#
# .. math::
#
#    \frac{\partial L}{\partial w_r} = \sum_{i} a_{i,r} \left(o_i(x) - 1\{i = y\}\right)
#    1\{\langle w_r, x \rangle > 0\}\, x ,
#
# with :math:`o` the softmax of the outputs. Which units are on for which
# rows, the *activation patterns* :math:`1\{\langle w_r, x \rangle > 0\}`,
# is all that is not linear here.
#
# The data are theirs on a smaller scale: classes that are mixtures of
# Gaussian clusters, rows of norm 1 (section 7 has 10 classes in 1000
# dimensions).

X, y, component, _ = make_clustered_mixture(
    1000,
    100,
    n_classes=5,
    normalize=True,
    return_components=True,
    random_state=0,
)
X, X_test, y, y_test = X[:500], X[500:], y[:500], y[500:]
paper = {
    "learning_rate": 4,
    "batch_size": 16,
    "max_iter": 200,
    "fit_intercept": False,
}

net = OverparamReLUClassifier(3200, random_state=0, **paper).fit(X, y)
print(f"test accuracy                      {net.score(X_test, y_test):.3f}")
print(f"distance from the start            {net.relative_distance_:.4f}")
print(f"patterns that have changed         {net.activation_change_:.4f}")

# %%
# ``relative_distance_`` is :math:`\|W - W(0)\|_F / \|W(0)\|_F`,
# ``activation_change_`` the share of pairs of a unit and a training row
# whose pattern is another than at the start: two of the three figures that
# section 7 of the paper reports.

# %%
# The wider, the lazier
# ---------------------
#
# ``width_study`` fits the network at seven widths with three seeds each,
# and ``fit_power_law`` fits :math:`c\, m^{-p}` to what was measured.

study = width_study(
    {"net": OverparamReLUClassifier(**paper)},
    X,
    y,
    X_test=X_test,
    y_test=y_test,
    values=[50, 100, 200, 400, 800, 1600, 3200],
    repeats=3,
    random_state=0,
)
shown = {
    "relative_distance": ("distance from the start", "o"),
    "activation_change": ("share of patterns changed", "s"),
    "largest_unit_change": ("largest move of a unit", "^"),
}
widths = np.array([fit.value for fit in study.fits])

figure, ax = plt.subplots(figsize=(6.5, 4))
for name, (words, marker) in shown.items():
    law = fit_power_law(study, name)
    found = [fit.scores[name] for fit in study.fits]
    (points,) = ax.loglog(
        widths, found, marker, label=f"{words}: $m^{{-{law.p:.2f}}}$"
    )
    ax.loglog(widths, law(widths), "-", color=points.get_color())
    low, high = law.p_interval
    print(f"{words:25} m^-{law.p:.2f}, exponent in [{low:.2f}, {high:.2f}]")
ax.set(xlabel="width m", ylabel="after 200 steps")
ax.legend()
plt.show()

# %%
# The intervals are a bootstrap's over three seeds, which is few: they hold
# the truth less often than their 95 % say. The exponents can be understood
# without any.
#
# - *A unit moves by about* :math:`1/m`. Its step is :math:`c/m` times a
#   gradient that does not depend on the width.
# - *All units together move by about* :math:`1/\sqrt m` of their norm:
#   :math:`\|W - W(0)\|_F \approx \sqrt m \cdot 1/m`, while
#   :math:`\|W(0)\|_F \approx \sqrt{d}` at any width.
# - *Patterns change as* :math:`1/\sqrt m`. At the start :math:`\langle w_r,
#   x \rangle` is a normal number of size :math:`1/\sqrt m`. To switch it
#   must be within the move, :math:`1/m`, of 0, which has a probability of
#   about :math:`(1/m)/(1/\sqrt m)`.
#
# So every unit does less the more there are, and all of them add up to the
# same outputs. The last of the three is the observation in section 5 of the
# paper: "The more we overparameterize the network, the less likely the
# activation pattern for one neuron and one data point will change in a
# fixed number of iterations."

# %%
# The network beside its linearisation
# ------------------------------------
#
# Freeze the patterns as they were at the start, and the network is linear
# in :math:`W`. That is the *pseudo network* of section 5.1,
#
# .. math::
#
#    g_i(x) = \sum_{r=1}^m a_{i,r} \langle w_r, x \rangle\,
#    1\{\langle w_r(0), x \rangle > 0\} ,
#
# the first-order Taylor expansion of :math:`f` around :math:`W(0)`: a
# linear method on the gradients' features of lesson 1.
# ``LinearizedReLUClassifier`` trains it on the same batches from the same
# start.

figure, axes = plt.subplots(
    1, 3, figsize=(7.5, 3), sharex=True, sharey=True
)
for ax, m in zip(axes, (50, 400, 3200), strict=True):
    f = OverparamReLUClassifier(m, random_state=0, **paper).fit(X, y)
    g = LinearizedReLUClassifier(m, random_state=0, **paper).fit(X, y)
    of_f, of_g = f.decision_function(X_test), g.decision_function(X_test)
    off = np.linalg.norm(of_f - of_g) / np.linalg.norm(of_f)
    same = np.mean(f.predict(X_test) == g.predict(X_test))
    print(
        f"m = {m:<5} outputs differ by {off:.3f}, the same class on {same:.1%}"
    )
    ax.plot(of_g.ravel(), of_f.ravel(), ".", markersize=2)
    ax.axline((0, 0), slope=1, color="black", linestyle="--", linewidth=1)
    ax.set(title=f"m = {m}: {off:.1%} apart", xlabel="pseudo network g(x)")
axes[0].set_ylabel("network f(x)")
plt.show()

# %%
# The gradient beside the pseudo gradient
# ---------------------------------------
#
# The paper's proof is about gradients. The *pseudo gradient* of :math:`f`
# is eq. (1) with the patterns of :math:`W(0)`, and Lemma 5.1 says that it
# *is* the gradient for most units: a unit that no row has switched has the
# same of both. ``history_`` has how far apart both are in all,
# :math:`\|\nabla L - \tilde\nabla L\| / \|\nabla L\|`, at every recorded
# step.

figure, ax = plt.subplots(figsize=(6.5, 3.8))
for m, style in {50: ":", 400: "--", 3200: "-"}.items():
    f = OverparamReLUClassifier(
        m, random_state=0, record_every=5, **paper
    ).fit(X, y)
    course = f.history_
    ax.plot(
        course["iteration"],
        course["pseudo_gradient_error"],
        style,
        label=f"m = {m}",
    )
    print(
        f"m = {m:<5} error at the end {course['pseudo_gradient_error'][-1]:.2f}"
    )
ax.set(
    xlabel="SGD step",
    ylabel="distance of the pseudo gradient\n(share of ‖∇L‖)",
)
ax.set_ylim(bottom=0)
ax.legend(loc=(0.75, 0.55))
plt.show()

# %%
# The pseudo gradient is farther from the gradient than :math:`g` is from
# :math:`f`. A unit that has just switched on a row is still close to 0
# there, so that the output hardly notices. In the gradient it appears or
# disappears with all that it has. Both get closer with width.

# %%
# What it is nearly: the kernel machine
# -------------------------------------
#
# A linear method on the gradients' features only knows their kernel,
# :math:`K(x, y) = \langle x, y \rangle (\pi - \theta)/2\pi` in the limit.
# ``InfiniteWidthReLUClassifier`` is SGD with infinitely many units: a step
# is :math:`f \leftarrow f - (c/B) \sum_s K(\cdot, x_s)(o(x_s) - 1\{y_s\})`
# over its batch. No weights are left, and yet it knows how far those of
# every width go: their distance tends to :math:`c_\infty/\sqrt m`.

limit = InfiniteWidthReLUClassifier(random_state=0, **paper).fit(X, y)
print(f"test accuracy at infinite width  {limit.score(X_test, y_test):.3f}")
for m in (50, 400, 3200):
    fits = [fit for fit in study.fits if fit.value == m]
    measured = np.mean([fit.scores["relative_distance"] for fit in fits])
    print(
        f"m = {m:<5} distance {measured:.4f}, "
        f"from the kernel {limit.distance_constant_ / np.sqrt(m):.4f}"
    )

# %%
# Summary
# -------
#
# - With steps of :math:`c/m`, a unit moves as :math:`1/m`, the relative
#   distance and the share of changed patterns fall as :math:`1/\sqrt m`.
# - Where no pattern changes, a network is linear in its weights. Wide
#   networks are close to that: :math:`f` follows the pseudo network
#   :math:`g`.
# - Their limit is SGD with the gradients' kernel, which foretells the
#   distance.
# - What it has learnt lies in a small change of very many weights, each in
#   its own right next to nothing.
#
# What has *not* been shown: that a network which is not lazy learns worse,
# or better. Exercise 3 leaves the lazy regime. And all is about *these*
# steps: how fast a kernel machine learns is the question of lesson 3.

# %%
# Exercises
# ---------
#
# **Exercise 1.** Show that :math:`f(W) = g(W)` at :math:`W = W(0)` and that
# both have the same gradient there. Compute :math:`g` from its weights, its
# readout and :math:`W(0)` (``initial_weights()``), and compare with
# ``decision_function``.
#
# **Exercise 2.** ``coupling_`` is the share of units that *no* training row
# has switched. Lemma 5.1 is about :math:`k \cdot l` rows, one for each
# cluster. Compare both for the network of 3200 units. Why is the former so
# small although few patterns change?
#
# **Exercise 3.** ``output_scale``, :math:`\alpha`, trains :math:`\alpha (f
# - f(0))`: a small :math:`\alpha` forces the weights to move further for
# the same outputs. Train 800 units with :math:`\alpha` = 0.03, 1 and 30,
# and look at ``gram_drift_``, the change of the kernel, at the patterns and
# at the test accuracy. Which one is lazy?
#
# **Exercise 4.** How long does the coupling last? Train 800 units for 100,
# 400 and 1600 steps and measure the share of changed patterns. Lemma 5.1
# speaks of :math:`t = \tilde O(\tau/\eta)` steps.

# %%
# Solutions
# ---------
#
# Try the exercises first.

# %%
# Solution 1
# ^^^^^^^^^^
#
# :math:`\mathrm{ReLU}(z) = z\, 1\{z > 0\}`, so that :math:`f` and :math:`g`
# have the same terms where the patterns are those of :math:`W(0)`, and both
# derivatives in :math:`w_r` are :math:`a_{i,r} 1\{\langle w_r(0), x \rangle
# > 0\}\, x` (the pattern is constant around all :math:`w_r(0)` for which no
# :math:`\langle w_r(0), x \rangle` is 0).

frozen = X_test @ g.initial_weights().T > 0
by_hand = (frozen * (X_test @ g.hidden_weights_.T)) @ g.readout_weights_.T
difference = np.abs(by_hand - g.decision_function(X_test)).max()
print(f"largest difference {difference:.1e}")

# %%
# Solution 2
# ^^^^^^^^^^
#
# A unit's pattern on 500 rows survives only if none of the 500 lies close
# to its hyperplane: the lemma's bound :math:`1 - e \tau kl/\sigma` gets
# worse with every row. On the ten rows of the lemma most units are as they
# were.

_, first_rows = np.unique(component[:500], return_index=True)
W, W0 = net.hidden_weights_, net.initial_weights()
changed = (X @ W.T > 0) != (X @ W0.T > 0)
print(f"patterns changed                      {changed.mean():.3f}")
print(
    f"units that none of 500 rows switched  {1 - changed.any(axis=0).mean():.3f}"
)
print(f"the same, coupling_                   {net.coupling_:.3f}")
of_ten = changed[first_rows].any(axis=0).mean()
print(
    f"units that none of {len(first_rows)} rows switched   {1 - of_ten:.3f}"
)

# %%
# Solution 3
# ^^^^^^^^^^
#
# The large :math:`\alpha` is lazy: the kernel stays as it was. With the
# small one, features are learnt, and which generalises better depends on
# the data: these here are easy for all three.

for scale in (0.03, 1, 30):
    f = OverparamReLUClassifier(
        800, output_scale=scale, random_state=0, **paper
    )
    f.fit(X, y)
    print(
        f"α = {scale:<5} kernel drift {f.gram_drift_:7.4f}  patterns changed "
        f"{f.activation_change_:.4f}  test accuracy {f.score(X_test, y_test):.3f}"
    )

# %%
# Solution 4
# ^^^^^^^^^^
#
# The farther the units have gone, the more patterns have changed. It slows
# down, as the gradient gets small. At :math:`\eta = c/m` the lemma's
# :math:`t` is :math:`\tau m/c`, and with :math:`\tau` a share of
# :math:`\sigma = 1/\sqrt m` it grows as :math:`\sqrt m`: a wide network
# stays coupled for longer.

for steps in (100, 400, 1600):
    f = OverparamReLUClassifier(
        800, random_state=0, **(paper | {"max_iter": steps})
    )
    f.fit(X, y)
    print(f"{steps:<5} steps: patterns changed {f.activation_change_:.4f}")
