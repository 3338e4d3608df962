"""What a picture shows, in words: for all who see it, and for those who do not."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

__all__ = ["SHEET", "STUDY", "Caption", "caption_of"]


class Caption(NamedTuple):
    """The words of a picture.

    Parameters
    ----------
    shows : str
        What it shows, and how it is read: for the caption.
    looks : str
        What is to be seen, for who does not see it: the alternative text.
    """

    shows: str
    looks: str


# What `write_report` writes of a study, in whichever folder.
STUDY = {
    "*study.png": Caption(
        "Test accuracy, changed activation patterns and relative distance to the "
        "initialisation along training, and the singular values of the update "
        "W − W(0) beside those of W, for each group of fits.",
        "Four panels of curves, a colour a group: test accuracy, pattern change and "
        "relative distance against the step, and singular values against their index.",
    ),
    "*widths.png": Caption(
        "Test accuracy, changed activation patterns and relative distance at the end "
        "of training, against the width.",
        "Three panels against the width: test accuracy, pattern change and relative "
        "distance, each a mean with its spread.",
    ),
}
SHEET = {
    "*sheet.png": Caption(
        "What each theorem asks for beside what the network has or did, as a share; "
        "constants and logarithms that the paper hides are 1.",
        "A row for each line of the theory sheet, with a mark at how far the measured "
        "figure lies from the one that is asked for.",
    )
}


def caption_of(file: str, captions: Mapping[str, Caption]) -> Caption:
    """Find a picture's words by its path in the experiment's folder.

    Parameters
    ----------
    file : str
        With forward slashes.
    captions : dict of str to Caption
        Pattern of paths, as of a shell -> words; the first that fits is taken.

    Returns
    -------
    Caption
        Of a picture of which nothing is known the path.
    """
    for pattern, caption in captions.items():
        if fnmatchcase(file, pattern):
            return caption
    return Caption("", f"Picture {file}, not described")
