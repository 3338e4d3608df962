"""Figures 4 and 5 of Li and Liang (2018): steps and distance at a desired accuracy.

Beside the networks stands their limit of infinite width, trained on the same batches,
whose distance is c/√m with c computed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.drawing.legends import legend_below, nothing_to_show
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.spread import AT_LEAST_0, draw_means
from overparam_sk.experiments.claims import (
    NOT,
    Claim,
    Condition,
    Finding,
    Rule,
    at_most,
    claim,
    each_width,
    log_slope,
    mean,
    rule,
)
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.li_liang_2018.first_crossing import (
    FirstCrossing,
    FirstCrossingAsVariance,
    crossing_figures,
)
from overparam_sk.experiments.problem import Defaults, data_of
from overparam_sk.experiments.problems import load_problem
from overparam_sk.experiments.reproduction import (
    MNIST,
    Experiment,
    Request,
    Scale,
    scale,
)
from overparam_sk.experiments.stores import usual_store
from overparam_sk.experiments.tables import mean_and_std
from overparam_sk.model_selection import Fit, width_study

__all__ = ["AS_VARIANCE", "FIGURES_4_AND_5", "PANELS", "Crossed", "Panel"]

_LIMIT = "infinite width"
_SPREAD = "networks, ±1 standard deviation"


@dataclass(frozen=True)
class Panel:
    """One panel of both figures."""

    name: str  # of the data
    settings: Defaults
    constant: float  # of the paper's red line, constant/√m
    normalize: bool
    as_variance: bool = False  # whether 1/√m is the variance of W(0), not its root

    @property
    def words(self) -> str:
        """The data and the reading."""
        reading = "rows scaled to norm 1" if self.normalize else "rows as drawn"
        start = ", variance 1/√m" if self.as_variance else ""
        return f"{self.name}, {reading}{start}"


PANELS = tuple(
    Panel(*of_data, normalize)
    for of_data in (("synthetic", data.SYNTHETIC, 2 / 3), (MNIST, data.MNIST, 1 / 6))
    for normalize in (False, True)
)


# §7 starts from N(0, 1/√m), (A3) from N(0, σ²I) with σ = 1/√m.
_AS_VARIANCE = tuple(replace(panel, as_variance=True) for panel in PANELS)


@dataclass(frozen=True)
class Crossed:
    """What was measured of a panel: fits by width, and those of the limit."""

    panel: Panel
    fits: Mapping[int, list[Fit]]
    limit: list[Fit]
    max_iter: int | None = None  # T, where it is another than the paper's


def _look_at_reached(measured: Crossed) -> tuple[str, bool]:
    """Whether the accuracy was reached, or may be called out of reach: after all T."""
    settings = measured.panel.settings
    steps = [fit.scores["steps"] for fits in measured.fits.values() for fit in fits]
    reached, ran = int(np.isfinite(steps).sum()), measured.max_iter
    words = (
        f"{reached} of {len(steps)} fits reach {settings.target_accuracy:.0%} within "
        f"{ran or settings.max_iter} steps, of the paper's {settings.max_iter}"
    )
    return words, reached == len(steps) or (ran or np.inf) >= settings.max_iter


_REACHED = Condition("the accuracy is achieved", _look_at_reached)


@claim(
    'Appendix D.1, Figure 4: "Number of steps to achieve 98% on the synthetic data and '
    "95% test accuracy on MNIST for different values of number of hidden nodes. They "
    'are roughly the same for different number of hidden nodes."',
    "First step at the accuracy, every step near it looked at, mean of every width. "
    "holds: the largest mean is at most 1.5 times the smallest; in trend: 3 times.",
    conditions=(_REACHED,),
    factor=1.5,
    trend=3.0,
)
def _steps_are_the_same(measured: Crossed, factor: float, trend: float) -> Finding:
    ours = f"steps to {measured.panel.settings.target_accuracy:.0%}: "
    ours += _each(measured, "steps", ".0f")
    means = [mean(map(_figure("steps"), fits)) for fits in measured.fits.values()]
    if not np.isfinite(means).all():
        return f"{ours}; not reached by all fits", NOT
    return ours, at_most(max(means) / max(1.0, min(means)), factor, trend)


@claim(
    'Appendix D.1: "Furthermore, Figure 5 shows the relative distances when achieving '
    "the desired accuracies. It is observed that the distances scale roughly as "
    'O(1/√m)."',
    "Slope of log distance against log m over all fits. holds: within 0.1 of −1/2; in "
    "trend: within 0.2.",
    conditions=(_REACHED,),
    within=0.1,
    trend=0.2,
)
def _falls_as_root(measured: Crossed, within: float, trend: float) -> Finding:
    m, constants = _points(measured, "constant")
    ours = f"distance · √m: {_each(measured, 'constant')}"
    if not np.isfinite(constants).all():
        return f"{ours}; the accuracy is not reached by all fits", NOT
    p = 0.5 - log_slope(m, constants)
    ours = f"relative distance falls as m^(−{p:.3f})"
    return ours, at_most(abs(p - 0.5), within, trend)


def _matches_the_line(name: str) -> Rule[Crossed]:
    @rule(
        "Relative distance times √m, mean over all fits, over the constant of the red "
        "line. holds: within 10 %; in trend: within a factor of 1.5.",
        factor=1.1,
        trend=1.5,
    )
    def matches(measured: Crossed, factor: float, trend: float) -> Finding:
        ours = f"distance · √m: {_each(measured, name)}"
        _, constants = _points(measured, name)
        ratio = float(np.mean(constants)) / measured.panel.constant
        if not np.isfinite(ratio):
            return f"{ours}; not reached by all fits", NOT
        ours += f": {ratio:.2f} times the paper's {measured.panel.constant:.3f}"
        return ours, at_most(max(ratio, 1 / ratio), factor, trend)

    return matches


def _figure(name: str) -> Callable[[Fit], float]:
    return lambda fit: float(fit.scores[name])


def _each(measured: Crossed, name: str, form: str = ".3g") -> str:
    """A figure at every width, and in the limit where that was run."""
    text = each_width(measured.fits, _figure(name), form)
    if measured.limit:
        limit = mean_and_std(map(_figure(name), measured.limit), form)
        text += f", {limit} ({_LIMIT}, computed)"
    return text


def _points(measured: Crossed, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Widths and figures of all fits."""
    points = [
        (m, _figure(name)(fit)) for m, fits in measured.fits.items() for fit in fits
    ]
    m, figures = np.array(points, dtype=float).T
    return m, figures


