"""What is reproduced of Kong (2019), its words, and how it is told."""

from collections.abc import Iterator
from typing import Any

from overparam_sk.experiments.claims import Claim, Judgement
from overparam_sk.experiments.kong_2019 import figures, rules
from overparam_sk.experiments.kong_2019.beyond import sections
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.files import write_data
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    WIDTH1,
    Measured,
    run_all,
    together,
)
from overparam_sk.experiments.reproduction import (
    Experiment,
    Paper,
    Request,
    by_claim,
    scale,
)

__all__ = ["CLAIMS", "KONG_2019", "RATES", "SECTION_5"]


_WEIGHTS = ("weight_change_1", "weight_change_2")
_DISTANCES = ("relative_distance_1", "relative_distance_2")
_PATTERNS = ("activation_change_1", "activation_change_2")

RATES = Claim(
    '§V-B: "a larger λ_min(H(t)) typically yields a faster convergence rate"',
    rules.lambda_min_orders_rates,
)

CLAIMS = (
    Claim(
        '§V-B: "the logarithm of loss decreases at a bounded rate as t increases"',
        rules.loss_decreases,
    ),
    Claim(
        '§V-B: "the smallest eigenvalue λ_min(H(t)) remains stable during the training '
        'process"',
        rules.lambda_min_is_stable,
    ),
    RATES,
    Claim(
        '§V-B: "both the weight change rate and pattern change rate increase as t '
        'increases"',
        rules.changes_rise(*_WEIGHTS, *_PATTERNS),
    ),
    Claim(
        '§V-B: "but are still below a low threshold": weight change, relative to the '
        "initial weights",
        rules.changes_stay_below(0.1, *_DISTANCES),
    ),
    Claim(
        '§V-B: "but are still below a low threshold": pattern change',
        rules.changes_stay_below(0.1, *_PATTERNS),
    ),
    Claim(
        '§V-B: "As the networks become wider the threshold generally gets lower": '
        "weight change",
        rules.changes_fall_with_width(*_WEIGHTS),
    ),
    Claim(
        '§V-B: "As the networks become wider the threshold generally gets lower": '
        "pattern change",
        rules.changes_fall_with_width(*_PATTERNS),
    ),
    Claim(
        '§VI: "it decreases much faster during the initial training status, and '
        'achieves a stable rate after many iterations"',
        rules.rate_settles,
    ),
    Claim(
        'Theorem 3: "the training error is bounded by L(t) ≤ exp(−λ_0 t)L(0)"',
        rules.loss_bound,
    ),
    Claim('Assumption 2: "λ_0 = λ_min(H∞) > 0"', rules.assumption_2),
    Claim(
        'Lemma 4: "λ_min(H) ≥ (3/4) λ_0" "with probability at least 1 − δ at time '
        't = 0"',
        rules.initial_lambda_min,
    ),
    Claim(
        'Lemma 5: "λ_min(H(t)) ≥ λ_0/2", which Lemma 6 supposes',
        rules.lambda_min_stays_above,
    ),
)


def _measure(run: Request) -> Iterator[tuple[str, Measured]]:
    for measured in run_all(run, list(DATA_SETS)):
        yield measured.name, measured


def _of_all(*measured: Measured) -> list[Judgement]:
    """Judge the claim on rates on all data sets together as well."""
    return [RATES.judge(together(measured), together(measured).name)]


def _in_words(run: Request) -> str:
    amounts = run.scale
    widths = ", ".join(map(str, amounts["widths"]))
    return (
        f"h1 = {WIDTH1}, h2 = {widths}, gradient descent of step η = "
        f"{LEARNING_RATE:g} for {amounts['max_iter']} iterations, looked at after "
        f"every one; {amounts['repeats']} repeats (mean ± standard deviation), each "
        "with its own initialisation and, for the synthetic data, its own rows; "
        f"{amounts['initialisations']} initialisations for what is said of H(0); seed "
        f"{run.random_state}. Images: the first 50 of each class, rows of norm 1. The "
        "paper does not say what their targets are: 0 for the first class and 1 for "
        "the second, and the class numbers themselves where a name has them. In "
        f"float64, in {run.seconds:.0f} s."
    )


def _words(run: Request, *_: Measured) -> tuple[list[str], dict[str, Any]]:
    return [_in_words(run)], {
        **run.scale,
        "width1": WIDTH1,
        "learning_rate": LEARNING_RATE,
        "random_state": run.random_state,
        "seconds": round(run.seconds),
    }


def _write_more(run: Request, *measured: Measured) -> list[str]:
    report = ["# Kong (2019): beyond the paper", _in_words(run), *sections(measured)]
    (run.out / "report.md").write_text("\n\n".join(report) + "\n", encoding="utf-8")
    return ["report.md", *write_data(measured, run.out)]


SECTION_5 = Experiment(
    names=("k19",),
    title="Kong (2019), section V: claims",
    full=scale(
        widths=(100, 500, 1000, 2000, 4000),
        repeats=8,
        max_iter=1000,
        initialisations=200,
    ),
    quick=scale(widths=(100, 500, 1000), repeats=2, max_iter=300, initialisations=20),
    measure=_measure,
    claims=CLAIMS,
    overall=_of_all,
    words=_words,
    files=_write_more,
    pictures=figures.PICTURES,
    dpi=85,
    by="data",
    summary=by_claim,
)

KONG_2019 = Paper("k19: Kong (2019), on images that the package ships.", (SECTION_5,))
