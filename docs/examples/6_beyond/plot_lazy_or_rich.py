"""
Lazy or rich
============

How large the outputs are decides whether a network is lazy or learns features of its
own: the share that its kernel changes, over the width and the scale of the outputs.
"""

# %%
# ``output_scale=α`` trains α(f − f(0)) with a step that is divided by α². For the same
# change of the outputs weights have to move by a share of about 1/(α √m) (Chizat,
# Oyallon and Bach 2019; :doc:`the guide </guide/lazy-or-rich>`).

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import width_study
from overparam_sk.plotting import PhaseDiagramDisplay

X, y = load_digits(n_class=5, return_X_y=True)
nets = {
    f"{scale:g}": OverparamReLUClassifier(
        output_scale=scale,
        train_readout=True,
        learning_rate=0.2,
        max_iter=200,
        diagnostics=("gram_drift",),
        gram_samples=50,
    )
    for scale in (0.1, 1, 10, 100)
}
study = width_study(
    nets,
    X[:100] / 64,
    y[:100],
    X_test=X[100:] / 64,
    y_test=y[100:],
    values=[16, 64, 256, 1024],
    repeats=1,
    random_state=0,
)

# %%
# :class:`~overparam_sk.plotting.PhaseDiagramDisplay` draws any score of a study. Along
# the dashed lines α √m is constant.

PhaseDiagramDisplay.from_study(study).plot(metrics=["gram_drift", "accuracy"])
plt.show()
