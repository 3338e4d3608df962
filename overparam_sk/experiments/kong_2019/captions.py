"""The words of the pictures of Kong's experiments."""

from overparam_sk.experiments.captions import SHEET, Caption
from overparam_sk.experiments.kong_2019.data import DATA_SETS

__all__ = ["CAPTIONS"]

_A_PANEL_EACH = "A panel for each data set, a curve a width h₂"

CAPTIONS = {
    "k19/fig1.png": Caption(
        "Figure 1: three training rows of each class of the image data.",
        "Seven columns of three small grey images each: digits 0, 1 and 7 of MNIST, "
        "and classes 0, 1, 7 and 9 of Fashion-MNIST.",
    ),
    "k19/fig2.png": Caption(
        "Figure 2: the training loss over its start, median and quartiles of the "
        "repeats, and the printed bound e^(−λ₀t).",
        f"{_A_PANEL_EACH}: the loss against the iteration on a logarithmic axis, with "
        "a dashed line for the bound.",
    ),
    **{
        f"k19/fig{data.figure}-{data.file_name}.png": Caption(
            f"Figure {data.figure}, {name}: the course of loss, weights, patterns and "
            "λ_min of the Gram matrix along training, at each width h₂.",
            "Six panels of curves against the iteration, a colour a width h₂.",
        )
        for name, data in DATA_SETS.items()
    },
    "k19/rates.png": Caption(
        "The rate at which the loss falls, over λ₀, along the run; the dotted lines "
        "are the printed bound, 1, and the sharp one, 2.",
        f"{_A_PANEL_EACH}: rates against the iteration on a logarithmic axis.",
    ),
    "k19/modes-loss.png": Caption(
        "The training loss beside what the eigenvectors of H(0) predict of it: where "
        "the two part, the kernel moved.",
        f"{_A_PANEL_EACH}: the loss as a solid line, the prediction as a dashed one.",
    ),
    "k19/modes.png": Caption(
        "How much of the loss lies in the first eigenvectors of H(0), at the largest "
        "width: measured, and as predicted. What is learned first is what lies there.",
        "A panel for each data set: cumulative shares of the loss against the number "
        "of eigenvectors, a colour an iteration, measured solid, predicted dashed.",
    ),
    "k19/lambda-min.png": Caption(
        "λ_min(H(0))/λ₀ over initialisations, as a distribution: a curve starts at the "
        "share that is 0, and the dotted line is Lemma 4's 3/4.",
        f"{_A_PANEL_EACH}: step curves that rise from the share of zeros to 1 along a "
        "logarithmic axis.",
    ),
    "k19-flow/apart.png": Caption(
        "How far the loss of gradient descent is from that of gradient flow at the "
        "same time t, median of the repeats.",
        f"{_A_PANEL_EACH}: relative differences on a logarithmic axis against t.",
    ),
    "k19-steps/steps.png": Caption(
        "Where the loss ends, by the step as a multiple of 1/λ_max(H(0)); the dotted "
        "line is the 2 beyond which descent on a quadratic diverges, and what diverged "
        "lies at the top.",
        "A panel for each data set: points of final losses against the step on "
        "logarithmic axes.",
    ),
    "k19-width1/width1.png": Caption(
        "λ_min(H(0))/λ₀ against the first width h₁: a dead row's 0 lies at the "
        "bottom, the dotted line is Lemma 4's 3/4.",
        "A curve for each data set on logarithmic axes.",
    ),
    **{f"k19-theory/{name}": words for name, words in SHEET.items()},
}
