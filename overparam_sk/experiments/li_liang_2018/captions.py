"""The words of the pictures of Li and Liang's experiments."""

from overparam_sk.experiments.captions import SHEET, STUDY, Caption

__all__ = ["CAPTIONS"]

CAPTIONS = {
    "ll18-fig3/balls.png": Caption(
        "The paper's two classes of two balls each, cut into two components a class "
        "(l = 2) and into one (l = 1), with the separability λ of (A1). With two the "
        "components lie apart; with one they cannot.",
        "Two scatter plots of the same points in the plane, four balls placed as in "
        "XOR, each point marked by its class and its component.",
    ),
    "ll18-fig[67]/study.png": Caption(
        "Test accuracy, changed activation patterns and relative distance along "
        "training, and the singular values of the update, as the data's structure is "
        "varied: the variance of the components in Figure 6, their number in Figure 7.",
        "Four panels of curves, one for each value that was tried: three against the "
        "step, and the singular values against their index.",
    ),
    "ll18-fig4/crossings.png": Caption(
        "Steps to the test accuracy asked for, and the relative distance there, "
        "against the width m: the networks, the limit of infinite width where it was "
        "computed, and the paper's line c/√m.",
        "For each data set a panel of steps and one of distances against the width; "
        "the distances fall along straight lines on logarithmic axes.",
    ),
    "ll18-variance/crossings.png": Caption(
        "The same as Figures 4 and 5 with 1/√m read as the variance of W(0): steps to "
        "the test accuracy asked for and the relative distance there, against m.",
        "For each data set a panel of steps and one of distances against the width, "
        "on logarithmic axes.",
    ),
    "ll18-analysis/differences.png": Caption(
        "How far the network is from its pseudo network and from its infinite width "
        "at each width; how far the gradient is from the pseudo gradient along the "
        "run; and the test accuracy of W(0) with an update that is cut to a rank.",
        "Three panels of curves: relative differences falling with the width, the "
        "gradients' difference growing with the steps, accuracy rising with the rank.",
    ),
    "ll18-labels/labels.png": Caption(
        "What it takes to fit all training rows as a growing share of the labels is "
        "random: steps, relative distance, pattern change, and the effective rank of "
        "the update.",
        "Four panels, each a mean with its spread against the share of random labels.",
    ),
    "ll18-bounds/bounds.png": Caption(
        "Bounds on the error of the trained network, for the structured and for "
        "random labels, beside the error that was measured; the dashed line is what "
        "guessing has.",
        "Bars of each bound in pairs, structured beside random labels, with a dash at "
        "the measured error.",
    ),
    "ll18-scale/scales.png": Caption(
        "Steps, distance and accuracy as W(0) is scaled by s, at two widths; s = 1 is "
        "the paper's initialisation (A3).",
        "Three panels against the scale s on a logarithmic axis, a curve a width.",
    ),
    "ll18-structure/structure.png": Caption(
        "How training depends on the dimension d, the number of classes k and the "
        "components of each, l.",
        "A grid of panels: a row for each of d, k and l, a column for each figure that "
        "was measured, each a mean with its spread.",
    ),
    **{f"ll18-theory/{name}": words for name, words in SHEET.items()},
    **{f"ll18-*/{name}": words for name, words in STUDY.items()},
}
