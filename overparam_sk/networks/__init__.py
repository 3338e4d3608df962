"""Definitions of the networks: pure functions of (parameters, X)."""

from overparam_sk.networks._base import FirstLayerNetwork, Scratch
from overparam_sk.networks.arc_cosine import gated_linear_kernel
from overparam_sk.networks.kong_2019 import (
    Forward,
    Kong2019Weights,
    RowNorm,
    forward,
    gram_parts,
    initial_layers,
    outputs,
    preactivation_gradients,
)
from overparam_sk.networks.li_liang_2018 import (
    LiLiang2018,
    gate_gram,
    initial_weight_chunks,
    initial_weights,
    output_gate_gram,
    readout_weights,
)

__all__ = [
    "FirstLayerNetwork",
    "Forward",
    "Kong2019Weights",
    "LiLiang2018",
    "RowNorm",
    "Scratch",
    "forward",
    "gate_gram",
    "gated_linear_kernel",
    "gram_parts",
    "initial_layers",
    "initial_weight_chunks",
    "initial_weights",
    "output_gate_gram",
    "outputs",
    "preactivation_gradients",
    "readout_weights",
]
