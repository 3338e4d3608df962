"""
A step that serves every width
==============================

Which learning rate is best usually depends on the width. In the parametrisation µP it
does not: it can be found on a small network and used for a large one.
"""

# %%
# With "ntk", that of Li and Liang, wider networks move less, with "mup" as much at
# every width (Yang and Hu 2021; Yang et al. 2022). Both layers are trained.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from overparam_sk import OverparamReLUClassifier
from overparam_sk.plotting import CoordinateCheckDisplay

X, y = load_digits(return_X_y=True)
nets = {
    name: OverparamReLUClassifier(
        parametrization=name,
        base_width=64,
        train_readout=True,
        output_scale=1.0,  # less f(0), which fades only slowly with the width
        max_iter=20,
        learning_rate=0.5,
    )
    for name in ("ntk", "mup")
}

# %%
# :class:`~overparam_sk.plotting.CoordinateCheckDisplay` does the check that the authors
# of µP propose. Above, how far everything has moved: with "mup" hidden units and
# readout move as much at every width, with "ntk" less and less. Below, the loss after
# 20 steps: with "mup" the best step is the same for all widths, with "ntk" it grows.

check = CoordinateCheckDisplay.from_estimators(
    nets,
    X[:200] / 64,  # rows of length about 1
    y[:200],
    widths=[64, 256, 1024],
    learning_rates=[0.25, 1, 4, 16, 64],
)
print(check.best_learning_rates)
check.plot()
plt.show()
