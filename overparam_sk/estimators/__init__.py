"""Estimators: the only floor that knows both scikit-learn and torch."""

from overparam_sk.estimators.classifier import OverparamReLUClassifier
from overparam_sk.estimators.compressed import CompressedClassifier
from overparam_sk.estimators.deep_classifier import DeepReLUClassifier
from overparam_sk.estimators.deep_regressor import DeepReLURegressor
from overparam_sk.estimators.infinite_width import InfiniteWidthReLUClassifier
from overparam_sk.estimators.infinite_width_regressor import InfiniteWidthReLURegressor
from overparam_sk.estimators.kernels import InfiniteWidthKernel
from overparam_sk.estimators.linearized import LinearizedReLUClassifier
from overparam_sk.estimators.regressor import TwoHiddenReLURegressor

__all__ = [
    "CompressedClassifier",
    "DeepReLUClassifier",
    "DeepReLURegressor",
    "InfiniteWidthKernel",
    "InfiniteWidthReLUClassifier",
    "InfiniteWidthReLURegressor",
    "LinearizedReLUClassifier",
    "OverparamReLUClassifier",
    "TwoHiddenReLURegressor",
]
