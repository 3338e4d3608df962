"""Every picture of every experiment, of made-up figures, has no fault."""

from functools import partial

import matplotlib as mpl
import numpy as np
import pytest
from experiments.made_up import row, study
from experiments.made_up_pictures import MADE_UP
from pictures import faults

from overparam_sk.drawing.style import style
from overparam_sk.experiments.figure import draw_curves, draw_widths
from overparam_sk.experiments.reproductions import named_experiments

mpl.use("Agg")

EXPERIMENTS = {name: one for name, one in named_experiments().items() if one.pictures}


def different(experiment):
    """Pictures that are not drawn as another is, with other words or of other data."""
    found = {}
    for name, draw in experiment.pictures.items():
        is_partial = isinstance(draw, partial)
        which = [a for a in draw.args if callable(a)] if is_partial else []
        found.setdefault(str([draw.func if is_partial else draw, *which]), (name, draw))
    return found.values()


PICTURES = [
    pytest.param(name, draw, id=f"{name}-{picture}")
    for name, one in EXPERIMENTS.items()
    if name == one.names[0]
    for picture, draw in different(one)
]


def test_the_list_has_every_experiment_that_draws():
    assert set(MADE_UP) == {one.names[0] for one in EXPERIMENTS.values()}


@pytest.mark.parametrize(("name", "draw"), PICTURES)
def test_no_picture_has_a_fault(name, draw):
    with style():
        figure = draw(*MADE_UP[name]())
        assert faults(figure) == []


def flat():
    """A study in which all is learnt in a tenth of the run, by all methods alike."""
    at = np.array([0, 1, 2, 4, 8, 16, 32, *range(50, 2001, 50)])
    score = np.where(at < 10, 0.1 + at / 12, 1.0)
    history = {"iteration": at, "val_score": score, "score": score}
    history["activation_change"] = at / 1e4
    rows = [
        row(
            m,
            i,
            history={
                **history,
                "activation_change": at / 1e4,
                "relative_distance": at / m,
            },
            relative_distance=m**-0.5,
            activation_change=0.3 * m**-0.1,
            update_singular_values=np.append(np.geomspace(9, 1e-3, 99), 1e-48),
            weight_singular_values=np.geomspace(9, 3, 100),
        )
        for m in (250, 500, 1000, 2000, 4000)
        for i in range(3)
    ]
    same = (1.0, 1.0)
    return study(*rows, baselines=dict.fromkeys(("svm", "knn", "kernel"), same))


def test_the_pictures_of_a_study_have_no_fault():
    made = flat()
    widths = draw_widths(made, "Width study of made up, $5, 3 repeats")
    assert faults(widths) == []
    assert "m^{-0.50}" in widths.axes[2].get_title()
    fits = {str(m): made.fits(m) for m in made.widths}
    curves = draw_curves(
        fits, "title", legend="width m", n_components=10, target_accuracy=0.98
    )
    assert faults(curves) == []
    assert curves.axes[0].get_xscale() == "symlog"
