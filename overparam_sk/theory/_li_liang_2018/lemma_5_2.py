"""Lemmas 5.2 (A.3), A.2, B.2 and B.3: while v is large, so is the pseudo gradient."""

from collections.abc import Iterator

from overparam_sk.theory._li_liang_2018.facts import Facts, Floats
from overparam_sk.theory._li_liang_2018.measured import Measured, Moment
from overparam_sk.theory.sheet import SheetRow

__all__ = ["rows"]


def rows(facts: Facts, without: Measured, on_all: Measured) -> Iterator[SheetRow]:
    """Without variance, on a row a component (§5.1, A), and on all rows (B)."""
    parts = (
        ("Lemma 5.2 (A.3)", "Lemma A.2", without, _width_without_variance(facts)),
        ("Lemma B.3", "Lemma B.2", on_all, _width(facts, on_all)),
    )
    for part, geometry, measured, width in parts:
        moments = {"W(0)": measured.start, "W(T)": measured.end}
        for where, moment in moments.items():
            yield _v(part, where, moment)
        yield from width
        for where, moment in moments.items():
            yield _share(
                facts,
                part,
                where,
                "a pseudo gradient",
                moment.pseudo,
                moment.v,
            )
        yield _share(
            facts,
            geometry,
            "W(0)",
            f"P_(i,r), i = {measured.start.i} the class of v,",
            measured.start.of_class,
            measured.start.v,
        )


def _v(part: str, where: str, moment: Moment) -> SheetRow:
    return SheetRow(
        part,
        f"v = max E[p_(a,b) v_(i,a,b)] at {where}",
        "v",
        moment.v,
        note="A maximum without absolute values, so no norm; of a softmax it is the "
        "largest |p v| as well, as v_(a,a,b) = Σ_(s≠a) |v_(s,a,b)|.",
    )


def _width_without_variance(facts: Facts) -> Iterator[SheetRow]:
    yield SheetRow(
        "Lemma 5.2 (A.3)",
        "hidden units",
        "m",
        facts.m,
        ">=",
        facts.power({"k": 3, "l": 2, "δ": -1}),
        "Constants and logarithms 1.",
    )


def _width(facts: Facts, on_all: Measured) -> Iterator[SheetRow]:
    for where, moment in (("W(0)", on_all.start), ("W(T)", on_all.end)):
        yield SheetRow(
            "Lemma B.3",
            f"hidden units, (kl/(vδ))⁴ with v at {where}",
            "m",
            facts.m,
            ">=",
            facts.power({"kl": 4, "v": -4, "δ": -4}, v=moment.v),
            "Constants 1. Its proof needs less: S = (kl/(vδ))² rows and m = S k²l/δ.",
        )


def _share(
    facts: Facts, part: str, where: str, what: str, norms: Floats, v: float
) -> SheetRow:
    threshold = v * facts.separation.delta / facts.kl
    return SheetRow(
        part,
        f"share of units with {what} at {where} of norm ≥ vδ/(kl)",
        "share ≥ vδ/kl",
        float((norms >= threshold).mean()) if v > 0 else None,
        ">=",
        facts.separation.delta / facts.kl,
        f"vδ/(kl) = {threshold:.4g}, at least δ/(kl) of the units; constants 1."
        if v > 0
        else "v = 0: there is nothing to learn.",
    )
