"""Does the test error descend twice? Small widths, label noise, and the limit beside.

    python benchmarks/double_descent.py [--out docs/reports/double-descent]

A fifth of the labels is wrong; the test labels are all right. Only the first layer is
trained, so that a network has m·d parameters. Some eight minutes on one core.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn.metrics import accuracy_score

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.style import NEUTRAL, new_figure, style
from overparam_sk.model_selection import fit_power_law, width_study

N, D, NOISE, STEPS, REPEATS = 200, 20, 0.2, 4000, 8
WIDTHS = (2, 4, 6, 8, 12, 16, 24, 32, 64, 256, 2000)
COMPONENTS = (1, 4)


class Mixture:
    """Two classes of so many components; a share of the training labels turned."""

    def __init__(self, n_components):
        self.n_components = n_components

    def __call__(self, seed):
        X, y = make_clustered_mixture(
            N + 2000, D, n_classes=2, n_components=self.n_components, random_state=seed
        )
        turned = np.random.default_rng(seed).random(N) < NOISE
        noisy = np.where(turned, 1 - y[:N], y[:N])
        return X[:N].astype(np.float32), noisy, X[N:].astype(np.float32), y[N:]


def errors(model, X, y):
    return {"error": 1 - accuracy_score(y, model.predict(X))}


def study(n_components):
    options = {
        "learning_rate": 1.0,
        "momentum": 0.9,
        "batch_size": N,
        "max_iter": STEPS,
        "n_iter_no_change": None,
        "fit_intercept": False,
    }
    return width_study(
        {
            "network": OverparamReLUClassifier(diagnostics=None, **options),
            "infinite width": InfiniteWidthReLUClassifier(**options),
        },
        Mixture(n_components),
        values=WIDTHS,
        repeats=REPEATS,
        scoring=errors,
        return_train_score=True,
        random_state=0,
    )


def by_width(found, score):
    """Width, None for the limit -> one value a repeat."""
    values = {}
    for fit in found.fits:
        values.setdefault(fit.value, []).append(fit.scores[score])
    return {width: np.array(some) for width, some in values.items()}


def descent(test, train):
    """Where the test error is worst after its first minimum, and by how much."""
    means = {m: test[m].mean() for m in WIDTHS}
    threshold = next((m for m in WIDTHS if train[m].mean() <= 0.01), None)
    pairs = [(a, b) for i, a in enumerate(WIDTHS) for b in WIDTHS[i + 1 :]]
    low, high = max(pairs, key=lambda pair: means[pair[1]] - means[pair[0]])
    last = WIDTHS[-1]

    def change(start, end):
        steps = test[end] - test[start]
        half = stats.t.ppf(0.975, REPEATS - 1) * steps.std(ddof=1) / REPEATS**0.5
        return f"{steps.mean():+.3f} ± {half:.3f}"

    where = f"m = {threshold}, m·d = {threshold and threshold * D}"
    return (
        f"Training error ≤ 0.01 from {where} on (n = {N}). The largest rise of the "
        f"mean test error is from m = {low} to m = {high}: {change(low, high)}; from "
        f"there to m = {last} it changes by {change(high, last)} (paired differences, "
        "95 % intervals, not corrected for having been looked for)."
    )


def law_of(found):
    """From the widths on at which networks interpolate."""
    return fit_power_law(found, "error", estimator="network", limit="infinite width")


def draw(panels):
    """Errors of each number of components: (mean, std) by width, the last of m = ∞."""
    figure = new_figure(9, 3.8)
    axes = figure.subplots(1, len(panels), sharey=True)
    for ax, (n_components, errors) in zip(axes, panels.items(), strict=True):
        ax.set(xscale="log", xlabel="width m", ylabel="error")
        ax.set_title(f"components a class: {n_components}")
        for pen, (name, found) in zip(pens(2), errors.items(), strict=True):
            means, stds = zip(*found[:-1], strict=True)
            options = pen.line(len(WIDTHS), label=f"{name}, mean ± standard error")
            ax.errorbar(WIDTHS, means, np.array(stds) / REPEATS**0.5, **options)
        limit = errors["test error"][-1][0]
        ax.axhline(limit, ls="--", color=NEUTRAL, label="test error, m = ∞")
        ax.axvline(N / D, ls=":", color=NEUTRAL, label="m·d = n")
        ax.set_ylim(0, None)
    legend_below(figure)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("docs/reports/double-descent"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    panels = {}
    text = [
        "# Test error against width, with label noise",
        f"`python benchmarks/double_descent.py`: {N} rows of {D} columns in two "
        f"classes, {NOISE:.0%} of the training labels turned and none of the 2000 test "
        f"labels; {STEPS} steps of gradient descent with momentum, {REPEATS} repeats, "
        "each with its own data. Mean ± standard deviation.",
    ]
    for n_components in COMPONENTS:
        found = study(n_components)
        test, train = by_width(found, "error"), by_width(found, "train_error")
        rows = [
            f"| {'∞' if m is None else m} | {'' if m is None else m * D} | "
            f"{train[m].mean():.3f} ± {train[m].std(ddof=1):.3f} | "
            f"{test[m].mean():.3f} ± {test[m].std(ddof=1):.3f} |"
            for m in (*WIDTHS, None)
        ]
        head = [
            "| m | m·d | training error | test error |",
            "| --- | --- | --- | --- |",
        ]
        text += [f"## Components a class: {n_components}", "\n".join(head + rows)]
        text += [descent(test, train), f"Beside its limit: {law_of(found)}."]
        panels[n_components] = {
            f"{name} error": [
                (values[m].mean(), values[m].std(ddof=1)) for m in (*WIDTHS, None)
            ]
            for values, name in ((train, "training"), (test, "test"))
        }
    with style():
        draw(panels).savefig(out / "double-descent.png", dpi=120)
    text.append("![Errors against width](double-descent.png)")
    (out / "README.md").write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
