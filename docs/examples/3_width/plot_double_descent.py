"""
Double descent
==============

As networks get wider the error on new samples falls, rises where a network has about as
many weights as there are samples, and falls again.
"""

# %%
# 60 samples of a linear function of 10 features, with noise. A layer of m neurons has
# 10 m weights to train, from m = 6 on enough of them to fit the noise as well.

import matplotlib.pyplot as plt
import numpy as np

from overparam_sk import DeepReLURegressor, InfiniteWidthReLURegressor

plt.style.use("overparam_sk.drawing.displays")


def noisy_plane(seed):
    rng = np.random.default_rng(seed)
    X, direction = rng.normal(size=(560, 10)), rng.normal(size=10)
    y = X @ direction / np.linalg.norm(direction)  # of variance 1
    X /= 10**0.5  # rows of length 1, about
    return X[:60], y[:60] + rng.normal(0, 0.5, 60), X[60:], y[60:]


# %%
# :class:`~overparam_sk.DeepReLURegressor` with plain N(0, 1) weights (no ``row_norm``)
# and a fixed number of steps of gradient descent with momentum.

widths = [2, 4, 6, 8, 12, 24, 64, 256]
plain = {"row_norm": None, "fit_intercept": False, "diagnostics": None}
steps = {"momentum": 0.9, "max_iter": 1000, "n_iter_no_change": None}
errors = np.zeros((2, len(widths), 3))
limits = []
for seed in range(3):
    X, y, X_new, y_new = noisy_plane(seed)
    for i, m in enumerate(widths):
        model = DeepReLURegressor((m,), random_state=seed, **plain, **steps).fit(X, y)
        errors[0, i, seed] = np.mean((model.predict(X) - y) ** 2)
        errors[1, i, seed] = np.mean((model.predict(X_new) - y_new) ** 2)
    limit = InfiniteWidthReLURegressor(fit_intercept=False).fit(X, y)
    limits.append(np.mean((limit.predict(X_new) - y_new) ** 2))

# %%
# The error on new samples is worst where the training error gets to 0, and falls
# towards that of infinite width beyond. For classes the rise is small: :doc:`the report
# </reports/double-descent/README>` has it.

figure, ax = plt.subplots(figsize=(7, 4))
ax.semilogx(widths, errors[1].mean(axis=1), "o-", label="new samples")
ax.semilogx(widths, errors[0].mean(axis=1), "s--", label="training samples")
ax.axhline(np.mean(limits), color="k", ls=":", label="new samples, m = ∞")
ax.axvline(6, color="0.6", label="as many weights as samples")
ax.set(xlabel="width m", ylabel="mean squared error")
ax.legend()
plt.show()
