"""Definitions of the networks: pure functions of weights and pre-activations."""

from overparam_sk.networks.arc_cosine import (
    DirectedRows,
    angles,
    arc_cosine_kernel,
    both_layers_parts,
    gate_probability,
    gated_linear_kernel,
    gated_linear_parts,
    supported_squares,
)
from overparam_sk.networks.deep import DeepForward, DeepNetwork
from overparam_sk.networks.deep_infinite import (
    DEPTH,
    angular_parts,
    angular_slopes,
    layer_parts,
)
from overparam_sk.networks.first_layer import FirstLayerNetwork, Scratch
from overparam_sk.networks.homogeneous import constant_slope
from overparam_sk.networks.kong_2019 import (
    Forward,
    Kong2019Weights,
    active_together,
    forward,
    gram_parts,
    initial_layers,
    preactivation_gradients,
    through_gates,
)
from overparam_sk.networks.kong_2019_expected import expected_gram_parts, mean_square
from overparam_sk.networks.kong_2019_infinite import (
    MOST_UNITS,
    N_SCRAMBLES,
    AngularKernels,
    infinite_kernels,
)
from overparam_sk.networks.li_liang_2018 import (
    LiLiang2018,
    LinearizedLiLiang2018,
    gate_gram,
    initial_weight_chunks,
    initial_weights,
    output_gate_gram,
    pseudo_gradient_squares,
    readout_weights,
)
from overparam_sk.networks.li_liang_2018_infinite import KernelRows, random_outputs
from overparam_sk.networks.losses import CrossEntropy, Loss, SquaredLoss
from overparam_sk.networks.narrow_layers import narrow_parts
from overparam_sk.networks.scaling import (
    AS_PUBLISHED,
    PARAMETRIZATIONS,
    Parametrization,
    Scaling,
)
from overparam_sk.networks.signed_layers import (
    RowNorm,
    initial_signed_layers,
    normalize_rows,
)

__all__ = [
    "AS_PUBLISHED",
    "DEPTH",
    "MOST_UNITS",
    "N_SCRAMBLES",
    "PARAMETRIZATIONS",
    "AngularKernels",
    "CrossEntropy",
    "DeepForward",
    "DeepNetwork",
    "DirectedRows",
    "FirstLayerNetwork",
    "Forward",
    "KernelRows",
    "Kong2019Weights",
    "LiLiang2018",
    "LinearizedLiLiang2018",
    "Loss",
    "Parametrization",
    "RowNorm",
    "Scaling",
    "Scratch",
    "SquaredLoss",
    "active_together",
    "angles",
    "angular_parts",
    "angular_slopes",
    "arc_cosine_kernel",
    "both_layers_parts",
    "constant_slope",
    "expected_gram_parts",
    "forward",
    "gate_gram",
    "gate_probability",
    "gated_linear_kernel",
    "gated_linear_parts",
    "gram_parts",
    "infinite_kernels",
    "initial_layers",
    "initial_signed_layers",
    "initial_weight_chunks",
    "initial_weights",
    "layer_parts",
    "mean_square",
    "narrow_parts",
    "normalize_rows",
    "output_gate_gram",
    "preactivation_gradients",
    "pseudo_gradient_squares",
    "random_outputs",
    "readout_weights",
    "supported_squares",
    "through_gates",
]
