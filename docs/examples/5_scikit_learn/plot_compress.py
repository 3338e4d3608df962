"""
Compressing a model
===================

A trained network is its start, which a seed tells, and an update of low rank. Keeping
only those makes its file several times smaller.
"""

# %%
# Li and Liang (2018, section 6) read it as a reason for why such networks generalise:
# close to the start they are described by few numbers.
# :meth:`~overparam_sk.OverparamReLUClassifier.compress` keeps ``init_seed_`` and the
# best approximation of W − W(0) of a given rank.

import pickle

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from overparam_sk import OverparamReLUClassifier

plt.style.use("overparam_sk.drawing.displays")
X, y = load_digits(return_X_y=True)
net = OverparamReLUClassifier(width=4000, random_state=0).fit(X[:900], y[:900])
ranks = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64]
small = [net.compress(rank) for rank in ranks]
right = [100 * some.score(X[900:], y[900:]) for some in small]
size = [len(pickle.dumps(some)) / 1e6 for some in small]

# %%
# As many directions as there are digits, or a few more, hold all that was learnt.

figure, axes = plt.subplots(1, 2, figsize=(9, 4))
axes[0].plot(ranks, right, "o-", label="compressed")
axes[0].axhline(100 * net.score(X[900:], y[900:]), ls="--", c="k", label="as trained")
axes[0].set(xlabel="rank", ylabel="right on test samples, in %", ylim=(0, 100))
axes[1].plot(ranks, size, "o-", label="compressed")
axes[1].axhline(len(pickle.dumps(net)) / 1e6, ls="--", c="k", label="as trained")
axes[1].set(xlabel="rank", ylabel="size of the pickle in MB", ylim=(0, None))
axes[1].legend(loc="lower right")
plt.show()
