"""What each picture of an experiment is drawn of, made up to be hard to draw."""

from dataclasses import replace
from types import SimpleNamespace as Made

import numpy as np
from experiments.made_up import course, row
from experiments.made_up_kong import initialisation, measured, run
from experiments.test_lazy import lazy as made_up_lazy

from overparam_sk.diagnostics import ResidualModes
from overparam_sk.experiments.beyond.depth_runs import Key
from overparam_sk.experiments.beyond.lazy.experiment import LAZY
from overparam_sk.experiments.beyond.uncertainty import Ensembles
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.li_liang_2018.figures_4_and_5 import PANELS
from overparam_sk.theory._pictures import draw

WIDTHS = (100, 500, 1000, 2000, 4000)


def sheets(rows):
    """A sheet that is drawn by itself, as a theory sheet is."""
    return [Made(rows=rows, plot=lambda ax: draw("Made Up (2031)", rows, ax))]


SHEET = [
    {
        "part": f"Theorem {i}, in words that go on",
        "symbol": "m",
        "relation": ">=",
        "verdict": verdict,
        "found": 10.0**found,
        "required_log10": asked,
        "costliest": "ε",
        "costs": {"ε": 40.0},
    }
    for i, (verdict, found, asked) in enumerate(
        [("holds", 3, 1.0), ("does not hold", 3, 132.0), ("holds", -20, -18.0)] * 3
    )
]


def kong():
    """Eight data sets, five widths: bars, no bands; dead rows, and rows that die."""
    rng = np.random.default_rng(0)
    found = []
    for name in DATA_SETS:
        starts = [
            initialisation(ratio=max(0.0, r), widths=WIDTHS, data=name)
            for r in rng.normal(0, 0.1, 30)
        ]
        runs = [
            run(
                m,
                i,
                data=name,
                rate=10.0 ** (1 + i),
                eigenvalues=np.geomspace(9, 1, 40),
            )
            for m in WIDTHS
            for i in range(3)
        ]
        left = np.ones((3, 40))
        modes = ResidualModes(
            np.geomspace(9, 1, 40), np.array([0, 10, 100]), left, 2e-4
        )
        runs = [replace(one, modes=modes) for one in runs]
        found.append(measured(*runs, starts=starts, name=name))
    return found


def flows():
    t = np.linspace(0, 0.02, 30)
    descent = Made(history={"loss": np.exp(-t) * (1 + 1e-6 * t)})
    flow = Made(history={"loss": np.exp(-t)}, t=t)
    fits = {m: [(descent, flow, None)] * 2 for m in (100, 1000)}
    return [Made(flow=Made(name=name), fits=fits) for name in DATA_SETS]


def sweeps():
    """Of one data set no step changes the loss by more than a rounding."""
    ratios = (0.01, 0.1, 0.5, 1.0, 1.5, 1.9, 2.1, 3.0, 4.0, 8.0)
    return [
        Made(
            name=name,
            descents=[
                Made(width=m, ratio=r, end=0.98645 if not i else 10.0 ** (r - 8))
                for m in (100, 1000)
                for r in ratios
            ],
        )
        for i, name in enumerate(DATA_SETS)
    ]


def first_widths():
    fits = {h: [Made(start=h / 1000), Made(start=0.0)] for h in (5, 50, 500, 2000)}
    return [Made(name=name, fits=fits) for name in ("synthetic-50", "MNIST-01")]


def balls():
    rng = np.random.default_rng(0)
    y, ball = np.repeat([0, 0, 1, 1], 20), np.tile(np.repeat([0, 1], 20), 2)
    centres = np.array([[0, 2], [2, 0], [2, 2], [0, 0]])[2 * y + ball]
    cut = Made(rows=slice(None), component=ball, n_components=2, lambda_=0.0525)
    whole = Made(rows=slice(None), component=0 * ball, n_components=1, lambda_=1.54)
    X = centres + 0.05 * rng.normal(size=(80, 2))
    return [Made(draws=[Made(X=X, y=y, two=cut, one=whole)])]


def bounds():
    names = ("kernel", "PAC-Bayes", "compression", "margin")
    each = [Made(name=n, value=3.0, test_error=0.2, trivial=0.9) for n in names]
    return [{"structured": [each], "random": [each]}] * 2


def crossed():
    """The target is reached on one data set alone."""
    panels = [replace(panel, as_variance=True) for panel in PANELS]

    def fits(steps):
        one = Made(scores={"steps": steps, "constant": steps / 10})
        return {m: [one, one] for m in WIDTHS}

    never = [Made(panel=panel, fits=fits(np.nan), limit=[]) for panel in panels[1:]]
    limit = fits(8.5)[100]
    return [Made(panel=panels[0], fits=fits(7.5), limit=limit), *never]


