"""Sections 5 and 6 of Li and Liang (2018): f beside g, their limit, the low rank."""

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk import (
    InfiniteWidthReLUClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
)
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.spread import AT_LEAST_0, SHARE
from overparam_sk.drawing.style import NEUTRAL
from overparam_sk.experiments.claims import (
    BY_WIDTH,
    HOLDS,
    NOT,
    TREND,
    Claim,
    Finding,
    Rule,
    at_most,
    claim,
    each_width,
    falls,
    log_slope,
    mean,
    verdict_of_widths,
)
from overparam_sk.experiments.figure import SPREAD, new_figure, plot_means
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std

__all__ = ["ANALYSIS", "Analysed", "coupled_steps"]

# ‖∇L − ∇̃L‖/‖∇L‖ up to which the gradients count as coupled.
_COUPLED = 0.1
_STEPS = f"steps up to which ‖∇L − ∇̃L‖/‖∇L‖ ≤ {_COUPLED}"
# Steps at which they are compared: the first ones decide.
_LOOKS = (*range(20), *range(20, data.SYNTHETIC.max_iter, 10))
# Ranks to which the updates are cut; k·l = 20.
_RANKS = (5, 10, 15, 20, 30, 50)


@dataclass(frozen=True)
class Analysed:
    """What was measured of f, g and the infinite width from one initialisation."""

    coupling: float
    activation_change: float
    pseudo_gradient_error: float
    coupled_steps: float  # up to which the gradients are, and T if they always are
    course: Mapping[int, float]  # step -> ‖∇L − ∇̃L‖/‖∇L‖
    f_to_g: float  # ‖f − g‖ / ‖f‖ on the test rows
    f_to_limit: float
    distance_ratio: float  # √m · relative distance over the limit's constant
    effective_rank: float
    accuracy: float
    accuracies: Mapping[int, float]  # rank -> test accuracy of the compressed network
    bytes: Mapping[int, int]  # rank -> size of its pickle; 0 is the network's


ByWidth = Mapping[int, list[Analysed]]


def _moves(words: str, name: str, *, rises: bool = False) -> Rule[ByWidth]:
    direction = "rises" if rises else "falls"
    return Rule(
        f"Mean of {words}. holds: it {direction} from every width to the next; in "
        "trend: from the first to the last.",
        lambda fits: falls(fits, {words: attrgetter(name)}, rises_instead=rises),
    )


@claim(
    "beyond: on all 1000 noisy rows, after all T steps, most units keep their patterns "
    "(Lemma 5.1 is of k·l rows and fewer steps: ll18-coupling)",
    "Share of hidden units whose gradient is the pseudo gradient on all training "
    f"rows, after T steps, is above 1/2 in every repeat. {BY_WIDTH}",
    "The rows have a variance: few units keep their pattern on all 1000 of them.",
    above=0.5,
)
def _most_units_are_coupled(fits: ByWidth, above: float) -> Finding:
    share = attrgetter("coupling")
    ok = {m: min(map(share, group)) > above for m, group in fits.items()}
    return f"coupled units {each_width(fits, share)}", verdict_of_widths(ok)


@claim(
    "beyond: the network goes to its infinite width as 1/√m",
    "Slope of the logarithm of the means against log m. holds: within 0.1 of −1/2; "
    "in trend: below −1/4.",
    within=0.1,
    trend=0.25,
)
def _as_one_over_root(fits: ByWidth, within: float, trend: float) -> Finding:
    figure = attrgetter("f_to_limit")
    means = [mean(map(figure, group)) for group in fits.values()]
    slope = log_slope(fits, means)
    verdict = TREND if slope < -trend else NOT
    verdict = HOLDS if abs(slope + 0.5) <= within else verdict
    return f"{each_width(fits, figure)}; m^({slope:.2f})", verdict


@claim(
    '§6: "More precisely, when the data are well clustered around a few patterns, the '
    "accumulated updates (difference between the learned weights and the "
    "initialization) should be approximately low rank, which can be seen from checking "
    'the SGD updates."',
    "Singular values of W − W(0) that carry 99 % of its squared norm. holds: at most "
    "1.5·k·l = 30 in every fit; in trend: 60.",
    holds=30.0,
    trend=60.0,
)
def _low_rank(fits: ByWidth, holds: float, trend: float) -> Finding:
    rank = attrgetter("effective_rank")
    most = max(map(rank, (one for group in fits.values() for one in group)))
    return f"values that carry 99 %: {each_width(fits, rank)}", at_most(
        most, holds, trend
    )


