"""Accuracy with nothing tuned, beside an SVM, kNN and the class prior.

    python benchmarks/bench_accuracy.py [--out docs/benchmarks/accuracy.md]

5-fold stratified cross-validation in the order of the rows; standardised in the fold
and raw. "plain SGD" is the same estimator with the largest safe constant step and no
momentum, which is what one eigenvalue that towers over the rest spoils.
"""

import argparse

import numpy as np
from _timing import machine, markdown, write
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from overparam_sk import OverparamReLUClassifier


class PlainSGD(ClassifierMixin, BaseEstimator):
    """The default network, its automatic step held constant, without momentum."""

    def fit(self, X, y):
        parameters = {"max_iter": 1, "diagnostics": None, "random_state": 0}
        c = OverparamReLUClassifier(**parameters).fit(X, y).learning_rate_
        parameters["max_iter"] = OverparamReLUClassifier().max_iter
        self.net_ = OverparamReLUClassifier(learning_rate=c, **parameters).fit(X, y)
        self.classes_ = self.net_.classes_
        return self

    def predict(self, X):
        return self.net_.predict(X)


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default="docs/benchmarks/accuracy.md")
    arguments = parser.parse_args()
    models = {
        "prior": DummyClassifier(),
        "SVC(rbf)": SVC(),
        "kNN": KNeighborsClassifier(),
        "plain SGD": PlainSGD(),
        "default": OverparamReLUClassifier(random_state=0),
    }
    rows = []
    for load in (load_iris, load_wine, load_breast_cancer, load_digits):
        X, y = load(return_X_y=True)
        for scaling in (StandardScaler(), FunctionTransformer()):
            scores = {
                name: np.mean(cross_val_score(make_pipeline(scaling, model), X, y))
                for name, model in models.items()
            }
            better = max(scores["SVC(rbf)"], scores["kNN"])
            standardised = isinstance(scaling, StandardScaler)
            row = [load.__name__.removeprefix("load_")]
            row += ["standardised" if standardised else "raw"]
            row += [f"{score:.4f}" for score in scores.values()]
            rows.append([*row, f"{100 * (scores['default'] - better):+.2f}"])
            print(*rows[-1], flush=True)
    header = ["data", "", *models, "default − better of SVC, kNN (points)"]
    text = f"## Accuracy with nothing tuned\n\n{machine()}, 5-fold means.\n\n"
    write(arguments.out, text + markdown(header, rows))


if __name__ == "__main__":
    main()
