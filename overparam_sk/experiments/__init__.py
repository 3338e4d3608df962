"""The papers' experiments and the width study, as the command line runs them."""

from overparam_sk.experiments.problem import Defaults, Problem
from overparam_sk.experiments.problems import load_problem
from overparam_sk.experiments.report import summary_table, write_report
from overparam_sk.experiments.study import FitRow, Study, run_study

__all__ = [
    "Defaults",
    "FitRow",
    "Problem",
    "Study",
    "load_problem",
    "run_study",
    "summary_table",
    "write_report",
]
