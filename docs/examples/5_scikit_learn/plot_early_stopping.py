"""
Early stopping
==============

With noisy labels the best network on new samples is not the one at the end of training.
A validation set finds it.
"""

# %%
# Two moons, and three in ten of the training labels turned. ``X_val`` and ``y_val`` are
# given to ``fit``; without them ``early_stopping`` sets a share of the training samples
# apart, as scikit-learn's MLPClassifier does.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from overparam_sk import OverparamReLUClassifier

plt.style.use("overparam_sk.drawing.displays")
X, y = make_moons(1200, noise=0.2, random_state=0)
X, X_val, X_test = np.split(X, [100, 600])
y, y_val, y_test = np.split(y, [100, 600])
turned = np.random.default_rng(0).random(100) < 0.3
y = np.where(turned, 1 - y, y)

# %%
# :class:`~overparam_sk.OverparamReLUClassifier` keeps the weights with the best
# validation score. The other network, which is as wide, trains to the end, and learns
# the wrong labels.

settings = {"width": 1000, "max_iter": 400, "diagnostics": None, "random_state": 0}
stopped = OverparamReLUClassifier(early_stopping=True, **settings)
ended = OverparamReLUClassifier(n_iter_no_change=None, record_every=10, **settings)
for net in (stopped, ended):
    net.fit(X, y, X_val=X_val, y_val=y_val)

figure, ax = plt.subplots(figsize=(7, 4))
history = ended.history_
for column, style, label in (
    ("score", "s--", "training samples, noisy labels"),
    ("val_score", "o-", "validation samples"),
):
    ax.plot(
        history["iteration"], 100 * history[column], style, label=label, markevery=4
    )
best = stopped.history_["val_score"].argmax()
ax.axvline(stopped.history_["iteration"][best], color="k", ls=":", label="kept")
ax.set(xlabel="gradient steps", ylabel="right, in %", ylim=(40, 100))
ax.set_title(
    f"new samples: {stopped.score(X_test, y_test):.0%} stopped early, "
    f"{ended.score(X_test, y_test):.0%} at the end"
)
ax.legend(loc="lower right")
plt.show()
