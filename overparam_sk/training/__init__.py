"""Dynamics: how the weights move. Torch only; knows no diagnostic and no estimator."""

from overparam_sk.training.batch_members import Member
from overparam_sk.training.batched_sgd import BatchedSGD, batched_block_rows
from overparam_sk.training.block_rows import auto_block_rows
from overparam_sk.training.function_space import FunctionSpaceSGD
from overparam_sk.training.gradient_descent import GradientDescent, Point
from overparam_sk.training.loop import (
    Course,
    DivergenceError,
    Goal,
    Observer,
    Outcome,
    Recent,
    StepRecord,
    Trainer,
    course,
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
from overparam_sk.training.together import train_together

__all__ = [
    "BatchedSGD",
    "Course",
    "CurvatureStep",
    "DivergenceError",
    "FunctionSpaceSGD",
    "Goal",
    "GradientDescent",
    "Member",
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
    "batched_block_rows",
    "course",
    "linear_figure",
    "safe_full_batch_step",
    "safe_learning_rate",
    "train",
    "train_together",
]
