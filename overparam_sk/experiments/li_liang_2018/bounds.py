"""Bounds on the error, for structured and for random labels: LL18, sections 4 and 6.

What the paper says of generalisation in words, by the theorems that it names: PAC-Bayes
around the initialisation, and the compression of the update.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.style import NEUTRAL
from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    TREND,
    Finding,
    claim,
    mean,
)
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std
from overparam_sk.theory import Bound, GeneralizationBounds, generalization_bounds

__all__ = ["BOUNDS", "bounds_by_labels"]

STRUCTURED, RANDOM = "structured", "random"

# Labels -> what was found in each repeat.
ByLabels = Mapping[str, list[GeneralizationBounds]]


def _all(found: ByLabels, labels: str, name: str) -> list[Bound]:
    """A bound in every repeat."""
    return [one for some in found[labels] for one in some if one.name == name]


def _against(found: ByLabels, name: str) -> tuple[str, list[Bound], list[Bound]]:
    """A bound's values for both kinds of labels, in words and in full."""
    structured, random = (_all(found, labels, name) for labels in (STRUCTURED, RANDOM))
    words = ", ".join(
        f"{mean_and_std((one.value for one in some), '.3f')} ({labels})"
        for labels, some in ((STRUCTURED, structured), (RANDOM, random))
    )
    return f"{name} bound {words}", structured, random


@claim(
    '§6: "SGD (with proper random initialization) on structured data leads to the low '
    'complexity from the compression and PCA-Bayes point views": PAC-Bayes',
    "The PAC-Bayes bound around W(0). holds: in every repeat it is below guessing, 1 − "
    "1/k, for structured labels and below that for random ones; in trend: the latter.",
)
def _pac_bayes(found: ByLabels) -> Finding:
    ours, structured, random = _against(found, "PAC-Bayes")
    pairs = list(zip(structured, random, strict=True))
    if not all(one.value < other.value for one, other in pairs):
        return ours, NOT
    return ours, TREND if any(one.vacuous for one, _ in pairs) else HOLDS


@claim(
    '§6: "The closeness to the initialization then means the weights (or more '
    "precisely the difference between the learned weights and the initialization) can "
    'be easily compressed."',
    "Bits of the shortest quantised update of low rank, of those tried, that keeps the "
    "training error to 0.01. holds: so few for structured labels that in every repeat "
    "the compression bound is below guessing; in trend: fewer than for random labels "
    "in every repeat.",
    "Occam's bound is no better than guessing from n·log₂ k bits on, 3322 for 1000 "
    "rows of 10 classes: fewer than an update of rank one takes.",
)
def _compression(found: ByLabels) -> Finding:
    ours, structured, random = _against(found, "compression")
    bits = [[b.parameters["bits"] for b in some] for some in (structured, random)]
    words = " against ".join(f"{mean(some):.3g}" for some in bits)
    fewer = all(one < other for one, other in zip(*bits, strict=True))
    low = not any(one.vacuous for one in structured)
    return f"{ours}; {words} bits", HOLDS if low else TREND if fewer else NOT


@claim(
    '§4: "SGD has a strong inductive bias on structured data: Instead of finding a bad '
    "global optima that can fit arbitrary labels, it actually finds those with good "
    'generalization guarantees."',
    "holds: in every repeat a bound without an assumption that fails is below guessing "
    "for structured labels, and none for random ones.",
)
def _guarantees(found: ByLabels) -> Finding:
    said = {
        labels: [
            any(not one.vacuous and not one.failing for one in bounds)
            for bounds in found[labels]
        ]
        for labels in (STRUCTURED, RANDOM)
    }
    ours = ", ".join(
        f"{labels}: {sum(some)} of {len(some)} repeats" for labels, some in said.items()
    )
    right = all(said[STRUCTURED]) and not any(said[RANDOM])
    return f"a bound says something for {ours}", HOLDS if right else NOT


def _measure(run: Request) -> Iterator[tuple[str, ByLabels]]:
    for reading, normalize in (("rows as drawn", False), ("rows of norm 1", True)):
        run.tell(reading)
        yield reading, bounds_by_labels(run, normalize)


def bounds_by_labels(
    run: Request, normalize: bool
) -> dict[str, list[GeneralizationBounds]]:
    """Labels -> the bounds in every repeat."""
    found: dict[str, list[GeneralizationBounds]] = {}
    work = [(labels, s) for labels in (STRUCTURED, RANDOM) for s in run.seeds]
    for labels, seed in run.each(work, lambda one: f"{one[0]} labels"):
        found.setdefault(labels, []).append(_bounds(run, labels, seed, normalize))
    return found


