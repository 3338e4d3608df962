"""
Deeper networks move more
=========================

Each layer more takes a network of the same width farther from the kernel that it began
with; width holds it there.
"""

# %%
# :class:`~overparam_sk.DeepReLUClassifier` has as many hidden layers as one likes. All
# of these are trained until the loss is at most ``tol``.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from overparam_sk import DeepReLUClassifier

plt.style.use("overparam_sk.drawing.displays")
X, y = load_digits(return_X_y=True)
depths = 1, 2, 3, 4
nets = {
    width: [
        DeepReLUClassifier(
            (width,) * depth,
            tol=0.05,
            diagnostics=("gram_drift",),
            gram_samples=50,
            random_state=0,
        ).fit(X[:200], y[:200])
        for depth in depths
    ]
    for width in (25, 100, 400)
}

# %%
# ``gram_drift_`` = ‖H − H(0)‖ / ‖H(0)‖ for the Gram matrix H of the gradients. Where it
# is small a network is the linear model of its start, nearly; above 1 the kernel has
# changed by more than it was (:doc:`the guide </guide/deep-networks>` has more on
# depth).

figure, ax = plt.subplots(figsize=(7, 4))
for (width, some), style in zip(nets.items(), ("o-", "s--", "^:"), strict=True):
    drifts = [net.gram_drift_ for net in some]
    ax.semilogy(depths, drifts, style, label=f"{width} neurons a layer")
ax.axhline(1, color="0.6", lw=1)
ax.set(xlabel="hidden layers", xticks=depths, ylabel="‖H − H(0)‖ / ‖H(0)‖")
ax.legend()
plt.show()
