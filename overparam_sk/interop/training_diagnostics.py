"""Our diagnostics of any PyTorch module, in a skorch net or around one's own loop."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from skorch.callbacks import Callback
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from overparam_sk.arrays import real_array
from overparam_sk.diagnostics import history_columns
from overparam_sk.diagnostics.registry import kinds_of
from overparam_sk.fits import SPECTRUM, asked_diagnostics, names_asked_for
from overparam_sk.interop._course import Course
from overparam_sk.interop._rows import Rows, chosen, rows_of, stacked
from overparam_sk.interop._twin import core_of
from overparam_sk.parameters import (
    COUNT,
    SEED,
    checked,
    instance,
    shown,
    suggesting,
)
from overparam_sk.world import warn_user

__all__ = ["TrainingDiagnostics"]

# The one diagnostic that asks for targets.
_OF_TARGETS = "gram_alignment"
# What a warning names at most.
_TOLD = 10


def _names(name: str, value: Any) -> Any:
    return asked_diagnostics(name, value, "all")


_RULES: dict[str, Callable[[str, Any], Any]] = {
    "names": _names,
    "n_samples": COUNT,
    "n_singular_values": COUNT,
    "every": COUNT,
    "random_state": SEED,
}
_MODULE = instance(nn.Module, "a torch.nn.Module")


class TrainingDiagnostics(Callback):
    """Record what the papers measure while a PyTorch module is trained.

    As a callback of skorch it writes into the net's history, epoch by epoch. Around
    one's own loop it is a context manager that is given the module and rows to look at;
    `record` is called whenever there is something to record.

    The module may be any. Everything is measured on a copy of it in evaluation mode, in
    float64 unless it only runs in another precision; the module itself, its buffers,
    gradients and hooks and the random generators stay as they are.

    Every layer has its own column, ``relative_distance_1``, ``relative_distance_2`` and
    so on, in the order of the forward pass; a figure of a module with a single one has
    no number. Figures of weights belong to trained layers: Linear, convolutional,
    recurrent, attention, embedding; a kernel is a matrix of shape (channels, inputs of
    a patch), an embedding one on one-hot rows. Those of patterns belong to the ReLUs,
    whether they are modules or functions (``torch.relu``, ``clamp_min(0)``,
    ``torch.maximum`` with 0, z times 1{z > 0}) and whether their slope below 0 is 0 or
    not (LeakyReLU, PReLU). Of a convolution a unit is a channel at a position; a
    ReLU6 is two units, ReLU(z) − ReLU(z − 6).

    ========================== =======================================================
    ``activation_change``      share of (unit, row) pairs whose pattern changed
    ``coupling``               share of units whose pattern changed on no row
    ``relative_distance``      ‖W − W(0)‖_F / ‖W(0)‖_F, without intercepts
    ``weight_change``          ‖W − W(0)‖_F, without intercepts
    ``update_singular_values`` largest singular values of W − W(0), a list
    ``dead_samples``           rows that activate no unit of the first hidden layer
    ``dead_rows``              rows that activate no unit of a layer, for every layer
    ``gram_lambda_min``        λ_min of (1/k) Σ_i J_i J_iᵀ, the average over the k
                               outputs, J_i the Jacobian in all trained parameters;
                               0.0 if it is rounding noise
    ``gram_drift``             ‖H − H(0)‖_F / ‖H(0)‖_F of this matrix H
    ``gram_alignment``         cosine of the angle between H and Ȳ Ȳᵀ, Ȳ the centred
                               targets: y as it is given; of class indices and several
                               outputs one-hot
    ``largest_unit_change``    max_r ‖w_r − w_r(0)‖, without intercepts
    ========================== =======================================================

    W(0) are the weights where the ``with`` statement begins, or before the first epoch
    after a net was initialized: ``fit`` starts anew, ``partial_fit`` goes on. A module
    with lazy parameters starts after its first forward pass. For the class-averaged
    Gram matrix of `OverparamReLUClassifier` divide ``gram_lambda_min`` by the width.

    What cannot be measured is left out, and named in `skipped_` and in a warning:
    activation functions without a pattern, such as GELU; trained parameters that are no
    such weight, as those of BatchNorm; the Gram matrix of outputs that depend on other
    rows of a batch, say.

    Parameters
    ----------
    module : torch.nn.Module, default=None
        What is trained in one's own loop. A skorch net brings its own.
    X : array-like, tensor, tuple or dict, default=None
        Rows to look at in one's own loop, along the first axis. A tuple holds several
        inputs of the module, a dict inputs by name.
    y : array-like of shape (n_samples,) or (n_samples, k), default=None
        Their targets, numbers or class indices. Without them there is no
        ``gram_alignment``.
    names : "all" or tuple of str, default="all"
        Which of these to record.
    n_samples : int, default=200
        Rows, a seeded subset, for patterns and Gram matrix.
    n_singular_values : int, default=20
        How many singular values to keep.
    every : int, default=1
        Epochs, or calls of `record`, between two records; the last may be up to
        ``every - 1`` old.
    random_state : int, default=0
        Seed of the subset.

    Attributes
    ----------
    weight_layers_, relu_layers_ : tuple of str
        Names of the layers, in the order of the columns.
    skipped_ : dict of str to str
        Names of layers, parameters and diagnostics that are not measured, and why.
    history_ : dict of str to ndarray
        Of one's own loop: "iteration", which call of `record` it was, what else
        `record` was given, and a column per figure and layer; ready for a data frame.
    activation_change_, relative_distance_, ... : float or ndarray of shape (n_layers,)
        Of one's own loop: each figure at the end of the ``with`` statement.
    update_singular_values_ : ndarray or list of ndarray

    Raises
    ------
    ValueError
        If a parameter is none of these, or the module does not run on the rows.

    Warns
    -----
    UserWarning
        Once, for what cannot be measured.

    Examples
    --------
    Around one's own loop:

    >>> import torch
    >>> from torch import nn
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> from overparam_sk.interop import TrainingDiagnostics
    >>> X, y = map(torch.as_tensor, make_clustered_mixture(200, 50, random_state=0))
    >>> module = nn.Sequential(nn.Linear(50, 100), nn.ReLU(), nn.Linear(100, 10))
    >>> module = module.to(X.dtype)
    >>> optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    >>> with TrainingDiagnostics(module, X, y) as diagnostics:
    ...     for _ in range(5):
    ...         loss = nn.functional.cross_entropy(module(X), y)
    ...         optimizer.zero_grad()
    ...         loss.backward()
    ...         optimizer.step()
    ...         _ = diagnostics.record(loss=loss)
    >>> diagnostics.weight_layers_, diagnostics.relu_layers_
    (('0', '2'), ('1',))
    >>> bool(diagnostics.history_["relative_distance_1"][-1] > 0)
    True
    >>> bool(diagnostics.relative_distance_[0] > 0)
    True

    In a skorch net:

    >>> from overparam_sk import OverparamReLUClassifier
    >>> X, y = make_clustered_mixture(200, 50, random_state=0)
    >>> est = OverparamReLUClassifier(width=100, random_state=0).fit(X, y)
    >>> callbacks = [TrainingDiagnostics()]
    >>> net = est.to_skorch(initial=True, max_epochs=2, callbacks=callbacks)
    >>> net.fit(X, y).history[:, "relative_distance"][0] > 0
    True
    """

    @suggesting
    def __init__(
        self,
        module: Any = None,
        X: Any = None,
        y: Any = None,
        *,
        names: Any = "all",
        n_samples: int = 200,
        n_singular_values: int = 20,
        every: int = 1,
        random_state: int = 0,
    ) -> None:
        self.module = module
        self.X = X
        self.y = y
        self.names = names
        self.n_samples = n_samples
        self.n_singular_values = n_singular_values
        self.every = every
        self.random_state = random_state

    def initialize(self) -> Self:
        """Check the parameters; forget W(0)."""
        self.asked_ = checked(self.get_params(deep=False), _RULES)
        self.course_: Course | None = None
        self.first_pass_: Any = None
        self.records_: list[dict[str, Any]] = []
        self.calls_ = 0
        self.skipped_: dict[str, str] = {}
        self.weight_layers_: tuple[str, ...] = ()
        self.relu_layers_: tuple[str, ...] = ()
        for name in (*names_asked_for("all"), *names_asked_for(self.asked_["names"])):
            self.__dict__.pop(f"{name}_", None)
        return self

    # ---------------------------------------------------------------- one's own loop
    def __enter__(self) -> Self:
        if vars(self).get("open_"):
            raise ValueError(
                "TrainingDiagnostics must be used in one with statement at a time, got "
                "a second one inside the first."
            )
        self.initialize()
        module = _MODULE("module", self.module)
        rows, targets = rows_of(self.X), None
        places = self._places(len(rows))
        if self.y is not None:
            y = real_array("y", self.y)
            if y.shape[:1] != (len(rows),):
                raise ValueError(
                    f"y must have as many entries as X has rows, {len(rows)}, got an "
                    f"array of shape {y.shape}."
                )
            targets = torch.from_numpy(y)[places]
        elif _OF_TARGETS in self._names() and self.names != "all":
            raise ValueError(f"y must be given for {_OF_TARGETS!r}, got None.")
        self._begin(module, rows.at(places), targets)
        self.open_ = True
        return self

    def record(self, **columns: Any) -> dict[str, Any]:
        """Write the figures of now into `history_`, if it is their turn.

        Parameters
        ----------
        **columns : float
            What else to write beside them, a loss say, as a number or a tensor of one.

        Returns
        -------
        dict of str to float
            The entry; empty if only every second call or so is recorded, or while lazy
            parameters wait for their first forward pass.

        Raises
        ------
        ValueError
            Outside of the ``with`` statement, and for what is no number or has the name
            of a figure.
        """
        if not vars(self).get("open_"):
            raise ValueError("record must be called within a with statement, got none.")
        self.calls_ += 1
        if self.course_ is None or self.calls_ % self.asked_["every"]:
            return {}
        figures = history_columns(self._figures(self.module, spectra=False))
        if taken := sorted(figures.keys() & columns.keys()):
            raise ValueError(f"columns must have names of their own, got {taken}.")
        more = {name: _number(name, value) for name, value in columns.items()}
        entry = {"iteration": self.calls_, **more, **figures}
        self.records_.append(entry)
        return dict(entry)

    def __exit__(self, kind: Any, *_: Any) -> None:
        self.open_ = False
        if self.first_pass_ is not None:
            self.first_pass_.remove()
        course, self.first_pass_ = self.course_, None
        if kind is None and course is not None:
            for name, values in self._figures(self.module, spectra=True).items():
                several = values if name == SPECTRUM else np.array(values)
                setattr(self, f"{name}_", values[0] if len(values) == 1 else several)
        self.course_ = None

    @property
    def history_(self) -> dict[str, NDArray[Any]]:
        """What was recorded in one's own loop, a column per figure and layer."""
        columns = {name: None for entry in self.records_ for name in entry}
        return {
            name: np.array([entry.get(name, np.nan) for entry in self.records_])
            for name in columns
        }

    # ------------------------------------------------------------------- a skorch net
    def on_epoch_begin(self, net: Any, dataset_train: Any = None, **_: Any) -> None:
        """Before the first epoch: keep W(0) and the patterns."""
        if self.course_ is None and self.first_pass_ is None:
            items = [dataset_train[int(i)] for i in self._places(len(dataset_train))]
            X, y = map(stacked, zip(*items, strict=True))
            # As skorch calls its module.
            rows = Rows((), X) if isinstance(X, dict) else Rows((X,), {})
            self._begin(net.module_, rows, y if isinstance(y, Tensor) else None)

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Record this epoch's figures."""
        if self.course_ is None or net.history[-1]["epoch"] % self.asked_["every"]:
            return
        figures = self._figures(net.module_, spectra=True)
        lists = {SPECTRUM: [v.tolist() for v in figures.pop(SPECTRUM, ())]}
        for name, value in history_columns(figures | lists).items():
            net.history.record(name, value)
            if isinstance(value, list):
                _keep_off_the_log(net, name)

    # --------------------------------------------------------------------------- both
    def _places(self, n: int) -> Tensor:
        return chosen(n, self.asked_["n_samples"], self.asked_["random_state"])

    def _begin(self, module: nn.Module, rows: Rows, y: Tensor | None) -> None:
        """Keep the start; of lazy parameters, after their first forward pass."""
        core = core_of(module)

        def begin(*_: Any) -> None:
            if self.first_pass_ is not None:
                self.first_pass_.remove()
            self.course_ = Course(
                core,
                rows,
                y,
                self._names(),
                kinds_of(self.asked_["names"]),
                self.asked_["n_singular_values"],
            )
            self.weight_layers_ = tuple(self.course_.start.weights)
            self.relu_layers_ = tuple(self.course_.start.patterns)
            self._tell()

        if any(map(is_lazy, (*core.parameters(), *core.buffers()))):
            self.first_pass_ = core.register_forward_hook(begin)
        else:
            begin()

    def _figures(self, module: nn.Module, *, spectra: bool) -> dict[str, list[Any]]:
        assert self.course_ is not None
        figures = self.course_.figures(module, spectra=spectra)
        self._tell()
        return figures

    def _names(self) -> tuple[str, ...]:
        names = names_asked_for(self.asked_["names"])
        own_loop = self.module is not None
        if own_loop and self.y is None and self.asked_["names"] == "all":
            return tuple(name for name in names if name != _OF_TARGETS)
        return names

    def _tell(self) -> None:
        """Warn of what is not measured, of each once."""
        assert self.course_ is not None
        new = {
            name: reason
            for name, reason in self.course_.skipped.items()
            if name not in self.skipped_
        }
        self.skipped_ |= new
        if new:
            listed = [f"{name}: {reason}" for name, reason in new.items()]
            if len(listed) > _TOLD:
                listed[_TOLD - 1 :] = [f"{len(listed) - _TOLD + 1} more, see skipped_"]
            told = "; ".join(listed)
            warn_user(f"TrainingDiagnostics does not measure {told}.", UserWarning)


def _number(name: str, value: Any) -> float:
    """What is written beside the figures; it may be infinite, as a loss may."""
    try:
        array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
        if array.size == 1 and array.dtype.kind in "biuf":
            number: float = array.item()
            return number
    except (TypeError, ValueError, RuntimeError):
        pass
    raise ValueError(f"{name} must be a number, got {shown(value)}.")


def _keep_off_the_log(net: Any, name: str) -> None:
    """Lists are for the history; skorch's logs would print them in full."""
    for _, callback in net.callbacks_:
        if hasattr(callback, "keys_ignored_"):
            callback.keys_ignored_.add(name)
