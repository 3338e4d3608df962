"""A study in words: what its columns are, what was found, what its pictures show."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from overparam_sk.experiments.claims import log_slope, mean
from overparam_sk.experiments.plain_words import listed
from overparam_sk.experiments.study import FitRow, Study
from overparam_sk.experiments.tables import mean_and_std

__all__ = ["finding", "in_the_picture", "legend"]

# An exponent below this is none: the figure stays as it is.
_FLAT = 0.05


def legend(study: Study) -> list[str]:
    """Say what the columns of the table are.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of str
        A line each.
    """
    kl, target = study.n_clusters, f"{study.target_accuracy:.0%}"
    every = study.fit_params.get("record_every")
    steps = "step" if every == 1 else f"{every} steps"
    looked = f", looked at every {steps}" if isinstance(every, int) else ""
    lines = [
        "test accuracy: share of the test rows that are right at the end.",
        "pattern change: share of pairs of a hidden unit and a training row that are "
        "active now and were not at initialisation, or the other way round.",
        "relative distance: ‖W − W(0)‖ / ‖W(0)‖ of the hidden weights, in Frobenius's "
        "norm.",
        f"steps to {target}: the first step with that test accuracy{looked}.",
        f"s_{kl}, s_{kl + 1}: singular values number {kl} and {kl + 1} of W − W(0), "
        "the largest first. Li and Liang expect as many large ones as there are "
        f"clusters, {kl} here (one a class where nobody knows), so that "
        f"s_{kl}/s_{kl + 1} is large.",
    ]
    if study.repeats > 1:
        lines.insert(
            0,
            f"a ± b: mean and sample standard deviation over {study.repeats} repeats.",
        )
    return lines


def finding(study: Study) -> str:
    """Say in a sentence what was found.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
    """
    widths = [width for width in study.widths if study.fits(width)]
    if not widths:
        return "Nothing was found: no fit has figures."
    accuracy = _means(study, lambda row: row.test_accuracy)
    few, most = widths[0], widths[-1]
    if few == most:
        changed, far = (
            mean(getattr(row, name) for row in study.fits(most))
            for name in ("activation_change", "relative_distance")
        )
        told = [
            f"At width {few} the test accuracy is {accuracy[few]}",
            f"{changed:.1%} of the activation patterns changed",
            f"W ends at a relative distance of {far:.3g}",
        ]
    else:
        told = [
            f"From width {few} to {most} the test accuracy "
            + _way([accuracy[width] for width in widths]),
            _law(study, "the relative distance", lambda row: row.relative_distance),
            _law(study, "the pattern change", lambda row: row.activation_change),
        ]
    scores = {
        name: float(np.mean(known))
        for name, scores in study.baselines.items()
        if (known := [score for score in scores if np.isfinite(score)])
    }
    if scores:
        best = max(scores, key=lambda name: scores[name])
        told.append(f"the best baseline, {best}, has {scores[best]:.4f}")
    return f"{listed(told)}."


def in_the_picture(study: Study, folder: Path) -> str:
    """Say in two sentences where the pictures are, and what is to be seen.

    Parameters
    ----------
    study : Study
        With a fit that has figures.
    folder : Path

    Returns
    -------
    str
    """
    rows = [row for width in study.widths for row in study.fits(width)]
    steps = [row.steps_to_target for row in rows if row.steps_to_target is not None]
    target = f"{study.target_accuracy:.0%} test accuracy"
    if not steps:
        seen = f"no fit reaches {target}"
    else:
        who = "every fit reaches"
        if len(steps) < len(rows):
            who = f"{len(steps)} of {len(rows)} fits reach"
        seen = f"{who} {target}, after {_span(steps)} steps"
    far = _span([row.relative_distance for row in rows])
    return (
        f"The picture is {folder / 'study.png'}, with the fits along training, and "
        f"{folder / 'widths.png'} beside it, with their ends against the width. They "
        f"show that {seen}, and that W ends at a relative distance of {far}."
    )


def _means(study: Study, figure: Callable[[FitRow], float]) -> dict[int, str]:
    return {
        width: mean_and_std(map(figure, study.fits(width)), ".4f")
        for width in study.widths
    }


def _law(study: Study, name: str, figure: Callable[[FitRow], float]) -> str:
    """How a figure goes with the width, by least squares on logarithms of means."""
    fits = {width: study.fits(width) for width in study.widths}
    found = {m: mean(map(figure, some)) for m, some in fits.items() if some}
    known = {m: value for m, value in found.items() if value > 0}
    if len(known) < 2:
        return f"{name} has no exponent, being 0 or unknown at most widths"
    power = log_slope(known, known.values())
    if abs(power) < _FLAT:
        # What goes up and down has no exponent either.
        apart = max(known.values()) / min(known.values())
        if apart > (max(known) / min(known)) ** _FLAT:
            return f"{name} neither rises nor falls, from {_span([*known.values()])}"
        return f"{name} does not depend on it"
    return f"{name} {'falls' if power < 0 else 'rises'} as m^({power:.2f})"


def _way(along: Sequence[str]) -> str:
    if len(set(along)) == 1:
        return f"stays {along[0]}"
    if along[0] == along[-1]:
        return f"begins and ends at {along[0]}"
    return f"goes from {along[0]} to {along[-1]}"


def _span(values: Sequence[float]) -> str:
    ends = (min(values), max(values))
    low, high = (f"{end:.3g}" if end < 1000 else f"{end:.0f}" for end in ends)
    return low if low == high else f"{low} to {high}"
