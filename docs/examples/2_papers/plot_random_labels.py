"""
Random labels take a longer way
===============================

A wide network can fit labels that mean nothing. But it goes farther for them than for
labels that the data explains, and learns nothing that holds for new samples.
"""

# %%
# Li and Liang (2018, section 4) have both: on structured data SGD generalises, and
# where every sample counts as a component of its own it fits any labels, if the network
# is wide enough. Here :class:`~overparam_sk.OverparamReLUClassifier` learns the same
# rows twice, the second time with shuffled labels.

import matplotlib.pyplot as plt
import numpy as np

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture

plt.style.use("overparam_sk.drawing.displays")
X, y = make_clustered_mixture(n_samples=400, n_features=100, random_state=0)
X, X_test, y, y_test = X[:200], X[200:], y[:200], y[200:]
labels = {"structured": y, "random": np.random.default_rng(0).permutation(y)}
settings = {"learning_rate": 10, "max_iter": 600, "fit_intercept": False}
nets = {
    name: OverparamReLUClassifier(
        500, diagnostics=("relative_distance",), random_state=0, **settings
    ).fit(X, some)
    for name, some in labels.items()
}

# %%
# Both training losses go to 0. The random labels need more steps for it, and move the
# weights several times as far; on new samples what they taught is no better than
# guessing one of ten classes.

figure, axes = plt.subplots(1, 2, figsize=(9, 4))
for (name, net), style in zip(nets.items(), ("o-", "s--"), strict=True):
    steps, distance = net.history_["iteration"], net.history_["relative_distance"]
    told = f"{name}: {net.score(X_test, y_test):.0%} right on new samples"
    axes[0].semilogy(steps, net.history_["loss"], style, markevery=4)
    axes[1].plot(steps, 100 * distance, style, markevery=4, label=told)
axes[0].set(xlabel="gradient steps", ylabel="training loss in nats")
axes[1].set(xlabel="gradient steps", ylabel="‖W − W(0)‖ / ‖W(0)‖ in %", ylim=(0, 50))
axes[1].legend(title="labels", loc="upper left")
plt.show()
