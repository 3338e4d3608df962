"""Every display, of figures that are hard to draw, has no fault."""

import matplotlib as mpl
import numpy as np
import pytest
from pictures import faults

from overparam_sk import plotting
from overparam_sk.diagnostics import ResidualModes
from overparam_sk.plotting import (
    ConvergenceDisplay,
    CoordinateCheckDisplay,
    KernelDriftDisplay,
    PhaseDiagramDisplay,
    TrainingDynamicsDisplay,
    UpdateSpectrumDisplay,
    WidthStudyDisplay,
)

mpl.use("Agg")

WIDTHS = (250, 500, 1000, 2000, 4000)
SPREAD = "±1 standard deviation"


def repeats(*courses):
    return [np.asarray(course, dtype=float) for course in courses]


def histories(at, **columns):
    """Three repeats a width, which differ; the wider, the slower."""
    at = np.asarray(at)
    return {
        f"m = {m}": [
            {
                "iteration": at,
                **{k: of(at, m) * (1 + 0.05 * r) for k, of in columns.items()},
            }
            for r in range(3)
        ]
        for m in WIDTHS
    }


def flat():
    """All is learnt before the second twentieth, and stays learnt."""
    at = [0, 1, 2, 5, 10, 20, 50, *range(100, 2001, 50)]
    made = histories(
        at,
        activation_change=lambda t, m: 0.9 * (1 - np.exp(-t / 20)) / m**0.1,
        relative_distance=lambda t, m: np.sqrt(t / m),
    )
    for group in made.values():
        for one in group:
            one["score"] = np.where(np.asarray(at) < 10, np.asarray(at) / 10, 1.0)
    return TrainingDynamicsDisplay.from_histories(made)


def two_layers():
    made = histories(
        range(200),
        loss=lambda t, m: 20 * np.exp(-t / m),
        gram_lambda_min=lambda t, m: np.full(len(t), 1e-3),
        weight_change_1=lambda t, m: t / m,
        weight_change_2=lambda t, m: t / m,
        activation_change_1=lambda t, m: t / 1000,
        activation_change_2=lambda t, m: t / 2000,
    )
    return ConvergenceDisplay.from_histories(made, lambda_0=0.1, learning_rate=0.01)


def to_rounding():
    """A loss that comes to 0, and one curve alone."""
    at = np.arange(0, 400, 10)
    one = {"iteration": at, "loss": 10.0**-at, "gram_lambda_min": 0.0 * at}
    return ConvergenceDisplay.from_histories({"net": one})


def never_known():
    """A course of which no value is known, beside one that is."""
    at = np.arange(40)
    one = {"iteration": at, "score": np.full(40, np.nan), "relative_distance": at}
    return TrainingDynamicsDisplay.from_histories({"net": one})


def parametrizations():
    rates = 2.0 ** np.arange(-3, 10)
    each = {
        kind: np.outer([1, 5, 10], np.array(WIDTHS) ** power)
        for kind, power in (("hidden", -0.5), ("readout", 0.0), ("outputs", 0.5))
    }
    names = ("ntk", "mean_field", "mup", "standard")
    return CoordinateCheckDisplay(
        widths=np.array(WIDTHS),
        iterations=np.array([1, 5, 10]),
        changes=dict.fromkeys(names, each),
        learning_rates=rates,
        losses=dict.fromkeys(names, np.array([1 + (rates / m) ** 2 for m in WIDTHS])),
    )


def kernel(**changes):
    """A spectrum that ends in rounding, with modes that are learnt to it."""
    values = np.concatenate(
        [np.geomspace(100, 1e-8, 30), np.geomspace(1e-16, 1e-40, 9)]
    )
    left = np.array([values * 0 + 1, np.exp(-values), np.exp(-1e3 * values)])
    modes = ResidualModes(values, np.array([0, 10, 100]), left, 1e-3)
    usual = {
        "iterations": np.arange(0, 101, 5),
        "courses": {"gram_drift": np.linspace(0, 1, 21)},
        "looks": np.array([0, 10, 100]),
        "spectra": np.array([values, 1.1 * values, 1.2 * values]),
        "modes": modes,
    }
    return KernelDriftDisplay(**{**usual, **changes})


def phases():
    cells = np.outer(np.geomspace(1e-3, 10, 5), np.geomspace(0.1, 1, 5))
    return PhaseDiagramDisplay(
        widths=np.array(WIDTHS),
        scales=np.geomspace(0.01, 100, 5),
        scores={"gram_drift": cells, "accuracy": np.full((5, 5), 0.9), "loss": cells},
    )


