"""Accuracy and seconds with nothing tuned, beside scikit-learn's classifiers.

    python benchmarks/bench_defaults.py [--threads 1 2] [--quick]

Ours and the peers are fitted with their defaults, MLPClassifier with one layer of 1000
units, on raw and on standardised rows. Small data: means over 3 stratified folds, whose
models are fitted one after another; large data: one split, float32. A second table has
accuracy and seconds after as many passes over MNIST, of ours and MLPClassifier.
"""

import argparse
import time
import warnings

import numpy as np
import torch
from _timing import machine, markdown, write
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_classification,
)
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import fetch_mnist

SMALL = {
    "digits": load_digits,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "iris": load_iris,
}
MODELS = {
    "ours": OverparamReLUClassifier(random_state=0),
    "MLP(1000)": MLPClassifier((1000,), random_state=0),
    "LogisticRegression": LogisticRegression(),
    "SVC": SVC(),
    "kNN": KNeighborsClassifier(),
    "HistGradientBoosting": HistGradientBoostingClassifier(random_state=0),
}
PASSES = (1, 2, 3, 4, 5)


def folds(load):
    """Three splits of a small data set."""
    X, y = load(return_X_y=True)
    order = StratifiedKFold(3, shuffle=True, random_state=0)
    return [(X[a], y[a], X[b], y[b]) for a, b in order.split(X, y)]


def covertype_like(n_samples):
    """Rows of 54 columns in 7 classes."""
    X, y = make_classification(
        n_samples,
        54,
        n_informative=20,
        n_classes=7,
        n_clusters_per_class=3,
        class_sep=1.1,
        random_state=0,
    )
    X = X.astype(np.float32)
    parts = train_test_split(X, y, test_size=0.2, random_state=0, stratify=y)
    X, X_test, y, y_test = parts
    return [(X, y, X_test, y_test)]


def mnist():
    """The split that it comes with."""
    parts = []
    for subset in ("train", "test"):
        parts += fetch_mnist(subset=subset, return_X_y=True, download_if_missing=False)
    return [tuple(parts)]


def standardised(X, y, X_test, y_test):
    """The same, of mean 0 and standard deviation 1 on the training rows."""
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), y, scaler.transform(X_test), y_test


def measured(model, splits):
    """Mean accuracy on the test rows, and seconds of all fits."""
    scores, seconds = [], 0.0
    for X, y, X_test, y_test in splits:
        net = clone(model)
        start = time.perf_counter()
        net.fit(X, y)
        seconds += time.perf_counter() - start
        scores.append(net.score(X_test, y_test))
    return np.mean(scores), seconds


def row(name, scaling, splits, models):
    """A line of the table."""
    found = {key: measured(model, splits) for key, model in models.items()}
    line = [name, scaling]
    line += [f"{score:.4f} ({seconds:.2f})" for score, seconds in found.values()]
    (ours, seconds), (mlp, mlp_seconds) = found["ours"], found["MLP(1000)"]
    best = max(mlp, found["SVC"][0]) if "SVC" in found else mlp
    line += [f"{100 * (ours - best):+.2f}", f"{seconds / mlp_seconds:.2f}"]
    print(*line, flush=True)
    return line


def along(split):
    """Accuracy and seconds after some passes, of ours and MLPClassifier."""
    X = split[0]
    lines = []
    for passes in PASSES:
        steps = -(-len(X) // 256) * passes
        line = [passes]
        for model in (
            clone(MODELS["ours"]).set_params(max_iter=steps, diagnostics=None),
            clone(MODELS["MLP(1000)"]).set_params(max_iter=passes),
        ):
            score, seconds = measured(model, [split])
            line += [f"{score:.4f}", f"{seconds:.1f}"]
        print(*line, flush=True)
        lines.append(line)
    return lines


def tables(arguments, data):
    """All tables of one number of threads."""
    models = dict(MODELS)
    lines = []
    for name, splits in data.items():
        for scaling in ("raw", "standardised"):
            done = splits
            if scaling == "standardised":
                done = [standardised(*split) for split in splits]
            used = models
            if name == "MNIST":  # the others take minutes each
                used = {key: models[key] for key in ("ours", "MLP(1000)", "kNN")}
            line = row(name, scaling, done, used)
            if used is not models:
                there = dict(zip(used, line[2:], strict=False))
                line = [*line[:2], *(there.get(key, "") for key in models), *line[-2:]]
            lines.append(line)
    header = ["data", "", *models, "ours − better of MLP, SVC (points)"]
    text = markdown([*header, "time over MLP's"], lines)
    if "MNIST" in data and not arguments.quick:
        took = "its seconds of `fit`"
        header = ["passes", "ours", took, "MLP(1000)", took]
        text += "\nMNIST, raw, after some passes:\n\n"
        text += markdown(header, along(data["MNIST"][0]))
    return text


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--quick", action="store_true", help="small data alone")
    parser.add_argument("--out", default="docs/benchmarks/defaults.md")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    data = {name: folds(load) for name, load in SMALL.items()}
    missing = ""
    if not arguments.quick:
        data["20 000 × 54, 7 classes"] = covertype_like(20_000)
        try:
            data["MNIST"] = mnist()
        except OSError as error:
            missing = f"Without MNIST: {error}\n\n"
    text = f"# Defaults\n\n{machine()}: accuracy (seconds).\n\n{missing}"
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        with threadpool_limits(threads):
            found = tables(arguments, data)
        text += f"{threads} thread{'s' if threads > 1 else ''}:\n\n{found}\n"
    write(arguments.out, text)


if __name__ == "__main__":
    main()
