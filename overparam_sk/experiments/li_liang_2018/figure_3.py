"""Figure 3 of Li and Liang (2018): separability, of its picture and of other data."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from sklearn.metrics import pairwise_distances

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import Separability, make_xor_balls, separability
from overparam_sk.drawing.pens import pens
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Claim, Finding, claim
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.problems import load_problem
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std

__all__ = ["FIGURE_3", "is_linearly_separable"]

_N_POINTS = 1000
_INFEASIBLE = 2  # a status of linprog
# The mixture of section 7, which the theorem is tried on, and real data.
_OTHERS = ("synthetic", "digits", "mnist", "fashion")


@dataclass(frozen=True)
class _Balls:
    """What was measured on one draw of the balls."""

    X: NDArray[Any]
    y: NDArray[Any]
    two: Separability  # each ball a component
    one: Separability  # each class one component
    apart: float  # smallest distance between rows of different balls
    linear: bool  # whether a line separates the classes
    net: float  # test accuracy of a wide network


@dataclass(frozen=True)
class _Found:
    """All draws of the balls, and (A1) on other data."""

    draws: Sequence[_Balls]
    others: Table


def _claim(
    words: str,
    text: str,
    name: str,
    figure: Callable[[_Balls], float],
    holds: Callable[[_Balls], bool],
) -> Claim[_Found]:
    @claim(words, f"{text} holds: in every draw; in trend: in most.")
    def every(found: _Found) -> Finding:
        ok = [holds(balls) for balls in found.draws]
        verdict = HOLDS if all(ok) else TREND if np.mean(ok) > 0.5 else NOT
        return f"{name} {mean_and_std(map(figure, found.draws))}", verdict

    return every


_DISTANCES = (
    '"As illustrated in Figure 3(a), the data satisfy the separability '
    "assumption with l = 2: each ball in each class is viewed as one component, then "
    "the distance between any two points in one component is at most 1/10 while the "
    'distance between any two points from different components will be at least 19/10."'
)

_CLAIMS = (
    _claim(
        'Figure 3: "(a) We can view each ball in each class as one component, then the '
        'data will satisfy the separability assumption with l = 2."',
        "λ ≤ 1/(8l) = 0.0625, with each class cut into 2.",
        "λ",
        lambda b: b.two.lambda_,
        lambda b: b.two.holds,
    ),
    _claim(
        'Figure 3: "(b) We can also view each class as just one component, but the '
        'data will not satisfy the separability assumption with l = 1."',
        "λ > 1/8, with each class one component.",
        "λ",
        lambda b: b.one.lambda_,
        lambda b: not b.one.holds,
    ),
    _claim(
        _DISTANCES + " Within",
        "The largest diameter of a component.",
        "diameter",
        lambda b: b.two.diameter,
        lambda b: b.two.diameter <= 0.1,
    ),
    _claim(
        _DISTANCES + " Between",
        "The smallest distance between rows of different balls.",
        "distance",
        lambda b: b.apart,
        lambda b: b.apart >= 1.9,
    ),
    _claim(
        '"Furthermore, the data are clearly not linearly separable, showing that the '
        "assumption captures nonlinear structures of practical data better than linear "
        'separability."',
        "No line has the classes on its two sides, by linear programming.",
        "separable",
        lambda b: b.linear,
        lambda b: not b.linear,
    ),
    _claim(
        "beyond: a wide network learns them",
        "Accuracy of the default network on as many new points is 1.",
        "accuracy",
        lambda b: b.net,
        lambda b: b.net == 1,
    ),
)


def _measure(run: Request) -> Iterator[tuple[str, _Found]]:
    """Data that cannot be had is left out of the table."""
    draws = [_draw(seed, run.device) for seed in run.each(run.seeds, lambda _: "draws")]
    yield "XOR balls", _Found(draws, _on_other_data(run))


def _words(run: Request, found: _Found) -> tuple[list[str], dict[str, Any]]:
    sample = run.scale["sample"]
    words = [
        f"{_N_POINTS} points, {len(found.draws)} draws (mean ± standard deviation).",
        "Assumption (A1) on the mixture of section 7 and on real data, rows of norm 1, "
        f"at most {sample} training rows of each class: δ is the smallest distance "
        "between rows of different classes, λδ the largest diameter of a component, "
        "at the l that is known, or found, and at 20. Of more rows δ would be smaller "
        "and, at the same l, λ larger. Where (A1) does not hold the theorem says "
        "nothing of the data, section 7's own included.",
        markdown_table(found.others),
    ]
    return words, {
        "random_state": run.random_state,
        "draws": len(found.draws),
        "sample": sample,
        "separability": found.others,
    }


def _draw(seed: int, device: str) -> _Balls:
    points, labels = make_xor_balls(2 * _N_POINTS, random_state=seed)
    X, y = points[:_N_POINTS], labels[:_N_POINTS]
    net = OverparamReLUClassifier(random_state=seed, device=device).fit(X, y)
    two = separability(X, y, 2)
    ball = 2 * y[two.rows] + two.component
    distances = pairwise_distances(X[two.rows])
    return _Balls(
        X,
        y,
        two,
        separability(X, y, 1),
        float(distances[ball[:, None] != ball].min()),
        is_linearly_separable(X, y),
        net.score(points[_N_POINTS:], labels[_N_POINTS:]),
    )


def is_linearly_separable(X: NDArray[Any], y: NDArray[Any]) -> bool:
    """Whether some w, b have s (w·x + b) ≥ 1 at all rows, with s = ±1 for the class."""
    signs = np.where(y == y[0], 1.0, -1.0)
    A = -signs[:, None] * np.column_stack([X, np.ones(len(X))])
    found = linprog(np.zeros(A.shape[1]), A, -np.ones(len(A)), bounds=(None, None))
    # Only infeasibility is a proof that there are none: a solver may fail otherwise.
    return bool(found.status != _INFEASIBLE)


def _on_other_data(run: Request) -> Table:
    head = ["data", "δ", "l", "largest diameter", "λ", "1/(8l)", "(A1)", "λ for l = 20"]
    lines = []
    for name in _OTHERS:
        try:
            problem = load_problem(name, data_home=run.data_home, normalize=True)
        except OSError as error:
            run.tell(f"No separability of {name}: {error}")
            continue
        known = problem.n_components or "auto"
        found = separability(problem.X, problem.y, known, sample=run.scale["sample"])
        of_20 = separability(problem.X, problem.y, 20, sample=run.scale["sample"])
        lines.append(
            [
                name,
                f"{found.delta:.3f}",
                f"{found.n_components}",
                f"{found.diameter:.3f}",
                f"{found.lambda_:.3g}",
                f"{found.bound:.3g}",
                "holds" if found.holds else "does not hold",
                f"{of_20.lambda_:.3g}",
            ]
        )
    return [head, *lines]


def _picture(found: _Found) -> Any:
    balls = found.draws[0]
    figure = new_figure(9, 4.9)
    panels = zip(figure.subplots(1, 2), (balls.two, balls.one), "ab", strict=True)
    for ax, cut, letter in panels:
        X, y = balls.X[cut.rows], balls.y[cut.rows]
        for i, pen in enumerate(pens(4)):
            label, component = divmod(i, 2)
            here = (y == label) & (cut.component == component)
            words = f"class {label}, component {component}"
            if here.any():
                about = {"marker": pen.marker, "s": 14, "linewidth": 0}
                ax.scatter(*X[here].T, color=pen.color, label=words, **about)
        ax.set(aspect="equal", xlabel="feature 1", ylabel="feature 2")
        ax.set_title(f"({letter}) l = {cut.n_components}, λ = {cut.lambda_:.3g}")
        ax.margins(0.12)
        ax.legend(loc="center", markerscale=2)
    return figure


FIGURE_3 = Experiment(
    names=("ll18-fig3",),
    title="Li and Liang (2018), Figure 3 and appendix C",
    full=scale(repeats=5, sample=2000),
    quick=scale(repeats=2, sample=500),
    measure=_measure,
    claims=_CLAIMS,
    words=_words,
    pictures={"balls.png": _picture},
)
