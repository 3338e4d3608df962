"""Figures 1 and 2 of Li and Liang (2018): synthetic data and MNIST, width by width."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from overparam_sk.experiments.claims import Claim, each_width
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

# The paper's sentences, whole; one that says two things is judged twice.
_ACCURACY = (
    '§7: "The test accuracy quickly converges to 100%, which is even more significant '
    "with larger number of hidden units, showing that the overparameterization helps "
    'the optimization and generalization."'
)
_STEPS = (
    '§7: "Recall that our analysis shows that for a learning rate linearly decreasing '
    "with the number of hidden nodes m, the number of iterations to get the accuracy "
    "to achieve a desired accuracy should be roughly the same, which is also verified "
    'here."'
)
_SPECTRA = (
    '§7: "Finally, the top 20 singular values of the accumulated updates are much '
    "larger than the rest while the spectrum of the weight matrix do not have such "
    'structure, which is also consistent with our analysis."'
)
_FIGURE_2 = (
    '§7: "Figure 2 shows the results on MNIST. The observation in general is similar '
    "to those on the synthetic data (though less significant), and also the observed "
    'trend become more evident with more overparameterization."'
)
# So many times as large as the rest is "much larger", less is no such structure.
_MUCH = 5.0


def _update_is_the_larger_part(study: Study) -> str:
    """Why W of Figure 2 has the structure of the update."""
    fits = {width: study.fits(width) for width in study.widths if study.fits(width)}
    distance = each_width(fits, lambda row: row.relative_distance)
    return (
        f"W − W(0) over W(0): {distance}. §6 says it of a difference that is small: "
        '"when the difference is small compared to the initialization, the spectrum of '
        'the final weight matrix is dominated by that of the initialization".'
    )


_CLAIMS_1 = (
    Claim(f"{_ACCURACY} Converges", rules.accuracy_converges(0.995, 0.99, 0.25)),
    Claim(f"{_ACCURACY} Wider is faster", rules.accuracy_grows(0.1)),
    Claim(_STEPS, rules.same_number_of_steps()),
    Claim(
        '§7: "The activation pattern difference ratio is less than 0.1, indicating a '
        'strong coupling."',
        rules.stays_below("activation_change", 0.1),
    ),
    Claim(
        '§7: "The relative distance is less than 0.1, so the final solution is indeed '
        'close to the initialization."',
        rules.stays_below("relative_distance", 0.1),
    ),
    Claim(f"{_SPECTRA} The updates", rules.gap("W − W(0)", 20, 3.0)),
    Claim(f"{_SPECTRA} The weights", rules.gap("W", 20, 1.2)),
)
_CLAIMS_2 = (
    Claim(
        f"{_FIGURE_2} The accuracy converges",
        rules.accuracy_converges(0.95, 0.95, 0.25),
    ),
    Claim(f"{_FIGURE_2} Wider is faster", rules.accuracy_grows(0.1)),
    Claim(f"{_FIGURE_2} The number of steps", rules.same_number_of_steps()),
    Claim(
        "Figure 2's axis: pattern change up to about 0.4",
        rules.stays_below("activation_change", 0.4),
    ),
    Claim(
        "Figure 2's axis: relative distance up to about 2.0",
        rules.stays_below("relative_distance", 2.0),
    ),
    Claim(f"{_FIGURE_2} The updates' top 20", rules.stands_out("W − W(0)", 20, _MUCH)),
    Claim(
        f"{_FIGURE_2} The weights have no such structure",
        rules.stands_out("W", 20, _MUCH),
        _update_is_the_larger_part,
    ),
    Claim(
        f"{_FIGURE_2} The trend",
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
    [
        ("raw", "synthetic, rows as drawn", False),
        ("norm-1", "synthetic, rows scaled to norm 1", True),
    ],
    _CLAIMS_1,
    scale(widths=(*data.SYNTHETIC.widths, 16000), repeats=5, **_EVERY),
    scale(widths=(500, 1000, 2000), repeats=2, **_EVERY),
)
FIGURE_2 = _figure(
    2,
    "MNIST",
    MNIST,
    [
        ("norm-1", "mnist, rows scaled to norm 1", True),
        ("raw", "mnist, grey values in [0, 1]", False),
    ],
    _CLAIMS_2,
    scale(
        widths=data.MNIST.widths,
        repeats=5,
        max_iter=data.MNIST.max_iter,
        record_every=400,
    ),
    scale(widths=(500, 1000, 2000), repeats=2, max_iter=2000, record_every=100),
)
