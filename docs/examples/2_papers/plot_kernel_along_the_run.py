"""
The kernel along the run
========================

As long as a network's Gram matrix H stays what it was at the start, its eigenvalues
foretell the whole training. A wide first layer keeps it there; Kong's narrow one does
not.
"""

# %%
# Two of Kong's networks (2019), which differ in the width h1 of their first layer, are
# trained by plain gradient descent on the paper's synthetic-50.

import matplotlib.pyplot as plt

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.datasets import make_unit_sphere
from overparam_sk.diagnostics import residual_modes

plt.style.use("overparam_sk.drawing.displays")
X, y = make_unit_sphere(n_samples=50, n_features=100, random_state=0)
plain = {
    "learning_rate": 0.01,
    "max_iter": 200,
    "fit_intercept": False,
    "random_state": 0,
}

# %%
# A step η multiplies the residual along the eigenvector of λ_i by 1 − ηλ_i, as long as
# H is H(0) (eq. 8 in discrete time).
# :func:`~overparam_sk.diagnostics.residual_modes` does the descent again and holds what
# is left of the loss against this law. With 200 neurons the two agree; with 5 the
# kernel moves far, and the loss falls faster than the kernel of the start has it.
# :class:`~overparam_sk.plotting.KernelDriftDisplay` has more.

figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True)
for width1, ax in zip((5, 200), axes, strict=True):
    net = TwoHiddenReLURegressor(width1, 1000, **plain).fit(X, y)
    modes = residual_modes(net, X, y, iterations=range(20, 200, 20))
    left, law = modes.loss_shares.sum(axis=1), modes.predicted_shares.sum(axis=1)
    ax.plot(modes.iterations, left, "o-", label="the network")
    ax.plot(modes.iterations, law, "k--", label="law of H(0)")
    ax.set(title=f"h1 = {width1}: H moved by {net.gram_drift_:.0%}", xlabel="steps")
axes[0].set(ylabel="share of the loss that is left", ylim=(0, 1.05))
axes[0].legend(loc="lower left")
plt.show()