@claim(
    '§6: "The closeness to the initialization then means the weights (or more '
    "precisely the difference between the learned weights and the initialization) can "
    'be easily compressed."',
    "Test accuracy with the best update of rank k·l, in at most 10 % of the bytes. "
    "holds: at most 0.005 is lost in every fit; in trend: 0.05.",
    size=0.1,
    lost=0.005,
    trend=0.05,
)
def _compresses(fits: ByWidth, size: float, lost: float, trend: float) -> Finding:
    def is_lost(one: Analysed) -> float:
        return one.accuracy - one.accuracies[20]

    def share(one: Analysed) -> float:
        return one.bytes[20] / one.bytes[0]

    every = [one for group in fits.values() for one in group]
    ours = f"accuracy lost at rank 20: {each_width(fits, is_lost)}; bytes of the "
    ours += f"pickle over those of the network: {each_width(fits, share)}"
    if max(map(share, every)) > size:
        return ours, NOT
    return ours, at_most(max(map(is_lost, every)), lost, trend)


def _couples_longer(fits: ByWidth, level: float) -> Finding:
    def until(one: Analysed) -> float:
        steps, errors = np.array([*one.course]), np.array([*one.course.values()])
        return coupled_steps(steps, errors, level)

    words = f"steps up to which ‖∇L − ∇̃L‖/‖∇L‖ ≤ {level:.3g}"
    return falls(fits, {words: until}, rises_instead=True)


_COUPLES_LONGER: Rule[ByWidth] = Rule(
    f"Mean of {_STEPS}. holds: it rises from every width to the next; in trend: from "
    "the first to the last.",
    _couples_longer,
    {"level": _COUPLED},
)
_CLAIMS = (
    _most_units_are_coupled,
    Claim(
        "beyond: the share of units that are coupled on all rows grows with the width",
        _moves("coupled units", "coupling", rises=True),
    ),
    Claim(
        '§5: "The more we overparameterize the network, the less likely the activation '
        "pattern for one neuron and one data point will change in a fixed number of "
        'iterations."',
        _moves("pattern change", "activation_change"),
    ),
    Claim(
        '§5: "However, the total number of iterations that we can couple the true '
        'gradient with the pseudo one increases." (with m)',
        _COUPLES_LONGER,
    ),
    Claim(
        "beyond: after the same steps the true gradient is closer to the pseudo "
        "gradient, the wider the network",
        _moves("‖∇L − ∇̃L‖/‖∇L‖", "pseudo_gradient_error"),
    ),
    Claim(
        '§5.1: "Coupling the gradients is then similar to coupling the networks f and '
        'g."',
        _moves("‖f − g‖/‖f‖", "f_to_g"),
    ),
    _as_one_over_root,
    _low_rank,
    _compresses,
)


def _measure(run: Request) -> Iterator[tuple[str, ByWidth]]:
    """Train f, g and the infinite width from one function on the same batches."""
    fits: dict[int, list[Analysed]] = {}
    for width, seed in run.by_width:
        fits.setdefault(width, []).append(_analyse(width, seed, run.device))
    yield "synthetic, rows as drawn", fits


def _words(run: Request, fits: ByWidth) -> tuple[list[str], dict[str, Any]]:
    words = [
        f"The synthetic data of section 7, {data.in_words(data.SYNTHETIC)}, T = "
        f"{data.SYNTHETIC.max_iter}, {run.scale['repeats']} repeats (mean ± standard "
        "deviation). f, the pseudo network g and the infinite width start at the same "
        "function and see the same batches; differences are of the outputs on the "
        "test rows, and of the gradients on a seeded subset of the training rows.",
        markdown_table(_table(fits)),
        "Test accuracy and bytes of the pickle, against the rank to which W − W(0) "
        "is cut; W(0) is kept as its seed.",
        markdown_table(_ranks(fits)),
    ]
    return words, run.settings


def _analyse(width: int, seed: int, device: str) -> Analysed:
    problem = data.mixture_problem(random_state=seed)
    options = data.training(
        data.SYNTHETIC, fit_intercept=False, device=device, random_state=seed
    )
    f = OverparamReLUClassifier(width, record_every=_LOOKS, **options)
    g = LinearizedReLUClassifier(width, diagnostics=None, **options)
    limit = InfiniteWidthReLUClassifier(initial_width=width, **options)
    of_f, of_g, of_limit = (
        net.fit(problem.X, problem.y).decision_function(problem.X_test)
        for net in (f, g, limit)
    )
    largest = f.compress(max(_RANKS))
    small = {rank: largest.truncate(rank) for rank in _RANKS}
    steps, errors = f.history_["iteration"], f.history_["pseudo_gradient_error"]
    return Analysed(
        f.coupling_,
        f.activation_change_,
        float(errors[-1]),
        coupled_steps(steps, errors),
        dict(zip(steps.tolist(), errors.tolist(), strict=True)),
        _difference(of_f, of_g),
        _difference(of_f, of_limit),
        f.relative_distance_ * width**0.5 / limit.distance_constant_,
        f.effective_rank_,
        f.score(problem.X_test, problem.y_test),
        {r: net.score(problem.X_test, problem.y_test) for r, net in small.items()},
        {0: len(pickle.dumps(f))}
        | {r: len(pickle.dumps(net)) for r, net in small.items()},
    )


