"""The slips of both papers, as data: the sheets cite them, and docs list them."""

from overparam_sk.theory._kong_slips import KONG_2019
from overparam_sk.theory._li_liang_slips import LI_LIANG_2018
from overparam_sk.theory._slip import Slip

__all__ = ["SLIPS", "Slip", "cite"]

# Each has a test of its own, which does the algebra.
SLIPS: tuple[Slip, ...] = (*LI_LIANG_2018, *KONG_2019)

_BY_PLACE: dict[tuple[str, str], Slip] = {
    (slip.paper, slip.where): slip for slip in SLIPS
}


def cite(paper: str, where: str) -> str:
    """Write a slip as a note of a sheet.

    Parameters
    ----------
    paper : {"K19", "LL18"}
    where : str

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If there is none.
    """
    slip = _BY_PLACE[paper, where]
    return f"Slip, {where}: prints {slip.printed}, where {slip.derived}"
