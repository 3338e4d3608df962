"""
Lazy training in one figure
===========================

The wider a network, the less each of its neurons moves to learn the same thing. Three
networks learn the two moons: above what they learnt, below where neurons began, and
where they ended.
"""

# %%
# :class:`~overparam_sk.OverparamReLUClassifier` is the network of Li and Liang (2018,
# section 3), a sum of ReLU(⟨w_r, x⟩) over m neurons, whose weights w_r are trained.
# Nothing is tuned here: columns are brought to one scale, the step follows from the
# data, and training ends where the loss is down to ``tol``.

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay

from overparam_sk import OverparamReLUClassifier

plt.style.use("overparam_sk.drawing.displays")
X, y = make_moons(200, noise=0.1, random_state=0)
nets = [
    OverparamReLUClassifier(width, tol=0.02, random_state=0).fit(X, y)
    for width in (20, 400, 8000)
]

# %%
# ``initial_weights`` draws w_r(0) again. A neuron is a point of the plane, as it has a
# weight for each of the two features; times √m all widths are on one scale. At most 200
# neurons are drawn. What is learnt is the same, up to details between the moons, but
# ``relative_distance_`` = ‖W − W(0)‖ / ‖W(0)‖ falls as 1/√m: for twenty times the width
# to about a quarter. That is "lazy" training.

figure, axes = plt.subplots(2, 3, figsize=(9, 6), sharex="row", sharey="row")
for net, (above, below) in zip(nets, axes.T, strict=True):
    DecisionBoundaryDisplay.from_estimator(
        net, X, ax=above, response_method="predict", alpha=0.3, cmap="PuOr"
    )
    for label, marker in enumerate("o^"):
        above.plot(*X[y == label].T, marker, color="k", ms=4)
    above.set_title(f"{net.width} neurons: {net.score(X, y):.1%} right")

    start = net.initial_weights()[:200, :2].T * net.width**0.5
    end = net.hidden_weights_[:200].T * net.width**0.5
    below.plot([start[0], end[0]], [start[1], end[1]], "C0", lw=1)
    below.plot(*start, "o", color="0.6", ms=4, label="start")
    below.plot(*end, "k.", ms=4, label="end")
    below.set(xlim=(-10, 10), ylim=(-10, 10), xlabel="√m · first weight")
    below.set_title(f"weights moved by {net.relative_distance_:.0%}")
axes[0, 0].set(xticks=[], yticks=[], ylabel="what was learnt")
axes[1, 0].set_ylabel("√m · second weight")
figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()