def coupled_steps(
    steps: NDArray[Any], errors: NDArray[Any], level: float = _COUPLED
) -> float:
    """Last look before the error first exceeds the level; it may fall back later."""
    below = steps[np.maximum.accumulate(errors) <= level]
    return float(below[-1]) if len(below) else 0.0


def _difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.linalg.norm(one - other) / np.linalg.norm(one))


def _table(fits: ByWidth) -> Table:
    columns = {
        "coupled units": "coupling",
        "pattern change": "activation_change",
        _STEPS: "coupled_steps",
        "‖∇L − ∇̃L‖/‖∇L‖": "pseudo_gradient_error",
        "‖f − g‖/‖f‖": "f_to_g",
        "‖f − f∞‖/‖f‖": "f_to_limit",
        "distance over its limit": "distance_ratio",
        "effective rank": "effective_rank",
    }
    lines = [
        [f"{m}", *(mean_and_std(map(attrgetter(c), group)) for c in columns.values())]
        for m, group in fits.items()
    ]
    return [["width", *columns], *lines]


def _ranks(fits: ByWidth) -> Table:
    head = ["width", "whole", *(f"rank {rank}" for rank in _RANKS)]
    lines = []
    for m, group in fits.items():
        cells = [
            f"{mean(one.accuracies[rank] for one in group):.4f}, "
            f"{mean(one.bytes[rank] for one in group) / 1e6:.2f} MB"
            for rank in _RANKS
        ]
        whole = f"{mean(one.accuracy for one in group):.4f}, "
        whole += f"{mean(one.bytes[0] for one in group) / 1e6:.2f} MB"
        lines.append([f"{m}", whole, *cells])
    return [head, *lines]


def _draw(fits: ByWidth) -> Any:
    """Differences against width, the gradients' along the run, accuracy by rank."""
    figure = new_figure(12, 5.2)
    by_width, along, by_rank = figure.subplots(1, 3)
    by_width.set(xscale="log", yscale="log", xlabel="width m", ylabel="difference")
    differences = (
        ("‖f − g‖/‖f‖", "f_to_g"),
        ("‖f − f∞‖/‖f‖", "f_to_limit"),
        ("‖∇L − ∇̃L‖/‖∇L‖", "pseudo_gradient_error"),
        ("pattern change", "activation_change"),
    )
    for pen, (words, name) in zip(pens(len(differences)), differences, strict=True):
        of, domain = attrgetter(name), AT_LEAST_0
        plot_means(by_width, fits, of, pen=pen, domain=domain, label=words)
    label_values(by_width, fits)
    by_width.set_title(SPREAD)
    # Widths have markers that no difference has.
    for pen, (m, group) in zip(pens(4 + len(fits))[4:], fits.items(), strict=True):
        errors = np.mean([[*one.course.values()] for one in group], axis=0)
        steps = [*group[0].course]
        along.plot(steps, errors, **pen.line(len(steps), label=f"m = {m}"))
        mean_accuracy = [mean(one.accuracies[r] for one in group) for r in _RANKS]
        about = pen.line(len(_RANKS), label=f"m = {m}")
        by_rank.plot(_RANKS, mean_accuracy, **about)
    line = {"color": NEUTRAL, "linestyle": "--", "linewidth": 1.2}
    along.axhline(_COUPLED, label=f"coupled: {_COUPLED:g}", **line)
    along.set(xlabel="steps", ylabel="‖∇L − ∇̃L‖/‖∇L‖", title="mean over repeats")
    by_rank.set(xlabel="rank that is kept", ylabel="test accuracy", title="mean")
    finish(by_width)
    finish(along, AT_LEAST_0)
    finish(by_rank, SHARE)
    legend_below(figure)
    return figure


ANALYSIS = Experiment(
    names=("ll18-analysis",),
    title="Li and Liang (2018), sections 5 and 6",
    full=scale(widths=(1000, 4000, 16000), repeats=5),
    quick=scale(widths=(500, 2000), repeats=2),
    measure=_measure,
    claims=_CLAIMS,
    words=_words,
    pictures={"differences.png": _draw},
)