_CLAIMS = (
    _steps_are_the_same,
    _falls_as_root,
    Claim(
        'Appendix D.1: "In particular, they closely match 2/3√m on the synthetic data '
        "and 1/6√m on MNIST (the red lines in the figures), where m is the number of "
        'hidden nodes. Explanations are left for future work."',
        _matches_the_line("constant"),
        "The paper gives no reason for its constants, and does not say whether rows "
        "are scaled. On MNIST its figures disagree: 1/(6√m) is below 0.006 from m = "
        "1000 on, but the axis of its Figure 2, same data and step, has distances up "
        "to 2.0.",
        (_REACHED,),
    ),
    Claim(
        "beyond: Figure 5's lines, at the end of the run instead of at the accuracy",
        _matches_the_line("final_constant"),
    ),
)


def _measure(panels: Sequence[Panel], run: Request) -> Iterator[tuple[str, Crossed]]:
    for panel in panels:
        if panel.name in run.scale:
            run.tell(f"Figures 4 and 5: {panel.words}")
            yield panel.words, _run(panel, run.scale[panel.name], run)


def _run(panel: Panel, amounts: Scale, run: Request) -> Crossed:
    problem = load_problem(
        panel.name,
        data_home=run.data_home,
        normalize=panel.normalize,
        random_state=run.random_state,
    )
    options = data.training(
        replace(panel.settings, max_iter=amounts["max_iter"]),
        fit_intercept=False,
        device=run.device,
    )
    # The distance is all that is looked at beside the accuracy.
    looked_at = ("relative_distance",)
    nets: dict[str, Any] = {
        "net": OverparamReLUClassifier(diagnostics=looked_at, **options)
    }
    if amounts["limit"]:
        nets[_LIMIT] = InfiniteWidthReLUClassifier(**options)
    target, every = panel.settings.target_accuracy, amounts["every"]
    crossing = FirstCrossing
    if panel.as_variance:
        crossing, options["start"] = FirstCrossingAsVariance, "variance 1/√m"
    store = usual_store(
        run.out,
        problem,
        amounts["widths"],
        amounts["repeats"],
        random_state=run.random_state,
        target=target,
        every=every,
        limit=amounts["limit"],
        **options,
    )
    study = width_study(
        {name: crossing(net, target, every) for name, net in nets.items()},
        **data_of(problem),
        param="net__width",
        values=amounts["widths"],
        repeats=amounts["repeats"],
        scoring=crossing_figures,
        validate_on_test=True,
        store=store,
        random_state=run.random_state,
        verbose=run.progress,
    )
    for fit in study.failures:
        raise ValueError(f"A fit of {panel.words} failed: {fit.failure}")
    return Crossed(
        panel,
        {m: [fit for fit in study.fits if fit.value == m] for m in amounts["widths"]},
        [fit for fit in study.fits if fit.estimator == _LIMIT],
        amounts["max_iter"],
    )


