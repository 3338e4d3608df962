"""Networks that neither paper has: what they are expected to do, and what they did."""

from overparam_sk.experiments.beyond.paper import BEYOND

__all__ = ["BEYOND"]
