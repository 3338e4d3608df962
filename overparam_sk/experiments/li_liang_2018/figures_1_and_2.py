"""Figures 1 and 2 of Li and Liang (2018): synthetic data and MNIST, width by width."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from overparam_sk.experiments.claims import Claim
from overparam_sk.experiments.li_liang_2018 import data, rules
from overparam_sk.experiments.problem import Defaults, Problem
from overparam_sk.experiments.problems import load_problem
from overparam_sk.experiments.report import write_report
from overparam_sk.experiments.reproduction import (
    MNIST,
    Experiment,
    Request,
    Scale,
    scale,
)
from overparam_sk.experiments.stores import usual_store
from overparam_sk.experiments.study import Study, run_study

__all__ = ["FIGURE_1", "FIGURE_2", "section_7_study"]

_SIMILAR = (
    '; of Figure 2: "The observation in general is similar to those on the synthetic '
    'data (though less significant)"'
)
_CONVERGES = '"The test accuracy quickly converges to 100%"'
_GROWS = '"which is even more significant with larger number of hidden units"'
_STEPS = (
    '"the number of iterations to get the accuracy to achieve a desired accuracy '
    'should be roughly the same"'
)
_TOP_20 = (
    '"the top 20 singular values of the accumulated updates are much larger than the '
    'rest"'
)
_SPECTRUM = '"while the spectrum of the weight matrix do not have such structure"'

_CLAIMS_1 = (
    Claim(_CONVERGES, rules.accuracy_converges(0.995, 0.99, 0.25)),
    Claim(_GROWS, rules.accuracy_grows(0.1)),
    Claim(_STEPS, rules.same_number_of_steps()),
    Claim(
        '"The activation pattern difference ratio is less than 0.1"',
        rules.stays_below("activation_change", 0.1),
    ),
    Claim(
        '"The relative distance is less than 0.1"',
        rules.stays_below("relative_distance", 0.1),
    ),
    Claim(_TOP_20, rules.gap("W − W(0)", 20, 3.0)),
    Claim(_SPECTRUM, rules.gap("W", 20, 1.2)),
)
_CLAIMS_2 = (
    Claim(_CONVERGES + _SIMILAR, rules.accuracy_converges(0.95, 0.95, 0.25)),
    Claim(_GROWS + _SIMILAR, rules.accuracy_grows(0.1)),
    Claim(_STEPS + _SIMILAR, rules.same_number_of_steps()),
    Claim(
        "Figure 2's axis: pattern change up to about 0.4",
        rules.stays_below("activation_change", 0.4),
    ),
    Claim(
        "Figure 2's axis: relative distance up to about 2.0",
        rules.stays_below("relative_distance", 2.0),
    ),
    Claim(_TOP_20 + _SIMILAR, rules.share("W − W(0)", 20, 0.8)),
    Claim(_SPECTRUM + _SIMILAR, rules.share("W", 20, 0.4)),
    Claim(
        '"the observed trend become more evident with more overparameterization"',
        rules.shrinks("activation_change", "relative_distance"),
    ),
)


def section_7_study(
    run: Request, problem: Problem, *, max_iter: int, record_every: int, **scale: Any
) -> Study:
    """Study a problem with c and B of section 7; the fits are kept."""
    settings = replace(problem.defaults, max_iter=max_iter)
    looks = {"record_every": record_every, "device": run.device}
    what: dict[str, Any] = {
        "problem": problem,
        **scale,
        "fit_params": data.training(settings, **looks),
        "random_state": run.random_state,
    }
    return run_study(
        **what,
        target_accuracy=settings.target_accuracy,
        store=usual_store(run.out, **what),
        progress=run.progress,
    )


def _figure(
    number: int,
    words: str,
    name: str,
    readings: Sequence[tuple[str, str, bool]],
    claims: tuple[Claim[Study], ...],
    full: Scale,
    quick: Scale,
) -> Experiment[Study]:
    """A reading has a folder, words, and rows that are scaled to norm 1 or not."""
    title = f"Figure {number}, {words}"

    def measure(run: Request) -> Iterator[tuple[str, Study | None]]:
        for folder, reading, normalize in readings:
            run.tell(f"{title}: {reading}")
            problem = load_problem(
                name,
                data_home=run.data_home,
                normalize=normalize,
                random_state=run.random_state,
            )
            study = section_7_study(run, problem, **run.scale[name])
            for line in write_report(study, run.out / folder, f"{title}: {reading}"):
                run.tell(line)
            yield reading, None if study.interrupted else study

    return Experiment(
        names=(f"ll18-fig{number}",),
        title=f"Li and Liang (2018), {title}",
        full={name: full},
        quick={name: quick},
        measure=measure,
        claims=claims,
        words=partial(_words, title),
    )


def _words(
    title: str, run: Request, *studies: Study
) -> tuple[list[str], dict[str, Any]]:
    (amounts,) = run.scale.values()
    params = studies[0].fit_params
    used = Defaults(params["learning_rate"], params["batch_size"])
    settings = {
        "figure": title,
        "learning_rate": used.learning_rate,
        "batch_size": used.batch_size,
        "target_accuracy": studies[0].target_accuracy,
        "random_state": run.random_state,
        **amounts,
    }
    widths = ", ".join(map(str, amounts["widths"]))
    words = (
        f"Step c/m with {data.in_words(used)}, T = {amounts['max_iter']}, widths "
        f"{widths}, {amounts['repeats']} repeats (mean ± standard deviation), seed "
        f"{run.random_state}."
    )
    return [words], settings


# The first tens of steps decide, so they are looked at closely.
_EVERY = {"max_iter": data.SYNTHETIC.max_iter, "record_every": 4}
FIGURE_1 = _figure(
    1,
    "synthetic data",
    "synthetic",
    [("raw", "rows as drawn", False), ("norm-1", "rows scaled to norm 1", True)],
    _CLAIMS_1,
    scale(widths=(*data.SYNTHETIC.widths, 16000), repeats=5, **_EVERY),
    scale(widths=(500, 1000, 2000), repeats=2, **_EVERY),
)
_NOT_SCALED = "grey values in [0, 1], rows not scaled"
FIGURE_2 = _figure(
    2,
    "MNIST",
    MNIST,
    [("norm-1", "rows scaled to norm 1", True), ("raw", _NOT_SCALED, False)],
    _CLAIMS_2,
    scale(
        widths=data.MNIST.widths,
        repeats=5,
        max_iter=data.MNIST.max_iter,
        record_every=400,
    ),
    scale(widths=(500, 1000, 2000), repeats=2, max_iter=2000, record_every=100),
)