def varied():
    """All is learnt at once, and a spectrum that ends in rounding."""
    values = np.append(np.geomspace(3, 1e-3, 50), np.geomspace(1e-20, 1e-48, 20))
    scores = [0.1, 1.0, 1.0, 1.0, 1.0]
    flat = {
        "activation_change": np.array(scores),
        "relative_distance": np.array(scores),
    }
    spectra = {"update_singular_values": values, "weight_singular_values": 1 + values}
    fits = {
        value: [
            row(repeat=i, history=course(scores, **flat), **spectra) for i in (0, 1)
        ]
        for value in (2, 5, 10, 20)
    }
    return [Made(symbol="k", fits=fits)]


def analysed():
    one = Made(
        course=dict.fromkeys(range(0, 400, 8), 0.3),
        f_to_g=0.1,
        f_to_limit=0.2,
        pseudo_gradient_error=0.3,
        activation_change=0.05,
        accuracies=dict.fromkeys((5, 10, 15, 20, 30, 50), 1.0),
    )
    far = Made(**{**vars(one), "f_to_g": 0.9})
    return [{m: [one, far] for m in (1000, 4000, 16000)}]


def labels():
    fits = [
        Made(steps=s, relative_distance=0.1, activation_change=c, effective_rank=20)
        for s, c in ((10, 0.0), (700, 0.2))
    ]
    return [dict.fromkeys((0.0, 0.25, 0.5, 0.75, 1.0), fits)]


def starts():
    one = Made(steps=5.0, constant=1.0, accuracy=1.0)
    never = Made(steps=np.nan, constant=np.nan, accuracy=0.999)
    scales = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
    by_scale = {s: {1000: [one, one], 4000: [one, one]} for s in scales}
    by_scale[100.0] = {1000: [never, one], 4000: [never, one]}
    return [Made(by_scale=by_scale, fixed={1000: [], 4000: []})]


def swept():
    one = Made(steps=5.0, activation_change=0.04, distance=0.6, effective_rank=20.0)
    by = {
        "d": (100, 300, 1000, 3000, 10000),
        "k": (2, 5, 10, 20, 40),
        "l": (1, 2, 4, 8),
    }
    same = {k: {value: [one, one] for value in of} for k, of in by.items()}
    return [Made(by=same)]


def both_layers():
    one = Made(gap=0.1, gap_to_one=0.2, hidden=0.1, readout=0.3)
    far = Made(gap=0.2, gap_to_one=0.3, hidden=0.2, readout=0.4)
    widths = (250, 500, 1000, 2000, 4000, 8000, 16000)
    kinds = ("one component", "two components")
    fits = {m: [one, far] for m in widths}
    return [Made(rows=rows, fits=fits) for rows in kinds]


def depths():
    keys = [Key(norm, 3, p, 512) for norm in (None, "clip") for p in range(4)]
    limits = {(h, p): Made(any=2.0**-h) for h in (2, 5, 10) for p in (1, 2, 3)}
    counts = {(*key, 512): np.array([0, 0, 1, 1]) for key in limits}
    ones = [Made(dead=0, conditioning=c, rate=10 * c) for c in (1e-5, 1e-3)]
    both = {"starts": dict.fromkeys(keys, ones), "fits": dict.fromkeys(keys, ones)}
    return [Made(limits=limits, counts=counts, **both)] * 2


def ensembles():
    x = np.linspace(-3, 3, 40)
    times = np.array([0.0, 0.191, 1.91])
    wave = np.sin(np.outer(times + 1, x))
    outputs = {
        m: wave + np.ones((4, 1, 1)) * np.arange(4)[:, None, None] for m in WIDTHS
    }
    rows = x[::5, None]
    about = {"X": rows, "y": np.sin(rows[:, 0]), "grid": x[:, None], "times": times}
    limit = {"mean": wave, "std": 0 * wave + 0.1, "drawn": None}
    return [
        Ensembles(depth=depth, outputs=outputs, **about, **limit) for depth in (1, 2, 3)
    ]


def lazy():
    return [replace(made_up_lazy(), name=name) for name in LAZY.full["data"]]


MADE_UP = {
    "ll18-fig3": balls,
    "ll18-fig4": crossed,
    "ll18-variance": crossed,
    "ll18-fig6": varied,
    "ll18-fig7": varied,
    "ll18-analysis": analysed,
    "ll18-bounds": bounds,
    "ll18-labels": labels,
    "ll18-scale": starts,
    "ll18-structure": swept,
    "ll18-theory": lambda: sheets(SHEET),
    "k19": kong,
    "k19-flow": flows,
    "k19-steps": sweeps,
    "k19-theory": lambda: sheets(SHEET),
    "k19-width1": first_widths,
    "beyond-depth": depths,
    "beyond-lazy": lazy,
    "beyond-readout": both_layers,
    "beyond-uncertainty": ensembles,
}
