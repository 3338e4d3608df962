"""All that is judged of Kong (2019): its theory, its figures and its outlook."""

from overparam_sk.experiments.kong_2019.claims_on_figures import ON_ALL_DATA, ON_FIGURES
from overparam_sk.experiments.kong_2019.claims_on_outlook import ON_OUTLOOK
from overparam_sk.experiments.kong_2019.claims_on_starts import ON_STARTS
from overparam_sk.experiments.kong_2019.claims_on_theory import ON_THEORY

__all__ = ["CLAIMS", "ON_ALL_DATA"]

CLAIMS = (*ON_FIGURES, *ON_OUTLOOK, *ON_THEORY, *ON_STARTS)
