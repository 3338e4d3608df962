"""The data that the papers use: generators and loaders, in numpy alone."""

from overparam_sk.datasets.image_pairs import load_image_pair
from overparam_sk.datasets.images import fetch_fashion_mnist, fetch_mnist
from overparam_sk.datasets.mixtures import make_clustered_mixture
from overparam_sk.datasets.separation import Separability, separability
from overparam_sk.datasets.sphere import make_unit_sphere
from overparam_sk.datasets.xor import make_xor_balls

__all__ = [
    "Separability",
    "fetch_fashion_mnist",
    "fetch_mnist",
    "load_image_pair",
    "make_clustered_mixture",
    "make_unit_sphere",
    "make_xor_balls",
    "separability",
]
