"""Dynamics: how the weights move. Torch only; knows no diagnostic and no estimator."""

from overparam_sk.training.block_rows import auto_block_rows
from overparam_sk.training.function_space import FunctionSpaceSGD
from overparam_sk.training.gradient_descent import GradientDescent, Point
from overparam_sk.training.loop import (
    DivergenceError,
    Goal,
    Observer,
    Outcome,
    Recent,
    StepRecord,
    Trainer,
    train,
)
from overparam_sk.training.minibatches import MinibatchStream
from overparam_sk.training.penalised_loss import PenalisedLoss, linear_figure
from overparam_sk.training.sgd import SStepSGD
from overparam_sk.training.step_size import (
    CurvatureStep,
    safe_full_batch_step,
    safe_learning_rate,
)
from overparam_sk.training.stopping import NoImprovement, NothingToGain

__all__ = [
    "CurvatureStep",
    "DivergenceError",
    "FunctionSpaceSGD",
    "Goal",
    "GradientDescent",
    "MinibatchStream",
    "NoImprovement",
    "NothingToGain",
    "Observer",
    "Outcome",
    "PenalisedLoss",
    "Point",
    "Recent",
    "SStepSGD",
    "StepRecord",
    "Trainer",
    "auto_block_rows",
    "linear_figure",
    "safe_full_batch_step",
    "safe_learning_rate",
    "train",
]
