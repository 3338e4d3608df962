"""
Looking on with a callback
==========================

scikit-learn's callbacks see every recorded iteration of a fit, with the network as it
is there, and may end it. This one films how two classes are told apart.
"""

# %%
# A hook that asks for ``fitted_estimator`` is given one that predicts as if training
# had stopped here (scikit-learn 1.9 or later). A hook that returns True stops it: here
# once all samples are right. Every estimator that trains takes callbacks, as
# :class:`~overparam_sk.OverparamReLUClassifier` does.

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay

from overparam_sk import OverparamReLUClassifier

plt.style.use("overparam_sk.drawing.displays")
X, y = make_moons(200, noise=0.1, random_state=0)


class Film:
    """Keep the network of each recorded iteration."""

    def setup(self, estimator, context):
        self.frames = {}

    def teardown(self, estimator, context): ...

    def on_fit_task_begin(self, estimator, context): ...

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        if context.task_name == "iteration":
            self.frames[context.task_id] = fitted_estimator
        return fitted_estimator.score(X, y) == 1


film = Film()
net = OverparamReLUClassifier(1000, record_every=1, random_state=0)
net.set_callbacks(film).fit(X, y)

# %%
# The frames are numbered by the records, of which there is one a step here.

figure, axes = plt.subplots(1, 4, figsize=(9, 2.8))
for ax, step in zip(axes, (0, 2, 8, max(film.frames)), strict=True):
    DecisionBoundaryDisplay.from_estimator(
        film.frames[step], X, ax=ax, response_method="predict", alpha=0.3, cmap="PuOr"
    )
    for label, marker in enumerate("o^"):
        ax.plot(*X[y == label].T, marker, color="k", ms=3)
    right = film.frames[step].score(X, y)
    ax.set(
        xticks=[], yticks=[], title=f"after {step} steps", xlabel=f"{right:.1%} right"
    )
plt.show()
