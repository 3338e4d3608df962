"""Several estimators fitted as one, where that is faster: a study asks for it."""

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any

from overparam_sk.devices import Work, resolve_device
from overparam_sk.estimators._array_api import as_written
from overparam_sk.estimators._parameters import checked_parameters
from overparam_sk.estimators._training import TrainedNetwork
from overparam_sk.fits import Begin, Job, Settings, fit_many, pays_together
from overparam_sk.world import in_own_world

__all__ = ["FittedTogether"]

# Fits that are done as one, at most, and numbers of their rows and weights. Twice as
# many gain little more, and are lost together where a process dies.
_MOST_FITS = 16
_MOST_NUMBERS = 2**26


class FittedTogether(TrainedNetwork, ABC):
    """A network of which several may be fitted as one.

    `overparam_sk.model_selection.width_study` looks for the two methods on any
    estimator, as scikit-learn does for those that begin with ``__sklearn_``.
    """

    @in_own_world
    def __fits_together__(self, n_samples: int, n_features: int) -> int:
        """How many fits like this one to do as one at most; 0 where alone is as fast.

        The answer depends on the parameters, the sizes and the devices of the machine.

        Parameters
        ----------
        n_samples, n_features : int
            Of the training rows.
        """
        # Who overrides it may do anything; callbacks are told of one fit at a time.
        is_other = as_written(type(self).fit) is not TrainedNetwork.fit
        if is_other or getattr(self, "_skl_callbacks", None):
            return 0
        try:
            plain = checked_parameters(self)
            settings, m = Settings.of(plain), plain["width"]
            d, B = n_features + settings.fit_intercept, settings.batch_rows(n_samples)
            work = Work(4.0 * B * m * d, settings.steps(n_samples))
            device = resolve_device(settings.device, work)
        except (TypeError, ValueError):
            return 0  # as the fit will say
        if settings.distributed or settings.verbose or settings.precision != "ieee":
            return 0
        if not self._in_batches(plain):
            return 0
        if not pays_together(m, d, B, device):
            return 0
        numbers = d * (n_samples + 4 * m)
        return min(_MOST_FITS, int(_MOST_NUMBERS // numbers))

    def _in_batches(self, plain: dict[str, Any]) -> bool:
        """Whether what the parameters ask for is what fits in a batch can do."""
        return True

    @staticmethod
    @in_own_world
    def __fit_together__(
        nets: "Sequence[FittedTogether]", data: Sequence[Mapping[str, Any]]
    ) -> list[Exception | None]:
        """Fit unfitted estimators; each as ``fit`` does, up to rounding.

        Parameters
        ----------
        nets : sequence of estimators
        data : sequence of mappings
            What ``fit`` of each is called with.

        Returns
        -------
        list of Exception or None
            For each of them why it was not fitted.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C.
        """
        errors: dict[int, Exception] = {}
        jobs: dict[int, Job] = {}
        networks: list[Begin] = []
        for i, (net, given) in enumerate(zip(nets, data, strict=True)):
            try:
                jobs[i], network = net._begun(**given)
                networks.append(network)
            except Exception as error:
                errors[i] = error
        done = fit_many(list(jobs.values()), networks)
        for i, fitted in zip(jobs, done, strict=True):
            try:
                if isinstance(fitted, Exception):
                    raise fitted
                nets[i]._keep(fitted)
            except Exception as error:
                errors[i] = error
        return [errors.get(i) for i in range(len(nets))]

    def _begun(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> tuple[Job, Begin]:
        """The job of ``fit``, and its network."""
        plain = checked_parameters(self)
        self._forget()
        data = self._validated(X, y, sample_weight, reset=True)
        data, held_out = self._with_held_out(plain, data, X_val, y_val)
        return self._job(plain, data, held_out, None), self._network(plain)
