"""
Both layers trained
===================

The papers train the hidden layer alone. With the readout trained as well, a network
learns faster, and a wide one still stays near its start, in both layers.
"""

# %%
# ``train_readout=True`` of :class:`~overparam_sk.OverparamReLUClassifier` trains the
# readout a beside the hidden weights W: by steps of c where W has steps of c/m, so that
# both count as much at every width (:doc:`the guide </guide/both-layers>` has the
# algebra).

import matplotlib.pyplot as plt

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture

plt.style.use("overparam_sk.drawing.displays")
X, y = make_clustered_mixture(400, 50, n_classes=5, normalize=True, random_state=0)
widths = 20, 200, 2000
settings = {"learning_rate": 2, "max_iter": 100, "random_state": 0}
measured = ("relative_distance",)
alone, both = (
    [
        OverparamReLUClassifier(
            m, train_readout=trained, diagnostics=measured, **settings
        ).fit(X, y)
        for m in widths
    ]
    for trained in (False, True)
)

# %%
# ``relative_distance_`` then has two numbers, of W and of a. Both fall as 1/√m; after
# as many steps the loss is smaller than that of W alone.

figure, axes = plt.subplots(1, 2, figsize=(9, 4))
axes[0].loglog(widths, [net.loss_ for net in alone], "o-", label="W alone")
axes[0].loglog(widths, [net.loss_ for net in both], "s--", label="W and a")
axes[0].set(xlabel="width m", ylabel="training loss in nats", ylim=(1e-3, 1))
axes[1].loglog(widths, [net.relative_distance_ for net in alone], "o-", label="W alone")
for layer, style in enumerate(("s--", "^:")):
    distances = [net.relative_distance_[layer] for net in both]
    axes[1].loglog(widths, distances, style, label=f"W and a: {'Wa'[layer]}")
axes[1].set(xlabel="width m", ylabel="distance from the start, as a share")
for ax in axes:
    ax.legend()
plt.show()
