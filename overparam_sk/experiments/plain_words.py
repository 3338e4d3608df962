"""What was found, counted and said in a sentence or two."""

from collections.abc import Mapping, Sequence

from overparam_sk.experiments.verdicts import HOLDS, NOT, TREND, UNTESTED

__all__ = ["in_all", "listed", "of_judgements"]

# Verdict -> what is said of one, and of several.
_PREDICATES = {
    HOLDS: ("holds as printed", "hold as printed"),
    TREND: ("holds in trend only", "hold in trend only"),
    NOT: ("does not hold as printed", "do not hold as printed"),
    UNTESTED: ("could not be tested", "could not be tested"),
}


def of_judgements(verdicts: Sequence[str]) -> str:
    """Say how many judgements hold.

    Parameters
    ----------
    verdicts : sequence of str
        One a judgement.

    Returns
    -------
    str
        A sentence.
    """
    found = {verdict: verdicts.count(verdict) for verdict in _PREDICATES}
    told = {verdict: n for verdict, n in found.items() if n}
    if not told:
        return "Nothing was judged."
    n = len(verdicts)
    if len(told) == 1:
        (verdict,) = told
        who = "The one judgement" if n == 1 else f"All {n} judgements"
        return f"{who} {_predicate(verdict, n)}."
    counts = listed([f"{n} {_predicate(verdict, n)}" for verdict, n in told.items()])
    return f"Of {n} judgements {counts}."


def in_all(verdicts: Mapping[str, Sequence[str]]) -> list[str]:
    """Say what came out of several experiments.

    Parameters
    ----------
    verdicts : dict of str to sequence of str
        Name of an experiment -> its verdicts, one a judgement.

    Returns
    -------
    list of str
        Sentences.
    """
    every = [verdict for some in verdicts.values() for verdict in some]
    plural = "s" if len(verdicts) != 1 else ""
    told = [
        f"What the papers say was judged in {len(verdicts)} experiment{plural}, each "
        "claim by a rule that is printed with it and on each data set, or reading of "
        "the paper, that it is of.",
        of_judgements(every),
    ]
    whole = [name for name, some in verdicts.items() if set(some) == {HOLDS}]
    if whole and len(whole) < len(verdicts):
        told.append(f"Everything holds in {listed(whole)}.")
    missed = {name: some.count(NOT) for name, some in verdicts.items()}
    most = max(missed, key=lambda name: missed[name], default="")
    if most and 0 < missed[most] < len(every):
        of = f"{missed[most]} of {sum(missed.values())}"
        told.append(f"Most of what does not hold is in {most}: {of}.")
    return told


def listed(words: Sequence[str]) -> str:
    """Join words with commas, and the last with "and"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _predicate(verdict: str, n: int) -> str:
    return _PREDICATES[verdict][n > 1]
