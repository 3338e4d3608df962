"""Definitions of the networks: pure functions of (parameters, X)."""

from overparam_sk.networks._base import FirstLayerNetwork, Scratch
from overparam_sk.networks.arc_cosine import gated_linear_kernel
from overparam_sk.networks.li_liang_2018 import (
    LiLiang2018,
    gate_gram,
    initial_weight_chunks,
    initial_weights,
    readout_weights,
)

__all__ = [
    "FirstLayerNetwork",
    "LiLiang2018",
    "Scratch",
    "gate_gram",
    "gated_linear_kernel",
    "initial_weight_chunks",
    "initial_weights",
    "readout_weights",
]
