"""The data that the papers use: generators and loaders, in numpy alone."""

from overparam_sk.datasets._image_pairs import load_image_pair
from overparam_sk.datasets._images import fetch_fashion_mnist, fetch_mnist
from overparam_sk.datasets._mixtures import make_clustered_mixture
from overparam_sk.datasets._separability import Separability, separability
from overparam_sk.datasets._sphere import make_unit_sphere
from overparam_sk.datasets._xor import make_xor_balls

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
