"""
The curve at infinite width beneath the networks
================================================

Wide networks approach a limit, and the limit can be trained as well: the same steps on
the same batches, without a width.
"""

# %%
# :class:`~overparam_sk.InfiniteWidthReLUClassifier` does the minibatch SGD of Li and
# Liang in the space of functions. With the width of a network as its ``initial_width``
# and the same ``random_state`` it starts at the same function and sees the same
# batches. Test samples given to ``fit`` put the test loss into ``history_``.

import matplotlib.pyplot as plt

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture

plt.style.use("overparam_sk.drawing.displays")
X, y = make_clustered_mixture(800, 100, center_std=2.0, random_state=0)
X, X_test, y, y_test = X[:400], X[400:], y[:400], y[400:]
paper = {
    "learning_rate": 2,
    "batch_size": 16,
    "max_iter": 200,
    "fit_intercept": False,
    "random_state": 0,
}
widths = {50: "^", 200: "s", 3200: "o"}
nets = {
    f"m = {m}": OverparamReLUClassifier(m, diagnostics=None, **paper) for m in widths
}
nets["m = ∞"] = InfiniteWidthReLUClassifier(initial_width=3200, **paper)

# %%
# The wider the network, the closer its curve is to that of the limit.

figure, ax = plt.subplots(figsize=(7, 4.2))
for (name, net), style in zip(nets.items(), ("^:", "s-.", "o-", "k--"), strict=True):
    history = net.fit(X, y, X_val=X_test, y_val=y_test).history_
    ax.plot(history["iteration"], history["val_loss"], style, markevery=3, label=name)
ax.set(xlabel="gradient steps", ylabel="test loss in nats", yscale="log")
ax.legend()
plt.show()
