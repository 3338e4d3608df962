"""Lazy or rich: the scale of the outputs, and how a network is parametrised."""

from overparam_sk.experiments.beyond.lazy.experiment import LAZY

__all__ = ["LAZY"]
