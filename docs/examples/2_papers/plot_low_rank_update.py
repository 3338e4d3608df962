"""
The update is of low rank
=========================

What training adds to the weights lies in as many directions as the data has components.
The final weights do not show it: they look like the random matrix that they began as.
"""

# %%
# Li and Liang's data (2018, section 7): k = 10 classes of l = 2 Gaussian components,
# and their training, a step of 10/m and batches of 16.

import matplotlib.pyplot as plt
import numpy as np

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture

plt.style.use("overparam_sk.drawing.displays")
X, y = make_clustered_mixture(n_samples=1000, n_features=300, random_state=0)
net = OverparamReLUClassifier(
    width=1000,
    learning_rate=10,
    batch_size=16,
    max_iter=400,
    fit_intercept=False,
    random_state=0,
).fit(X, y)

# %%
# ``update_singular_values_`` are those of W − W(0). After the first k·l = 20 they drop;
# those of W run on without a break, as in panel (d) of the paper's Figures 1 and 2.
# :class:`~overparam_sk.plotting.UpdateSpectrumDisplay` draws the same.

spectra = {
    "final weights W": (np.linalg.svd(net.hidden_weights_, compute_uv=False), "C1s"),
    "update W − W(0)": (net.update_singular_values_, "C0o"),
}
figure, ax = plt.subplots(figsize=(7, 4))
for label, (values, style) in spectra.items():
    ax.semilogy(np.arange(1, 61), values[:60], style, ms=5, label=label)
ax.axvline(20.5, ls="--", color="0.4", label="k·l = 20 components")
ax.set(xlabel="number of the singular value", ylabel="singular value")
ax.set_title(f"{net.effective_rank_} directions carry 99 % of the update")
ax.legend()
plt.show()