def spectra():
    values = np.concatenate(
        [np.geomspace(3, 1e-3, 500), np.geomspace(1e-14, 1e-48, 284)]
    )
    return UpdateSpectrumDisplay(
        names=[f"m = {m}" for m in WIDTHS],
        update_singular_values=[np.outer([1, 1.1], values) for _ in WIDTHS],
        weight_singular_values=[np.outer([1, 1], 1 + values) for _ in WIDTHS],
        n_components=10,
    )


def widths(**changes):
    """An accuracy of 1, as three baselines; shares whose spread goes beyond 0 and 1."""
    two = {"net": np.array(WIDTHS), "other net": np.array(WIDTHS)}
    ones = {name: [np.ones(3)] * 5 for name in two}
    wide = {name: [np.array([0.001, 0.01, 0.9])] * 5 for name in two}
    far = {name: [np.array([1.0, 1.1, 1.2]) / m**0.45 for m in WIDTHS] for name in two}
    same = dict.fromkeys(("svm", "knn", "kernel"), np.ones(3))
    usual = {
        "param": "clf__width",
        "values": two,
        "scores": {
            "accuracy": ones,
            "activation_change": wide,
            "relative_distance": far,
            "dead_samples": wide,
        },
        "baselines": {
            "accuracy": same,
            "activation_change": {},
            "relative_distance": {},
            "dead_samples": {},
            "distance_constant": {"infinite": np.array([1.0, 1.1])},
        },
    }
    return WidthStudyDisplay(**{**usual, **changes})


def no_numbers():
    """Values that have no place on an axis of numbers, and long names."""
    values = np.empty(3, dtype=object)
    values[:] = ["auto", None, "a value with quite a long name"]
    scores = {"search": [np.array([0.5, 1.0])] * 3}
    return WidthStudyDisplay(
        param="pipe__clf__learning_rate",
        values={"search": values},
        scores={"accuracy": scores, "f1_macro": scores},
        baselines={"accuracy": {}, "f1_macro": {}},
    )


def no_law():
    """Without what no fit recorded, and where there is no law of the modes."""
    why = "the fit must be plain gradient descent of the square loss, got momentum=0.9"
    return kernel(courses={}, modes=None, refusal=why)


DISPLAYS = [
    flat,
    two_layers,
    to_rounding,
    never_known,
    parametrizations,
    kernel,
    no_law,
    phases,
    spectra,
    widths,
    no_numbers,
]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_the_list_has_every_display():
    assert {type(make()).__name__ for make in DISPLAYS} == set(plotting.__all__)


@pytest.mark.parametrize("make", DISPLAYS)
def test_no_display_has_a_fault(make):
    before = dict(mpl.rcParams)
    display = make().plot()
    assert faults(display.figure_) == []
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("make", [flat, two_layers, spectra, widths])
def test_a_figure_says_what_its_bars_are(make):
    (legend,) = make().plot().figure_.legends
    assert any(text.get_text().endswith(SPREAD) for text in legend.get_texts())


def test_the_exponent_of_the_width_is_said():
    display = widths().plot(metrics="relative_distance")
    assert display.ax_[0].get_title().count("m^{-0.45}") == 2


def test_axes_of_others_hold_all_names_in_one_legend():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(20, 5), layout="constrained")
    widths().plot(axes)
    assert figure.legends == []
    shown = {text.get_text() for text in axes[0].get_legend().get_texts()}
    assert {"net", "other net", "svm", "knn", "kernel", "infinite", "c/√m"} <= shown


@pytest.mark.parametrize(
    ("at", "scale", "label"),
    [
        (
            [0, 1, 2, 5, 10, 20, *range(50, 2001, 50)],
            "symlog",
            "iteration, logarithmic",
        ),
        (range(0, 2001, 50), "linear", "iteration, first looked at 50"),
        (range(11), "linear", "iteration"),
    ],
)
def test_an_early_rise_is_seen_or_said_to_be_unseen(at, scale, label):
    at = np.asarray(at)
    history = {"iteration": at, "score": np.minimum(1, at / 10)}
    display = TrainingDynamicsDisplay.from_histories({"net": history}).plot()
    assert display.ax_[0].get_xscale() == scale
    assert display.ax_[0].get_xlabel().replace("\n", " ").startswith(label)
