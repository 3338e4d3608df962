"""
Dead rows of a narrow layer
===========================

A narrow first layer leaves some samples without any active neuron. Nothing that the
network does can reach them, however wide the next layer is.
"""

# %%
# In Kong's network (2019, section III) the first hidden layer may be as narrow as h1 =
# 5. A sample is dead if none of these neurons is active on it; for h1 random directions
# the chance is 2^(−h1). Its row of the Gram matrix (eq. 9) is 0, and so is the smallest
# eigenvalue, on whose being positive the paper's rate rests. A fitted
# :class:`~overparam_sk.TwoHiddenReLURegressor` has the number in ``dead_samples_``.

import matplotlib.pyplot as plt
import numpy as np

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.datasets import make_unit_sphere

plt.style.use("overparam_sk.drawing.displays")
X, y = make_unit_sphere(n_samples=100, n_features=100, random_state=0)
net = TwoHiddenReLURegressor(width1=5, width2=1000, fit_intercept=False, random_state=0)
net.fit(X, y)
print(f"dead samples {net.dead_samples_}, smallest eigenvalue {net.gram_lambda_min_:g}")

# %%
# On the left what chance says, and 200 first layers at random. On the right the network
# after training: outputs meet the targets, but on a dead sample the output is 0.

rng = np.random.default_rng(0)
widths = np.arange(1, 11)
dead = [
    [sum((X @ rng.normal(size=(100, h)) <= 0).all(axis=1)) for _ in range(200)]
    for h in widths
]
figure, axes = plt.subplots(1, 2, figsize=(9, 4))
axes[0].errorbar(widths, np.mean(dead, 1), np.std(dead, 1), fmt="o", label="mean ± sd")
axes[0].plot(widths, 100 / 2.0**widths, "k--", label="100 · 2^(−h1)")
axes[0].set(xlabel="neurons h1 of the first layer", ylabel="dead samples of 100")
axes[0].legend()

is_dead = (X @ net.first_weights_.T <= 0).all(axis=1)
outputs = net.predict(X)
axes[1].plot([0, 1], [0, 1], "--", color="0.6")
axes[1].plot(y[~is_dead], outputs[~is_dead], "C0o", mfc="none", label="samples")
axes[1].plot(y[is_dead], outputs[is_dead], "kX", ms=9, label="dead")
axes[1].set(xlabel="target", ylabel="output after training")
axes[1].legend()
plt.show()
