"""A fit done again, to see the network where it was on the way."""

from abc import ABC
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from overparam_sk.estimators._parameters import checked_parameters
from overparam_sk.estimators._training import TrainedNetwork
from overparam_sk.estimators._weights import MeasuredWeights
from overparam_sk.fits import fit
from overparam_sk.parameters import integer, several
from overparam_sk.training import StepRecord
from overparam_sk.world import open_doors

__all__ = ["Retraced"]

_ITERATIONS = several(integer(0), "a list of integers >= 0")
# How far from where the fit ended the run done again may end, as a share of its way:
# other places of the looks are other roundings.
_SAME_END = 1e-3


@open_doors
class Retraced(MeasuredWeights, TrainedNetwork, ABC):
    """A network whose run can be done again."""

    def snapshots(
        self,
        X: ArrayLike,
        y: ArrayLike,
        iterations: Sequence[int],
        sample_weight: ArrayLike | None = None,
    ) -> list[Self]:
        """The network after fewer steps of its fit.

        Only the end of a fit is kept. This does the run again, from the initial weights
        and with the present parameters, and gives back only what ends where the fit did
        (to a thousandth of its way from the start).

        Parameters
        ----------
        X, y, sample_weight
            What was given to ``fit``.
        iterations : list of int
            Numbers of steps, from 0, the initialisation, to ``n_iter_``.

        Returns
        -------
        list of estimators
            One for each number, in their order. They predict and have a Gram matrix;
            they have neither ``history_`` nor figures of the fit.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        ValueError
            For iterations that the fit did not do, and if the run ends elsewhere: with
            other data or parameters; minibatches without an integer ``random_state``;
            after ``warm_start`` or ``partial_fit``; where weights from before the end
            were kept (``early_stopping``, or a deep regressor with
            ``learning_rate`` and ``n_iter_no_change`` of "auto").

        Examples
        --------
        >>> from overparam_sk import OverparamReLUClassifier
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> net = OverparamReLUClassifier(50, random_state=0).fit(X, y)
        >>> start, early = net.snapshots(X, y, [0, 5])
        >>> start.score(X, y) < early.score(X, y) <= net.score(X, y)
        True
        """
        check_is_fitted(self)
        asked = _ITERATIONS("iterations", iterations)
        if max(asked, default=0) > self.n_iter_:
            raise ValueError(
                f"iterations must be at most {self.n_iter_}, where the fit ended, got "
                f"{max(asked)}."
            )
        told = "on these rows, with these sample_weight and parameters, and an integer "
        return self._again(X, y, sample_weight, asked, {}, told + "random_state")

    def _again(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        iterations: Sequence[int],
        parameters: dict[str, Any],
        told: str,
    ) -> list[Self]:
        """`snapshots` with other ``parameters``, which must lead to the same end.

        ``told`` is how the fit must have been done, for whom it does not.
        """
        looks = (*iterations, self.n_iter_)
        twin = clone(self).set_params(
            **parameters,
            max_iter=self.n_iter_,
            n_iter_no_change=None,
            early_stopping=False,
            warm_start=False,
            record_every=looks,
            diagnostics=None,
            verbose=0,
            **({"distributed": False} if hasattr(self, "distributed") else {}),
        )
        plain = checked_parameters(twin)
        data = twin._validated(X, y, sample_weight, reset=True)
        job = twin._job(plain, data, None, None)
        # What is drawn at initialisation is known, whatever random_state was.
        job = replace(job, seeds=replace(job.seeds, init=self.init_seed_))
        walk = _Walk(looks)
        fit(job, twin._network(plain), [walk])
        known = {n: v for n, v in vars(twin).items() if n in _FROM_DATA}
        shots = {t: _made(self, known | of, t) for t, of in walk.seen.items()}
        self._check_end(shots[self.n_iter_], told)
        return [shots[t] for t in iterations]

    def _check_end(self, end: Self, told: str) -> None:
        """Refuse a run that ended elsewhere than the fit."""
        for (W, W0), (again, _) in zip(self._updates(), end._updates(), strict=True):
            if W.shape != again.shape:
                raise ValueError(
                    f"X and y must be those of the fit, of weights of shape {W.shape}, "
                    f"got data for weights of shape {again.shape}."
                )
            way, off = np.linalg.norm(W - W0), np.linalg.norm(W - again)
            if not off <= _SAME_END * way:
                raise ValueError(
                    "X, y and the parameters must lead to where the fit ended, got a "
                    f"run that ends {off:.2g} away after a way of {way:.2g}: the fit "
                    f"must be one run, from the initialisation to its last iteration, "
                    f"{told}."
                )


# What an estimator knows of its data before the first step.
_FROM_DATA = ("classes_", "n_features_in_", "feature_names_in_")


@dataclass
class _Walk:
    """An observer that keeps what an estimator needs, at some iterations."""

    looks: Sequence[int]
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)

    def begin(
        self, n_looks: int, state: Callable[[Sequence[Tensor]], dict[str, Any]]
    ) -> None:
        """Before the first step."""
        self._state = state

    def observe(self, record: StepRecord) -> bool:
        """Keep the weights: the fit goes on and moves them."""
        if record.iteration in self.looks:
            weights = [W.clone() for W in record.weights]
            self.seen[record.iteration] = self._state(weights)
        return False


def _made(net: Any, fitted: dict[str, Any], iteration: int) -> Any:
    """An estimator with a network's parameters and what was fitted by an iteration."""
    made = clone(net)
    vars(made).update(fitted, n_iter_=iteration)
    return made
