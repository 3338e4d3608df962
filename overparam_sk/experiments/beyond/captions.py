"""The words of the pictures of what neither paper has."""

from overparam_sk.experiments.captions import Caption

__all__ = ["CAPTIONS"]

CAPTIONS = {
    "beyond-readout/readout.png": Caption(
        "Networks whose two layers are both trained: how far they are from their "
        "infinite width, and how far W and the readout a move, against the width, "
        "beside a line of m^(−1/2).",
        "Two panels of falling curves on logarithmic axes: gaps to the limit, and "
        "relative distances of W and of a.",
    ),
    "beyond-lazy/phase.png": Caption(
        "Where training is lazy and where it is rich: the drift of the kernel, the "
        "test error and the largest stable step, over the output scale α and the "
        "width m.",
        "A row of three maps for each data set, width against output scale, the "
        "figure as a shade.",
    ),
    "beyond-lazy/limit.png": Caption(
        "How far the network is from its linearisation as α grows, with lines of "
        "α^(−1/2) and α^(−1); and the drift of the kernel as W(0) is scaled by ι.",
        "Two panels of curves on logarithmic axes, a colour a data set.",
    ),
    "beyond-lazy/parametrizations.png": Caption(
        "How the sizes of changes depend on the width in each parametrisation, and "
        "the loss against the step at each width.",
        "A grid of panels, a column for each parametrisation: changes against the "
        "width above, losses against the step below.",
    ),
    "beyond-depth/depth.png": Caption(
        "A narrow layer at each position of a wide network: how often a row is dead, "
        "how well H(0) is conditioned where none is, and the rate of training.",
        "A row of three panels for each data set, against the position of the narrow "
        "layer.",
    ),
    "beyond-uncertainty/bands.png": Caption(
        "Functions that ensembles of networks learn at several times of training, "
        "mean and spread, beside the ensemble of infinite width.",
        "A grid of panels, a row for each kind of network and a column for each time: "
        "training points, mean curves, and bands around them.",
    ),
    "beyond-uncertainty/widths.png": Caption(
        "How ensembles go to their limit with the width: their spread, the gap of "
        "the means, and the share of the limit's 95 % intervals.",
        "A grid of panels against the width, a row for each kind of network, a curve "
        "a time of training.",
    ),
}
