"""How much memory there is, asked before it is taken."""

import os

__all__ = ["NoRoomError", "check_room", "main_memory"]


class NoRoomError(ValueError, MemoryError):
    """What was asked for is larger than the memory; nothing was allocated."""


def main_memory() -> float:
    """Bytes of the machine's memory; infinite where the system does not tell."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return float("inf")
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def check_room(
    what: str,
    needed: float,
    advice: str,
    there: float | None = None,
    of: str = "cpu",
) -> None:
    """Refuse what a memory cannot hold, before anything is allocated.

    Parameters
    ----------
    what : str
        Subject of the message.
    needed : float
        Bytes.
    advice : str
        End of the message.
    there : float, default=None
        Bytes; those of the machine if None.
    of : str, default="cpu"
        The device whose memory it is.

    Raises
    ------
    NoRoomError
        A ValueError and a MemoryError, naming the bytes.
    """
    if there is None:
        there = main_memory()
    if needed > there:
        raise NoRoomError(
            f"{what} must fit into the memory of {of}, got {needed:,.0f} bytes to hold "
            f"in {there:,.0f}: {advice}."
        )
