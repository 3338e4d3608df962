"""R² of the regressor beside its peers, standardised, nothing searched.

    python benchmarks/bench_regression.py [--out docs/benchmarks/regression.md]

5-fold cross-validation, rows in their order and shuffled; features and targets are
standardised in the fold. The net's figure is the mean over five seeds, ± their
standard deviation. Beside it kernel ridge regression with the net's own infinite width.
"""

import argparse
import warnings
from functools import partial

import numpy as np
from _timing import machine, markdown, write
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from overparam_sk import InfiniteWidthKernel, TwoHiddenReLURegressor

SEEDS = range(5)
NETS = {
    "default": {},
    "all 1000 steps (the default before)": {"n_iter_no_change": None},
    "early_stopping=True": {"early_stopping": True},
}


def california_like(n=1000, seed=0):
    """House values by district: incomes, ages, two coasts; capped, and noisy."""
    rng = np.random.default_rng(seed)
    income, age = rng.gamma(4, 1, n), rng.uniform(1, 52, n)
    rooms = rng.normal(5.4, 1.2, n).clip(2)
    bedrooms = rng.normal(1.1, 0.15, n).clip(0.6)
    population = np.exp(rng.normal(7, 0.7, n))
    occupancy = rng.normal(3, 0.7, n).clip(1)
    latitude = rng.choice([34, 37.7], n) + rng.normal(0, 0.8, n)
    longitude = -118.2 - (latitude - 34) * 1.1 + rng.normal(0, 0.6, n)
    coast = np.exp(-((latitude - 34) ** 2) - (longitude + 118.4) ** 2)
    coast += 1.2 * np.exp(-((latitude - 37.7) ** 2) - (longitude + 122.4) ** 2)
    value = 0.4 * income - 0.015 * np.maximum(income - 4, 0) ** 2 + 1.2 * coast
    value += 0.006 * age - 0.3 * (occupancy - 3) + 0.1 * (rooms - 5.4)
    value += rng.normal(0, 0.45, n)
    columns = [income, age, rooms, bedrooms, population, occupancy, latitude, longitude]
    return np.column_stack(columns), value.clip(0.15, 5)


def score(model, X, y, folds):
    """Mean R² over the folds."""
    scaled = make_pipeline(StandardScaler(), model)
    whole = TransformedTargetRegressor(scaled, transformer=StandardScaler())
    return cross_val_score(whole, X, y, cv=folds).mean()


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default="docs/benchmarks/regression.md")
    arguments = parser.parse_args()
    data = {
        "diabetes": load_diabetes(return_X_y=True),
        "california-like": california_like(),
    }
    # Which fits end unconverged is not the question here.
    warnings.simplefilter("ignore", ConvergenceWarning)
    lines = []
    for name, (X, y) in data.items():
        for order, folds in (
            ("in order", KFold(5)),
            ("shuffled", KFold(5, shuffle=True, random_state=0)),
        ):
            ridge = score(KernelRidge(kernel="rbf"), X, y, folds)
            limit = InfiniteWidthKernel("kong_2019", fit_intercept=True)
            kernel = score(KernelRidge(kernel=limit), X, y, folds)
            line = [
                name,
                order,
                f"{ridge:.3f}",
                f"{kernel:.3f} ({kernel - ridge:+.3f})",
            ]
            line.append(f"{score(Ridge(), X, y, folds):.3f}")
            nets = [partial(TwoHiddenReLURegressor, **o) for o in NETS.values()]
            for make in (*nets, partial(MLPRegressor, max_iter=1000)):
                scores = [score(make(random_state=s), X, y, folds) for s in SEEDS]
                mean = np.mean(scores)
                line.append(f"{mean:.3f} ± {np.std(scores):.3f} ({mean - ridge:+.3f})")
            lines.append(line)
            print(*line, flush=True)
    peers = ["KernelRidge(rbf)", "KernelRidge(H∞)", "Ridge"]
    header = ["data", "folds", *peers, *NETS, "MLPRegressor"]
    text = "# R² beside kernel ridge regression\n\n"
    text += f"{machine()}; in brackets the lead over KernelRidge(rbf).\n\n"
    text += "H∞ is the net's own infinite width.\n\n"
    text += markdown(header, lines)
    write(arguments.out, text)


if __name__ == "__main__":
    main()
