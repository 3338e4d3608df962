"""A place where a paper prints what does not follow."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Slip"]


@dataclass(frozen=True)
class Slip:
    """What is printed, what follows instead, and the line that shows it.

    Attributes
    ----------
    paper : {"K19", "LL18"}
        Kong (2019), or Li and Liang (2018).
    where : str
        Equation, lemma or section, and of several slips there which one.
    printed : str
    derived : str
    why : str
        The line of algebra or the counterexample, and what depends on it.
    """

    paper: Literal["K19", "LL18"]
    where: str
    printed: str
    derived: str
    why: str
