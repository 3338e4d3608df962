"""
Uncertainty at infinite width
=============================

Train infinitely many infinitely wide networks, each from weights of its own: their mean
and their spread at any time of training are a closed formula.
"""

# %%
# :class:`~overparam_sk.InfiniteWidthReLURegressor` has them, for ReLU networks of any
# depth (Jacot et al. 2018; Lee et al. 2019, eqs. 13 to 16).

import matplotlib.pyplot as plt
import numpy as np

from overparam_sk import DeepReLURegressor, InfiniteWidthReLURegressor

plt.style.use("overparam_sk.drawing.displays")
rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, (12, 1))
y = np.sin(2 * X[:, 0])
grid = np.linspace(-3, 3, 121)[:, None]
ensemble = InfiniteWidthReLURegressor(depth=2).fit(X, y)

# %%
# Steps η of gradient descent make a time of η times their number. So networks of finite
# width can be laid over the band: 5 with two layers of 300 neurons, from plain N(0, 1)
# weights (no ``row_norm``). They spread as the band says, which closes at the samples
# and stays open where there is no data.

step = 0.05
figure, axes = plt.subplots(1, 3, figsize=(9, 3.6), sharex=True, sharey=True)
axes[0].set_ylim(-2, 3.5)
for time, ax in zip((0.1, 1, 20), axes, strict=True):
    mean, std = ensemble.predict(grid, return_std=True, t=time)
    ax.fill_between(
        grid[:, 0], mean - 2 * std, mean + 2 * std, alpha=0.25, label="± 2 sd"
    )
    ax.plot(grid, mean, "C0", lw=3, label="mean, infinite width")
    for seed in range(5):
        net = DeepReLURegressor(
            (300, 300),
            learning_rate=step,
            max_iter=round(time / step),
            row_norm=None,
            diagnostics=None,
            random_state=seed,
        ).fit(X, y)
        name = "networks of 2 × 300" if seed == 0 else None
        ax.plot(grid, net.predict(grid), "k:", lw=1, label=name)
    ax.plot(X, y, "C1o", label="samples")
    ax.set(xlabel="x", title=f"time {time:g}")
axes[0].set_ylabel("output")
axes[2].legend(fontsize=9, loc="upper center")
plt.show()
