"""All that is reproduced of Li and Liang (2018)."""

from overparam_sk.experiments.li_liang_2018.bounds import BOUNDS
from overparam_sk.experiments.li_liang_2018.captions import CAPTIONS
from overparam_sk.experiments.li_liang_2018.coupling import COUPLING
from overparam_sk.experiments.li_liang_2018.figure_3 import FIGURE_3
from overparam_sk.experiments.li_liang_2018.figures_1_and_2 import FIGURE_1, FIGURE_2
from overparam_sk.experiments.li_liang_2018.figures_4_and_5 import (
    AS_VARIANCE,
    FIGURES_4_AND_5,
)
from overparam_sk.experiments.li_liang_2018.figures_6_and_7 import FIGURE_6, FIGURE_7
from overparam_sk.experiments.li_liang_2018.labels import LABELS
from overparam_sk.experiments.li_liang_2018.sections_5_and_6 import ANALYSIS
from overparam_sk.experiments.li_liang_2018.start_scale import START_SCALE
from overparam_sk.experiments.li_liang_2018.structure import STRUCTURE
from overparam_sk.experiments.li_liang_2018.theorems import THEOREMS
from overparam_sk.experiments.reproduction import Paper

__all__ = ["LI_LIANG_2018"]

LI_LIANG_2018 = Paper(
    "ll18-fig1 to ll18-fig7: Li and Liang (2018); ll18-analysis: its sections 5 and "
    "6; ll18-labels: structured against random labels; ll18-bounds: bounds on the "
    "error of both; ll18-coupling: Lemma 5.1; ll18-scale: the scale of the "
    "initialisation; ll18-structure: dimension, classes and components; "
    "ll18-theory: its theorems; ll18-variance: Figures 4 and 5 with 1/√m as a "
    "variance.",
    (
        FIGURE_1,
        FIGURE_2,
        FIGURE_3,
        FIGURES_4_AND_5,
        FIGURE_6,
        FIGURE_7,
        ANALYSIS,
        LABELS,
        BOUNDS,
        THEOREMS,
        COUPLING,
        START_SCALE,
        STRUCTURE,
        AS_VARIANCE,
    ),
    captions=CAPTIONS,
)
