"""The table of claims: the paper's words, our figure, the verdict and its rule."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Judgement
from overparam_sk.experiments.tables import markdown_table, write_json

__all__ = ["publish", "verdicts", "write_claims"]


def publish(
    judgements: Sequence[Judgement],
    out: Path,
    *,
    title: str,
    paragraphs: Sequence[str],
    settings: dict[str, Any],
    picture: tuple[str, Callable[[Path], Any]],
    tell: Callable[[str], Any],
) -> None:
    """Write the claims with their verdicts and, if matplotlib is there, a picture.

    Parameters
    ----------
    judgements, out, title, paragraphs, settings
        As for :func:`write_claims`.
    picture : tuple of str and callable
        Name of its file, and what draws it to a path.
    tell : callable
        Takes the verdicts and what was written.
    """
    found = verdicts(judgements)
    paragraphs = [*paragraphs, found]
    write_claims(judgements, out, title=title, paragraphs=paragraphs, settings=settings)
    tell(found)
    written = ["claims.md", "claims.json"]
    name, draw = picture
    try:
        draw(out / name)
        written.append(name)
    except ImportError as error:
        tell(f"No figure: {error}")
    tell(f"Written to {out}: {', '.join(written)}.")


def write_claims(
    judgements: Sequence[Judgement],
    out: Path,
    *,
    title: str,
    paragraphs: Sequence[str],
    settings: dict[str, Any],
    by: str = "reading",
) -> None:
    """Write claims.md and claims.json, over those that are there.

    Parameters
    ----------
    judgements : sequence of Judgement
    out : Path
    title : str
    paragraphs : sequence of str
        Markdown between the title and the table.
    settings : dict
        What the figures were made with.
    by : str, default="reading"
        What the judgements of a claim differ in: the head of that column.
    """
    head = ["the paper", by, "ours", "verdict", "rule", "reason"]
    order = list(dict.fromkeys(j.claim for j in judgements))
    table, told = [], ""
    for j in sorted(judgements, key=lambda j: order.index(j.claim)):
        # The rule stands once, where its claim begins.
        rule = "" if j.rule == told else j.rule
        table.append([j.claim, j.reading, j.ours, j.verdict, rule, j.reason])
        told = j.rule
    lines = [f"# {title}", *paragraphs, markdown_table([head, *table])]
    (out / "claims.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    claims = [asdict(judgement) for judgement in judgements]
    write_json(out / "claims.json", {"settings": settings, "claims": claims})


def verdicts(judgements: Sequence[Judgement]) -> str:
    """Count the verdicts of each reading, and say what does not hold."""
    lines = []
    for reading in dict.fromkeys(j.reading for j in judgements):
        mine = [j for j in judgements if j.reading == reading]
        counts = ", ".join(
            f"{verdict}: {sum(j.verdict == verdict for j in mine)}"
            for verdict in (HOLDS, TREND, NOT)
        )
        lines.append(f"- {reading}: {len(mine)} claims; {counts}.")
        lines += [f"  - {j.verdict}: {j.claim}" for j in mine if j.verdict != HOLDS]
    return "\n".join(lines)
