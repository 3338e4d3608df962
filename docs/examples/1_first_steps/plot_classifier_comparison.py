"""
Beside SVM, nearest neighbours and its own kernel
=================================================

scikit-learn's classifier comparison, with a wide network, its limit at infinite width,
and a support vector machine with the network's own kernel.
"""

# %%
# :class:`~overparam_sk.InfiniteWidthReLUClassifier` is what training makes of
# :class:`~overparam_sk.OverparamReLUClassifier` at infinite width, and
# :class:`~overparam_sk.InfiniteWidthKernel` its kernel. Nothing is tuned.

import matplotlib.pyplot as plt
from sklearn.datasets import make_blobs, make_circles, make_moons
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from overparam_sk import (
    InfiniteWidthKernel,
    InfiniteWidthReLUClassifier,
    OverparamReLUClassifier,
)

plt.style.use("overparam_sk.drawing.displays")
datasets = [
    make_moons(noise=0.3, random_state=0),
    make_circles(noise=0.2, factor=0.5, random_state=1),
    make_blobs(centers=2, random_state=0),
]
classifiers = {
    "3 nearest\nneighbours": KNeighborsClassifier(3),
    "SVM, RBF\nkernel": SVC(),
    "SVM, kernel\nof the network": SVC(kernel=InfiniteWidthKernel(fit_intercept=True)),
    "network of\n1000 neurons": OverparamReLUClassifier(random_state=0),
    "network of\ninfinite width": InfiniteWidthReLUClassifier(random_state=0),
}

# %%
# The network, its limit and its kernel draw much the same border. The accuracy is that
# on the other half of the samples, drawn hollow.

figure, axes = plt.subplots(3, 5, figsize=(9, 5.8))
for (X, y), row in zip(datasets, axes, strict=True):
    X, X_test, y, y_test = X[::2], X[1::2], y[::2], y[1::2]
    for clf, ax in zip(classifiers.values(), row, strict=True):
        clf.fit(X, y)
        DecisionBoundaryDisplay.from_estimator(
            clf, X, ax=ax, response_method="predict", alpha=0.3, cmap="PuOr"
        )
        for label, marker in enumerate("o^"):
            ax.scatter(*X[y == label].T, 10, "k", marker=marker)
            ax.scatter(*X_test[y_test == label].T, 10, "w", marker=marker, ec="k")
        ax.set(xticks=[], yticks=[], xlabel=f"accuracy {clf.score(X_test, y_test):.2f}")
for ax, name in zip(axes[0], classifiers, strict=True):
    ax.set_title(name)
plt.show()