def _words(run: Request, *measured: Crossed) -> tuple[list[str], dict[str, Any]]:
    lines: list[str] = []
    settings: dict[str, Any] = {}
    for panel in (crossed.panel for crossed in measured):
        amounts, usual = run.scale[panel.name], panel.settings
        widths = ", ".join(map(str, amounts["widths"]))
        lines.append(
            f"- {panel.words}: {data.in_words(usual)}, T = {amounts['max_iter']}, "
            f"widths {widths}, {amounts['repeats']} repeats."
        )
        settings[panel.words] = {
            "c": usual.learning_rate,
            "batch_size": usual.batch_size,
            "target": usual.target_accuracy,
            **amounts,
        }
    about_the_limit = (
        f"{_LIMIT}: trained in the space of functions, from a draw of f(0). Mean ± "
        f"standard deviation; seed {run.random_state}."
    )
    settings["random_state"] = run.random_state
    return ["\n".join(lines), about_the_limit], settings


def _draw(*measured: Crossed) -> Any:
    """Steps above, distances below with the paper's line and the limit's."""
    figure = new_figure(max(2.9 * len(measured), 5.0), 7.6)
    rows = figure.subplots(2, len(measured), squeeze=False)
    for crossed, (above, below) in zip(measured, rows.T, strict=True):
        target = f"{crossed.panel.settings.target_accuracy:.0%}"
        above.set_title(crossed.panel.words)
        _draw_crossing(above, crossed, "steps", f"steps to {target}")
        _draw_crossing(below, crossed, "constant", f"relative distance at {target}")
    legend_below(figure)
    return figure


def _draw_crossing(ax: Any, crossed: Crossed, name: str, words: str) -> None:
    """A figure at the first step with the accuracy, if there was one."""
    figure = _figure(name)
    m = np.array(list(crossed.fits), dtype=float)
    scales = m**-0.5 if name == "constant" else np.ones_like(m)
    values = [
        np.array([*map(figure, fits)]) * scale
        for fits, scale in zip(crossed.fits.values(), scales, strict=True)
    ]
    if not np.isfinite(np.concatenate(values)).any():
        nothing_to_show(ax, f"nothing to show: no fit came to {words.split()[-1]}")
        return
    networks, limit, papers = pens(3)
    ax.set(xscale="log", xlabel="width m", ylabel=words)
    draw_means(ax, m, values, networks, domain=AT_LEAST_0, label=_SPREAD)
    if crossed.limit:
        level = mean(map(figure, crossed.limit)) * scales
        ax.plot(m, level, **limit.line(len(m), linestyle="--", label=_LIMIT))
    if name == "constant":
        line = papers.line(len(m), linestyle=":", label="the paper's line")
        ax.plot(m, crossed.panel.constant * scales, **line)
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=0)
    label_values(ax, m)
    finish(ax)


_T = data.SYNTHETIC.max_iter

_EVERY = {"max_iter": _T, "every": 40}
_SMALL = scale(widths=(500, 1000, 2000), repeats=2, limit=True, **_EVERY)

# ``every`` steps the first fit is looked at; ``limit``: the infinite width is run too.
FIGURES_4_AND_5 = Experiment(
    names=("ll18-fig4", "ll18-fig5"),
    title="Li and Liang (2018), Figures 4 and 5",
    full={
        "synthetic": scale(
            widths=(*data.SYNTHETIC.widths, 16000), repeats=5, limit=True, **_EVERY
        ),
        MNIST: scale(
            widths=data.MNIST.widths, repeats=5, max_iter=4000, every=100, limit=True
        ),
    },
    quick={
        "synthetic": _SMALL,
        MNIST: scale(
            widths=(500, 1000), repeats=1, max_iter=1000, every=50, limit=False
        ),
    },
    measure=partial(_measure, PANELS),
    claims=_CLAIMS,
    words=_words,
    pictures={"crossings.png": _draw},
)
AS_VARIANCE = replace(
    FIGURES_4_AND_5,
    names=("ll18-variance",),
    title="Li and Liang (2018), Figures 4 and 5 from N(0, 1/√m) as a variance",
    full={
        "synthetic": scale(
            widths=data.SYNTHETIC.widths, repeats=5, limit=False, **_EVERY
        ),
        MNIST: scale(
            widths=data.MNIST.widths, repeats=5, max_iter=4000, every=100, limit=False
        ),
    },
    quick={**FIGURES_4_AND_5.quick, "synthetic": {**_SMALL, "limit": False}},
    measure=partial(_measure, _AS_VARIANCE),
)
