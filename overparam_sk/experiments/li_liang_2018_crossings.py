"""Figures 4 and 5 of Li and Liang (2018): steps and distance at a desired accuracy.

Beside the networks stands their limit of infinite width, trained on the same batches,
whose distance is c/√m with c computed.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.experiments.by_width import each_width, mean
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Claim, Finding, Rule
from overparam_sk.experiments.claims_report import publish
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.first_crossing import FirstCrossing, crossing_figures
from overparam_sk.experiments.problems import load_problem
from overparam_sk.experiments.study import data_of, usual_store
from overparam_sk.experiments.tables import mean_and_std
from overparam_sk.model_selection import Fit, width_study

__all__ = ["CROSSINGS", "Crossed", "Crossing", "Scale", "reproduce"]

_LIMIT = "infinite width"


@dataclass(frozen=True)
class Scale:
    """How much is run; ``every`` steps the first fit is looked at."""

    widths: tuple[int, ...]
    repeats: int
    max_iter: int
    every: int
    limit: bool = True  # whether the infinite width is run too


@dataclass(frozen=True)
class Crossing:
    """One panel of both figures."""

    data: str
    words: str
    normalize: bool
    learning_rate: float
    batch_size: int
    target: float
    constant: float  # of the paper's red line, constant/√m
    full: Scale
    quick: Scale


@dataclass(frozen=True)
class Crossed:
    """What was measured of a panel: fits by width, and those of the limit."""

    panel: Crossing
    fits: Mapping[int, list[Fit]]
    limit: list[Fit]


def _steps_are_the_same() -> Rule[Crossed]:
    def find(measured: Crossed) -> Finding:
        ours = f"steps to {measured.panel.target:.0%}: "
        ours += _each(measured, "steps", ".0f")
        means = [mean(map(_figure("steps"), fits)) for fits in measured.fits.values()]
        if not np.isfinite(means).all():
            return f"{ours}; not reached by all fits", NOT
        ratio = max(means) / max(1.0, min(means))
        return ours, HOLDS if ratio <= 1.5 else TREND if ratio <= 3 else NOT

    return Rule(
        "First step at the accuracy, every step near it looked at, mean of every "
        "width. holds: the largest mean is at most 1.5 times the smallest; in trend: 3 "
        "times.",
        find,
    )


def _falls_as_root(name: str) -> Rule[Crossed]:
    def find(measured: Crossed) -> Finding:
        m, constants = _points(measured, name)
        if not np.isfinite(constants).all():
            return "the accuracy is not reached by all fits", NOT
        p = 0.5 - float(np.polyfit(np.log(m), np.log(constants), 1)[0])
        off = abs(p - 0.5)
        verdict = HOLDS if off <= 0.1 else TREND if off <= 0.2 else NOT
        return f"relative distance falls as m^(−{p:.3f})", verdict

    return Rule(
        "Slope of log distance against log m over all fits. holds: within 0.1 of "
        "−1/2; in trend: within 0.2.",
        find,
    )


def _matches_the_line(name: str) -> Rule[Crossed]:
    def find(measured: Crossed) -> Finding:
        ours = f"distance · √m: {_each(measured, name)}"
        _, constants = _points(measured, name)
        ratio = float(np.mean(constants)) / measured.panel.constant
        if not np.isfinite(ratio):
            return f"{ours}; not reached by all fits", NOT
        off = max(ratio, 1 / ratio)
        ours += f": {ratio:.2f} times the paper's {measured.panel.constant:.3f}"
        return ours, HOLDS if off <= 1.1 else TREND if off <= 1.5 else NOT

    return Rule(
        "Relative distance times √m, mean over all fits, over the constant of the red "
        "line. holds: within 10 %; in trend: within a factor of 1.5.",
        find,
    )


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


_CLAIMS: tuple[Claim[Crossed], ...] = (
    Claim(
        'Figure 4: the numbers of steps "are roughly the same for different number of '
        'hidden nodes"',
        _steps_are_the_same(),
    ),
    Claim(
        'Figure 5: "the distances scale roughly as O(1/√m)"',
        _falls_as_root("constant"),
    ),
    Claim(
        'Figure 5: "they closely match 2/3√m on the synthetic data and 1/6√m on MNIST"',
        _matches_the_line("constant"),
        "The paper gives no reason for its constants, and does not say whether rows "
        "are scaled. On MNIST its figures disagree: 1/(6√m) is below 0.006 from m = "
        "1000 on, but the axis of its Figure 2, same data and step, has distances up "
        "to 2.0.",
    ),
    Claim(
        "Figure 5's lines, at the end of the run instead of at the accuracy",
        _matches_the_line("final_constant"),
    ),
)

_READINGS = (("rows as drawn", False), ("rows scaled to norm 1", True))

_SYNTHETIC: dict[str, Any] = {
    "learning_rate": 10.0,
    "batch_size": 16,
    "target": 0.98,
    "constant": 2 / 3,
    "full": Scale((1000, 2000, 4000, 8000, 16000), 5, 400, 40),
    "quick": Scale((500, 1000, 2000), 2, 400, 40),
}
_MNIST: dict[str, Any] = {
    "learning_rate": 4e3,
    "batch_size": 64,
    "target": 0.95,
    "constant": 1 / 6,
    "full": Scale((1000, 2000, 4000, 8000), 5, 4000, 100),
    "quick": Scale((500, 1000), 1, 1000, 50, limit=False),
}
CROSSINGS: tuple[Crossing, ...] = tuple(
    Crossing(data, f"{data}, {words}", normalize, **settings)
    for data, settings in (("synthetic", _SYNTHETIC), ("mnist", _MNIST))
    for words, normalize in _READINGS
)


def reproduce(
    *,
    out: Path,
    quick: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    device: str = "auto",
    random_state: int = 0,
    progress: bool = True,
    tell: Callable[[str], Any] = print,
    mnist: Mapping[str, Any] | None = None,
    panels: Sequence[Crossing] = CROSSINGS,
) -> bool:
    """Run both figures, panel by panel, and judge what the paper says of them.

    Writes claims.md, claims.json and crossings.png. The fits are kept in store/.

    Parameters
    ----------
    out, quick, data_home, device, random_state, progress, tell
        As for :func:`overparam_sk.experiments.li_liang_2018.reproduce`.
    mnist : dict, default=None
        What of the scale on MNIST is to be another: "widths", "repeats", "max_iter".
    panels : sequence of Crossing

    Returns
    -------
    bool
        True. Ctrl-C raises KeyboardInterrupt; the fits that are done are kept.

    Raises
    ------
    OSError, ValueError
        If the data cannot be loaded or the device is not there.
    """
    judgements, measured, scales = [], [], {}
    for panel in panels:
        tell(f"Figures 4 and 5: {panel.words}")
        scale = panel.quick if quick else panel.full
        if panel.data == "mnist":
            scale = replace(scale, **(mnist or {}))
        scales[panel] = scale
        crossed = _run(panel, scale, data_home, device, random_state, progress, out)
        measured.append(crossed)
        judgements += [claim.judge(crossed, panel.words) for claim in _CLAIMS]
    publish(
        judgements,
        out,
        title="Li and Liang (2018), Figures 4 and 5",
        paragraphs=[
            "\n".join(_settings_line(panel, scale) for panel, scale in scales.items()),
            f"{_LIMIT}: trained in the space of functions, from a draw of f(0). Mean ± "
            f"standard deviation; seed {random_state}.",
        ],
        settings={
            **{
                panel.words: {**_step(panel), **asdict(scale)}
                for panel, scale in scales.items()
            },
            "random_state": random_state,
        },
        picture=("crossings.png", lambda path: _draw(measured, path)),
        tell=tell,
    )
    return True


def _step(panel: Crossing) -> dict[str, float]:
    return {
        "c": panel.learning_rate,
        "batch_size": panel.batch_size,
        "target": panel.target,
    }


def _settings_line(panel: Crossing, scale: Scale) -> str:
    widths = ", ".join(map(str, scale.widths))
    return (
        f"- {panel.words}: c = {panel.learning_rate:g}, B = {panel.batch_size}, T = "
        f"{scale.max_iter}, widths {widths}, {scale.repeats} repeats."
    )


def _run(
    panel: Crossing,
    scale: Scale,
    data_home: str | os.PathLike[str] | None,
    device: str,
    random_state: int,
    progress: bool,
    out: Path,
) -> Crossed:
    problem = load_problem(
        panel.data,
        data_home=data_home,
        normalize=panel.normalize,
        random_state=random_state,
    )
    options: dict[str, Any] = {
        "learning_rate": panel.learning_rate,
        "batch_size": panel.batch_size,
        "max_iter": scale.max_iter,
        "fit_intercept": False,
        "device": device,
    }
    # The distance is all that is looked at beside the accuracy.
    looked_at = ("relative_distance",)
    nets: dict[str, Any] = {
        "net": OverparamReLUClassifier(diagnostics=looked_at, **options)
    }
    if scale.limit:
        nets[_LIMIT] = InfiniteWidthReLUClassifier(**options)
    store = usual_store(
        out,
        problem,
        scale.widths,
        scale.repeats,
        random_state=random_state,
        target=panel.target,
        every=scale.every,
        limit=scale.limit,
        **options,
    )
    study = width_study(
        {
            name: FirstCrossing(net, panel.target, scale.every)
            for name, net in nets.items()
        },
        **data_of(problem),
        param="net__width",
        values=scale.widths,
        repeats=scale.repeats,
        scoring=crossing_figures,
        validate_on_test=True,
        store=store,
        random_state=random_state,
        verbose=progress,
    )
    for fit in study.failures:
        raise ValueError(f"A fit of {panel.words} failed: {fit.failure}")
    return Crossed(
        panel,
        {m: [fit for fit in study.fits if fit.value == m] for m in scale.widths},
        [fit for fit in study.fits if fit.estimator == _LIMIT],
    )


def _draw(measured: Sequence[Crossed], path: Path) -> None:
    """Steps above, distances below with the paper's line and the limit's."""
    figure = new_figure(4 * len(measured), 7)
    rows = figure.subplots(2, len(measured), squeeze=False)
    for crossed, (above, below) in zip(measured, rows.T, strict=True):
        m = np.array(list(crossed.fits), dtype=float)
        for ax, name in ((above, "steps"), (below, "constant")):
            scale = m**-0.5 if name == "constant" else np.ones_like(m)
            values = [[*map(_figure(name), fits)] for fits in crossed.fits.values()]
            means = np.array([np.mean(v) for v in values]) * scale
            spread = np.array([np.std(v) for v in values]) * scale
            ax.errorbar(m, means, spread, marker="o", capsize=3, label="networks")
            if crossed.limit:
                limit = mean(map(_figure(name), crossed.limit)) * scale
                ax.plot(m, limit, "k--", label=_LIMIT)
            ax.set(xscale="log", xlabel="width m")
        below.plot(m, crossed.panel.constant * m**-0.5, "r", label="the paper's line")
        below.set(yscale="log", ylabel="relative distance")
        above.set(ylabel=f"steps to {crossed.panel.target:.0%}")
        above.set_title(crossed.panel.words)
        above.set_ylim(bottom=0)
        below.legend()
    figure.savefig(path, dpi=150)