def _bounds(
    run: Request, labels: str, seed: int, normalize: bool
) -> GeneralizationBounds:
    n = run.scale["n_samples"]
    X, y = make_clustered_mixture(2 * n, run.scale["n_features"], random_state=seed)
    square = float((X**2).sum(axis=1).mean())
    if normalize:
        X /= np.linalg.norm(X, axis=1, keepdims=True)
    if labels == RANDOM:
        # Those of the new rows as well: there is nothing to be learnt.
        y = np.random.default_rng(seed).integers(0, 10, len(y))
    X = X.astype(np.float32)
    params = data.training(
        data.SYNTHETIC, fit_intercept=False, device=run.device, random_state=seed
    )
    params |= {"max_iter": run.scale["max_iter"], "diagnostics": None}
    if normalize:  # outputs move by c‖x‖² a step
        params["learning_rate"] *= square
    net = OverparamReLUClassifier(run.scale["width"], n_iter_no_change=None, **params)
    net.fit(X[:n], y[:n])
    return generalization_bounds(
        *(net, X[:n], y[:n]), X_test=X[n:], y_test=y[n:], random_state=seed
    )


def _words(run: Request, *found: ByLabels) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    words = (
        f"{amounts['n_samples']} rows of the mixture of section 7 in "
        f"{amounts['n_features']} dimensions and as many new ones, m = "
        f"{amounts['width']}, {data.in_words(data.SYNTHETIC)} (c times the mean of "
        f"‖x‖² for rows of norm 1), {amounts['max_iter']} steps, {amounts['repeats']} "
        "repeats (mean ± standard deviation). Random labels are drawn from all "
        "classes, those of the new rows too. Each bound fails with probability 0.05; "
        "guessing errs in 0.9. Errors are of the classifier that the bound is about."
    )
    tables = [
        markdown_table(_table(title, labels, bounds))
        for title, one in zip(("as drawn", "of norm 1"), found, strict=False)
        for labels, bounds in one.items()
    ]
    asked = [
        f"{one.name}: {one.source}. Cannot be checked: {'; '.join(one.unknown)}."
        for one in found[0][STRUCTURED][0]
    ]
    return [words, *tables, *asked], run.settings


def _table(title: str, labels: str, found: list[GeneralizationBounds]) -> Table:
    head = [f"rows {title}, {labels} labels", "bound", "vacuous", "training error"]
    head += ["test error", "gap", "assumptions that fail", "its quantities"]
    rows = []
    for some in zip(*found, strict=True):
        quantities = (
            f"{name} {mean_and_std((one.parameters[name] for one in some), '.3g')}"
            for name in some[0].parameters
        )
        failing = dict.fromkeys(words for one in some for words in one.failing)
        rows.append(
            [
                some[0].name,
                mean_and_std((one.value for one in some), ".3f"),
                f"{sum(one.vacuous for one in some)} of {len(some)}",
                *(
                    mean_and_std((getattr(one, name) for one in some), ".4f")
                    for name in ("train_error", "test_error", "gap")
                ),
                "; ".join(failing),
                "; ".join(quantities),
            ]
        )
    return [head, *rows]


def _draw(*found: ByLabels) -> Any:
    figure = new_figure(4.9 * len(found), 4.6)
    axes = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for ax, title, one in zip(axes, ("as drawn", "of norm 1"), found, strict=False):
        names = [bound.name for bound in one[STRUCTURED][0]]
        looks = ((-0.2, STRUCTURED, ""), (0.2, RANDOM, "//"))
        for pen, (shift, labels, hatch) in zip(pens(2), looks, strict=True):
            some = [_all(one, labels, name) for name in names]
            at = np.arange(len(names)) + shift
            values = [mean(bound.value for bound in group) for group in some]
            errors = [
                mean(bound.test_error or 0.0 for bound in group) for group in some
            ]
            bar = {"color": pen.color, "hatch": hatch, "edgecolor": "white"}
            ax.bar(at, values, 0.36, label=f"bound, {labels} labels", **bar)
            dash = {"color": "black", "marker": "_", "linestyle": ""}
            wide = {"markersize": 16, "markeredgewidth": 2.5}
            ax.plot(at, errors, label="test error, measured", **dash, **wide)
        trivial = one[STRUCTURED][0][0].trivial
        line = {"color": NEUTRAL, "linestyle": "--", "linewidth": 1}
        ax.axhline(trivial, label="error of a guess", **line)
        ax.set(xticks=range(len(names)), title=f"rows {title}")
        ax.set(xlabel="bound", ylabel="error, linear up to 1")
        ax.set_yscale("symlog", linthresh=1)  # of an error of 0 too
        ax.set_xticklabels(names)
    axes[0].set_ylim(0, None)
    legend_below(figure)
    return figure


BOUNDS = Experiment(
    names=("ll18-bounds",),
    title="Li and Liang (2018), sections 4 and 6: bounds on the error",
    full=scale(width=2000, n_samples=1000, n_features=1000, repeats=3, max_iter=4000),
    quick=scale(width=200, n_samples=200, n_features=50, repeats=2, max_iter=300),
    measure=_measure,
    claims=(_pac_bayes, _compression, _guarantees),
    words=_words,
    pictures={"bounds.png": _draw},
)
