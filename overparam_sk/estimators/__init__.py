"""Estimators: the only floor that knows both scikit-learn and torch."""

from overparam_sk.estimators.classifier import OverparamReLUClassifier

__all__ = ["OverparamReLUClassifier"]
