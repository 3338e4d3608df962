"""Where training is lazy, and where rich: scales, widths, parametrisations."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.style import NEUTRAL
from overparam_sk.experiments.beyond.lazy.claims_on_phase import CLAIMS_ON_PHASE
from overparam_sk.experiments.beyond.lazy.claims_on_widths import CLAIMS_ON_WIDTHS
from overparam_sk.experiments.beyond.lazy.measured import Lazy, measure
from overparam_sk.experiments.beyond.lazy.parametrizations import BASE_WIDTH
from overparam_sk.experiments.beyond.lazy.rows import DATA
from overparam_sk.experiments.beyond.lazy.tables import FIGURES, tables
from overparam_sk.experiments.claims import mean
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import markdown_table
from overparam_sk.plotting import PhaseDiagramDisplay

__all__ = ["LAZY"]

_DRAWN = tuple(FIGURES)[:3]


def _measure(run: Request) -> Iterator[tuple[str, Lazy]]:
    for name in run.scale["data"]:
        yield name, measure(run, name)


def _words(run: Request, *measured: Lazy) -> tuple[list[str], dict[str, Any]]:
    amounts, steps = run.scale, run.scale["steps"]
    names = " and ".join(DATA[name] for name in amounts["data"])
    words = [
        f"{amounts['rows']} training rows of {names}, rows of norm 1, in float64, "
        f"{amounts['repeats']} repeats (mean ± standard deviation). Networks g = α(f − "
        "f(0)) without an intercept, both layers trained by full-batch gradient "
        "descent on the cross-entropy, with the step of the loss over α².",
        "The largest stable step c* is the largest of the powers of √2 for which the "
        f"loss is finite and not above where it began after each of {steps['stable']} "
        "steps, by bisection. Drift and test error are those when the training loss "
        f"first is at most {steps['target']:g}, with c the smaller of c*/4 and 8; "
        f"where {steps['most']} steps do not lead there, there is none. Scales of W(0) "
        "and the distance from the linearised network "
        f"({amounts['limit_steps']} steps of c = 1) are of width "
        f"{amounts['widths'][1]}.",
        f'Parametrisations: "ntk", "mean_field" and "mup" (base_width {BASE_WIDTH}) '
        "are the package's; \"standard\" is PyTorch's, with N(0, 1) weights of the "
        "units for rows of norm 1, N(0, 1/m) weights that read them, and one step for "
        "all. f(0) is taken off in each, so that all widths start at the same loss. "
        f"Sizes of changes are means of {amounts['check_repeats']} initialisations on "
        f"the same rows, losses are those after {amounts['check_steps']} steps.",
    ]
    for name, lazy in zip(amounts["data"], measured, strict=True):
        words.append(f"## {name}")
        for title, table in tables(lazy).items():
            words += [f"{title}:", markdown_table(table)]
    return words, run.settings


def _draw_phase(*measured: Lazy) -> Any:
    figure = new_figure(3.8 * len(_DRAWN), 3.5 * len(measured) + 0.4)
    axes = figure.subplots(len(measured), len(_DRAWN), squeeze=False)
    for row, lazy in zip(axes, measured, strict=True):
        PhaseDiagramDisplay(
            widths=np.array(lazy.widths),
            scales=np.array(lazy.scales),
            scores={name: lazy.plane(FIGURES[name]) for name in _DRAWN},
        ).plot(row)
        for ax in row:
            ax.set_title(f"{lazy.name}: {ax.get_title()}")
    legend_below(figure)
    return figure


def _draw_limit(*measured: Lazy) -> Any:
    figure = new_figure(9.5, 4.4)
    left, right = figure.subplots(1, 2)
    for ax in (left, right):
        ax.set(xscale="log", yscale="log")
    for pen, lazy in zip(pens(len(measured)), measured, strict=True):
        gaps = [mean(one.train for one in of) for of in lazy.gaps.values()]
        left.plot([*lazy.gaps], gaps, **pen.line(len(gaps), label=lazy.name))
        drifts = [mean(cell.drift for cell in of) for of in lazy.starts.values()]
        right.plot([*lazy.starts], drifts, **pen.line(len(drifts), label=lazy.name))
    scales = np.array([*measured[0].gaps])
    first = mean(one.train for one in measured[0].gaps[scales[0]])
    for power, style in ((0.5, "--"), (1, ":")):
        guide = first * (scales / scales[0]) ** -power
        line = {"color": NEUTRAL, "linestyle": style, "label": f"α^(−{power:g})"}
        left.plot(scales, guide, **line)
    left.set(xlabel="output scale α", ylabel="‖g_α − g_lin‖ / ‖g_lin‖, mean")
    right.set(xlabel="scale ι of W(0)", ylabel="‖H − H(0)‖ / ‖H(0)‖, mean")
    label_values(right, measured[0].starts)
    for ax in (left, right):
        finish(ax)
    legend_below(figure)
    return figure


def _draw_check(*measured: Lazy) -> Any:
    n_columns = len(measured[0].check.changes)
    figure = new_figure(2.9 * n_columns, 5.6 * len(measured) + 1.2)
    axes = figure.subplots(2 * len(measured), n_columns, squeeze=False)
    for two, lazy in zip(np.split(axes, len(measured)), measured, strict=True):
        lazy.check.plot(two, cmap="viridis")
        lows, highs = zip(*(ax.get_ylim() for ax in two[0]), strict=True)
        for above, below in two.T:
            above.set(yscale="log", ylim=(min(lows), max(highs)))
            above.set_title(f"{lazy.name}: {above.get_title()}")
            # What diverged without an overflow is not of interest beside the rest.
            below.set(yscale="log", ylim=(1e-4, 10))
    legend_below(figure)
    return figure


LAZY = Experiment(
    names=("beyond-lazy",),
    title="Lazy or rich: output scales, starts and parametrisations",
    full=scale(
        data=("digits", "mixture"),
        rows=100,
        widths=(40, 400, 4000),
        scales=tuple(10 ** (power / 2) for power in range(-4, 7)),
        steps={"stable": 20, "most": 800, "target": 0.2},
        limits=tuple(10.0**power for power in range(7)),
        limit_steps=50,
        starts=(0.1, 0.3, 1.0, 3.0, 10.0),
        check_widths=(64, 256, 1024, 4096),
        check_repeats=8,
        check_steps=30,
        octaves=tuple(range(-10, 11)),
        repeats=2,
    ),
    quick=scale(
        data=("mixture",),
        rows=60,
        widths=(40, 400),
        scales=(0.01, 0.1, 1.0, 10.0),
        steps={"stable": 20, "most": 400, "target": 0.3},
        limits=(1.0, 10.0, 1e5, 1e6),
        limit_steps=20,
        starts=(0.1, 1.0, 10.0),
        check_widths=(64, 512),
        check_repeats=2,
        check_steps=20,
        octaves=tuple(range(-4, 11, 2)),
        repeats=1,
    ),
    measure=_measure,
    claims=(*CLAIMS_ON_PHASE, *CLAIMS_ON_WIDTHS),
    words=_words,
    pictures={
        "phase.png": _draw_phase,
        "limit.png": _draw_limit,
        "parametrizations.png": _draw_check,
    },
)
