"""Dynamics: how the weights move. Torch only; knows no diagnostic and no estimator."""

from overparam_sk.training._loop import Outcome, train
from overparam_sk.training.minibatches import MinibatchStream
from overparam_sk.training.observer import Observer, StepRecord
from overparam_sk.training.sgd import DivergenceError, SStepSGD, auto_block_rows
from overparam_sk.training.step_size import CurvatureStep, safe_learning_rate
from overparam_sk.training.stopping import NoImprovement

__all__ = [
    "CurvatureStep",
    "DivergenceError",
    "MinibatchStream",
    "NoImprovement",
    "Observer",
    "Outcome",
    "SStepSGD",
    "StepRecord",
    "auto_block_rows",
    "safe_learning_rate",
    "train",
]
