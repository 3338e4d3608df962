"""Every parameter of every public callable, and what values it may rightly have.

A `Door` calls one function or method with one parameter set to a hostile value. Its
readings are the documented contract, stated again and apart from the package's rules:
the plain value that a hostile one stands for, or `REFUSED`. A callable or a parameter
that is not here fails `tests/test_doors.py`.
"""

import contextlib
import io
import math
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from estimators.small_nets import (
    X,
    classifier,
    deep_classifier,
    deep_regressor,
    ensemble,
    infinite,
    linearized,
    regressor,
    y,
)
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from overparam_sk import (
    CompressedClassifier,
    InfiniteWidthKernel,
    datasets,
    diagnostics,
    model_selection,
    theory,
)
from overparam_sk.experiments import load_problem, run_study
from overparam_sk.interop import TrainingDiagnostics
from overparam_sk.plotting import (
    ConvergenceDisplay,
    CoordinateCheckDisplay,
    KernelDriftDisplay,
    PhaseDiagramDisplay,
    TrainingDynamicsDisplay,
    UpdateSpectrumDisplay,
    WidthStudyDisplay,
)

REFUSED = type("REFUSED", (), {"__repr__": lambda _: "REFUSED"})()
NOT_TRIED = "not tried"
# A parameter that is data or an object of scikit-learn's: any refusal by ValueError or
# TypeError will do, and what is taken must give finite numbers.
DATA = "data"


@dataclass(frozen=True)
class Door:
    name: str
    call: Callable[..., Any]
    readings: dict[str, Any] = field(default_factory=dict)


# ------------------------------------------------------------------------- readings
def count(low=1, high=2**31 - 1):
    def read(h):
        return h.integer if h.integer is not None and low <= h.integer <= high else None

    return _or_refused(read)


def real(
    low=-math.inf,
    high=math.inf,
    *,
    above=False,
    below=False,
    nan=False,
    infinite=False,
):
    def read(h):
        if h.real is None or (math.isnan(h.real) and nan):
            return h.real
        if infinite and isinstance(h.value, float) and h.value == math.inf:
            return h.real  # and not a number that is too large for a float
        at_end = (above and h.real == low) or (below and h.real == high)
        fine = low <= h.real <= high and math.isfinite(h.real) and not at_end
        return h.real if fine else None

    return _or_refused(read)


def flag():
    return _or_refused(lambda h: h.flag)


def text(*known):
    return _or_refused(lambda h: h.text if h.text in known else None)


def none():
    return lambda h: None if h.none else REFUSED


def sequence(entry, whole=lambda _: True):
    """A sequence of Python's or numpy's numbers or texts."""

    def read(h):
        return (
            tuple(h.entries)
            if h.entries is not None and all(map(entry, h.entries)) and whole(h.entries)
            else None
        )

    return _or_refused(read)


def either(*readings):
    def read(h):
        found = (reading(h) for reading in readings)
        return next((value for value in found if value is not REFUSED), REFUSED)

    return read


def _or_refused(read):
    def reading(h):
        plain = read(h)
        return REFUSED if plain is None else plain

    return reading


def _is_positive(entry):
    number = isinstance(entry, (int, float, np.number)) and type(entry) is not bool
    return number and 0 < entry < math.inf


def _ascending(pair):
    return len(pair) == 2 and pair[0] <= pair[1]


def _is_index(entry):
    return type(entry) in (int, np.int64) and 0 <= entry < 2**31


COUNT, FLAG = count(), flag()
SEED = count(0, 2**32 - 1)
RANDOM_STATE = either(none(), SEED)
DEVICE = text("auto", "cpu")
NAMES = (*diagnostics.REGISTRY, "update_singular_values")
ESTIMATOR = {
    "learning_rate": either(text("auto"), real(0, above=True)),
    "momentum": either(text("auto"), real(0, 1, below=True)),
    # More of them take their time.
    "max_iter": either(text("auto"), count(1, 200)),
    "tol": real(0),
    "n_iter_no_change": either(text("auto"), none(), COUNT),
    "early_stopping": FLAG,
    "validation_fraction": real(0, 1, above=True, below=True),
    "fit_intercept": FLAG,
    "record_every": either(text("auto"), none(), COUNT, sequence(_is_index)),
    "device": DEVICE,
    "random_state": RANDOM_STATE,
    "verbose": either(FLAG, count(0)),
}
SOFTMAX = {
    **ESTIMATOR,
    "batch_size": either(text("auto"), COUNT),
    "class_weight": DATA,
}
MEASURED = {
    "warm_start": FLAG,
    "diagnostics": either(
        text("all"), none(), sequence(lambda e: isinstance(e, str) and e in NAMES)
    ),
    "gram_samples": COUNT,
}
FIRST_LAYER = {
    **SOFTMAX,
    **MEASURED,
    "width": COUNT,
    "train_readout": FLAG,
    "init_scale": real(0, 1e100, above=True),
    "output_scale": either(none(), real(0, above=True)),
    "parametrization": text("ntk", "mean_field", "mup"),
    "base_width": COUNT,
    "block_size": either(text("auto"), COUNT),
    "precision": text("ieee"),  # X is float64
    "distributed": FLAG,
}
DEEP = {
    **ESTIMATOR,
    **MEASURED,
    "hidden_widths": sequence(lambda e: _is_index(e) and e >= 1, len),
    "row_norm": either(none(), text("clip", "unit")),
}
KERNEL = {
    "network": text("li_liang_2018", "kong_2019", "deep_relu"),
    "width1": count(1, 7067),
    "row_norm": either(none(), text("clip", "unit")),
    "part": either(text("sum", "first", "second"), count(1, 2)),
    "depth": count(1, 512),
    "train_readout": FLAG,
    "fit_intercept": FLAG,
    "n_points": lambda h: (
        h.integer
        if h.integer is not None
        and 0 < h.integer <= 2**30
        and h.integer.bit_count() == 1
        else REFUSED
    ),
    "random_state": SEED,
    "first_weights": DATA,
}
SCALE_NAMES = ("weight_variance", "bias_variance", "readout_scale")
SCALES = {
    **dict.fromkeys(SCALE_NAMES, real(0, above=True)),
    **{
        f"{name}_bounds": either(text("fixed"), sequence(_is_positive, _ascending))
        for name in SCALE_NAMES
    },
}
FIT = dict.fromkeys(("X", "y", "sample_weight", "X_val", "y_val"), DATA)


# ---------------------------------------------------------------------------- calls
def _fit(make):
    return lambda **parameters: make(**{"max_iter": 2, **parameters}).fit(X, y)


def _fit_on(make):
    def call(**data):
        held = {"X_val": X, "y_val": y} if {"X_val", "y_val"} & {*data} else {}
        return make(max_iter=2).fit(**{"X": X, "y": y, **held, **data})

    return call


def _partial_fit(make):
    return lambda **data: make().partial_fit(**{"X": X, "y": y, **data})


TIME = either(none(), real(0, infinite=True))


def _fit_ensemble(**parameters):
    net = ensemble(**parameters).fit(X, y)
    return net, net.predict(X)


def compressed(**parameters):
    return CompressedClassifier(classifier(**parameters), rank=3)


FITTED = {
    name: make().fit(X, y)
    for name, make in (
        ("classifier", classifier),
        ("regressor", regressor),
        ("deep_classifier", deep_classifier),
        ("deep_regressor", deep_regressor),
        ("linearized", linearized),
        ("infinite", infinite),
        ("compressed", compressed),
    )
}


def _method(name, method, **defaults):
    return lambda **given: getattr(FITTED[name], method)(**{**defaults, **given})


def _skorch(name):
    def call(**given):
        net = FITTED[name].to_skorch(**given)
        return [W.detach().numpy() for W in net.module_.parameters()]

    return call


def _watched(**given):
    own = {"module": FITTED["classifier"].to_skorch().module_, "X": X, "y": y}
    with TrainingDiagnostics(**{**own, **given}) as diagnostics:
        diagnostics.record()
    return diagnostics.history_


def _recorded(**given):
    """The names; a loss may be infinite."""
    module = FITTED["classifier"].to_skorch().module_
    with TrainingDiagnostics(module, X, names=("dead_samples",)) as diagnostics:
        return list(diagnostics.record(**given))


def _kernel(**options):
    kong = {"network": "kong_2019", "n_points": 8}
    return InfiniteWidthKernel(**(kong | options))(X[:4])


def _infinite(function):
    def call(**options):
        kong = {"network": "kong_2019", "n_points": 8, "X": X[:4]}
        return function(**(kong | options))

    return call


# Of plain gradient descent, which the modes of the residual are about.
PLAIN = regressor(learning_rate=1e-3).fit(X, y)
LOOKS = sequence(lambda e: _is_index(e) and e <= 5)


def _bounds(**given):
    usual = {"estimator": FITTED["classifier"], "X": X, "y": y}
    held_out = {"X_test": X, "y_test": y} if {"X_test", "y_test"} & {*given} else {}
    found = theory.generalization_bounds(**{**usual, **held_out, **given})
    return [(one.value, one.train_error) for one in found if one.name != "kernel"]


W = FITTED["classifier"].hidden_weights_
W0 = FITTED["classifier"].initial_weights()
PAIR = {"W": W, "W0": W0}
SMALL_SETS = {"n_samples": 4, "n_features": 3, "random_state": 0}


def _with(function, **defaults):
    return lambda **given: function(**{**defaults, **given})


def _compressed(**given):
    net = classifier(max_iter=2)
    return CompressedClassifier(**{"estimator": net, **given}).fit(X, y)


def _plot(display):
    def call(**given):
        try:
            return sorted(vars(display.plot(**given)))
        finally:
            plt.close("all")

    return call


def _any_text(h):
    return REFUSED if h.text is None else h.text


@contextlib.contextmanager
def _elsewhere():
    """A folder for what is taken for a path; all the workers that are asked for."""
    folder = tempfile.TemporaryDirectory()
    with folder as path, contextlib.chdir(path), parallel_config(backend="threading"):
        yield


def _study(**given):
    usual = {"estimators": {"net": classifier(max_iter=2)}, "values": [2, 4]}
    usual |= {"X": X, "y": y, "cv": 2, "repeats": 1, "random_state": 0}
    if {"X_test", "y_test"} & {*given}:
        usual |= {"X_test": X, "y_test": y, "cv": None}
    with _elsewhere():
        study = model_selection.width_study(**{**usual, **given})
    return [
        [value for value in fit.scores.values() if isinstance(value, float)]
        for fit in study.fits
    ]


PROBLEM = load_problem("digits", train_size=20)


def _run_study(**given):
    usual = {"problem": PROBLEM, "widths": [2], "repeats": 1, "target_accuracy": 0.9}
    usual |= {
        "fit_params": {"max_iter": 2, "n_iter_no_change": None, "record_every": 1},
        "progress": False,
    }
    with _elsewhere():
        return run_study(**{**usual, **given}).widths


def _flow(**given):
    flow = theory.gradient_flow(
        **{
            "estimator": FITTED["regressor"],
            "X": X,
            "y": y,
            "t": 0.1,
            "max_steps": 40,
            **given,
        }
    )
    return [flow.loss, flow.error]


def _sheet(**given):
    sheet = theory.theory_sheet(
        **{"estimator": FITTED["classifier"], "X": X, "y": y, **given}
    )
    return [row.found for row in sheet.rows if row.found is not None]


STUDY = model_selection.width_study(
    {"net": classifier(max_iter=2)},
    X,
    y,
    values=[2, 4],
    cv=2,
    repeats=2,
    random_state=0,
)


PHASES = model_selection.width_study(
    {"0.1": classifier(max_iter=2), "10": classifier(max_iter=2, output_scale=10.0)},
    X,
    y,
    values=[2, 4],
    cv=2,
    repeats=1,
    random_state=0,
)
CHECK = CoordinateCheckDisplay.from_estimators(
    {"net": classifier(learning_rate=1e-3)}, X, y, widths=[2, 4], iterations=[1]
)


def _law(**given):
    usual = {"study": STUDY, "metric": "relative_distance"}
    law = model_selection.fit_power_law(**{**usual, **given})
    # Beside a limit an interval may rightly be infinite.
    return (law.c, law.p, law.limit) if "limit" in given else law


RANK = either(none(), count(0, 4))
HISTORY = FITTED["classifier"].history_
RATE = either(none(), real(0))
JOBS = either(none(), count(1, 2**15), count(-(2**15), -1))
DISPLAYS = {
    TrainingDynamicsDisplay: {},
    ConvergenceDisplay: {"lambda_0": RATE},
    UpdateSpectrumDisplay: {"n_components": either(none(), COUNT), "weights": FLAG},
}
SEARCH = GridSearchCV(classifier(), {"width": [2, 4]}, cv=2).fit(X, y)

DOORS = [
    Door("OverparamReLUClassifier", _fit(classifier), FIRST_LAYER),
    Door("LinearizedReLUClassifier", _fit(linearized), FIRST_LAYER),
    Door(
        "InfiniteWidthReLUClassifier",
        _fit(infinite),
        {
            **SOFTMAX,
            "initial_width": either(none(), COUNT),
            "cache_size": real(0),
            "train_readout": FLAG,
        },
    ),
    Door(
        "DeepReLUClassifier",
        _fit(deep_classifier),
        {**DEEP, "class_weight": DATA},
    ),
    Door("DeepReLURegressor", _fit(deep_regressor), DEEP),
    Door(
        "InfiniteWidthReLURegressor",
        _fit_ensemble,
        {
            "depth": count(1, 512),
            "trained_layers": either(
                text("hidden", "all", "readout"),
                sequence(lambda e: _is_index(e) and 1 <= e <= 2),
            ),
            "time": TIME,
            "alpha": real(0),
            "fit_intercept": FLAG,
        },
    ),
    Door(
        "InfiniteWidthReLURegressor.fit",
        _with(ensemble().fit, X=X, y=y),
        {"X": DATA, "y": DATA, "sample_weight": DATA},
    ),
    Door(
        "InfiniteWidthReLURegressor.predict",
        _with(ensemble().fit(X, y).predict, X=X),
        {"X": DATA, "return_std": FLAG, "return_cov": FLAG, "t": TIME},
    ),
    Door(
        "TwoHiddenReLURegressor",
        _fit(regressor),
        {
            **ESTIMATOR,
            **MEASURED,
            "width1": COUNT,
            "width2": COUNT,
            "row_norm": either(none(), text("clip", "unit")),
        },
    ),
    *(
        Door(f"{type(FITTED[name]).__name__}.fit", _fit_on(make), FIT)
        for name, make in (
            ("classifier", classifier),
            ("linearized", linearized),
            ("infinite", infinite),
            ("regressor", regressor),
            ("deep_classifier", deep_classifier),
            ("deep_regressor", deep_regressor),
            ("compressed", compressed),
        )
    ),
    *(
        Door(
            f"{type(FITTED[name]).__name__}.partial_fit",
            _partial_fit(make),
            dict.fromkeys(("X", "y", "classes", "sample_weight"), DATA),
        )
        for name, make in (
            ("classifier", classifier),
            ("deep_classifier", deep_classifier),
            ("linearized", linearized),
        )
    ),
    *(
        Door(
            f"{type(FITTED[name]).__name__}.partial_fit",
            _partial_fit(make),
            dict.fromkeys(("X", "y", "sample_weight"), DATA),
        )
        for name, make in (
            ("deep_regressor", deep_regressor),
            ("regressor", regressor),
        )
    ),
    *(
        Door(
            f"{type(FITTED[name]).__name__}.{method}",
            _method(name, method),
            {"X": DATA},
        )
        for name in (
            *("classifier", "deep_classifier", "linearized", "infinite", "compressed"),
        )
        for method in (
            *("decision_function", "predict", "predict_proba", "predict_log_proba"),
        )
    ),
    *(
        Door(
            f"{type(FITTED[name]).__name__}.predict",
            _method(name, "predict"),
            {"X": DATA},
        )
        for name in ("deep_regressor", "regressor")
    ),
    *(
        Door(
            f"{type(FITTED[name]).__name__}.score",
            _method(name, "score", X=X, y=y),
            dict.fromkeys(("X", "y", "sample_weight"), DATA),
        )
        for name in FITTED
    ),
    *(
        Door(
            f"{type(FITTED[name]).__name__}.to_skorch",
            _skorch(name),
            {"initial": FLAG},
        )
        for name in ("classifier", "regressor")
    ),
    *(
        Door(
            f"{type(FITTED[name]).__name__}.compress",
            _method(name, "compress"),
            {"rank": RANK},
        )
        for name in ("classifier", "linearized")
    ),
    Door("InfiniteWidthKernel", _kernel, {**KERNEL, **SCALES}),
    Door(
        "InfiniteWidthKernel.__call__",
        _with(InfiniteWidthKernel(), X=X),
        {"X": DATA, "Y": DATA, "eval_gradient": FLAG},
    ),
    Door("InfiniteWidthKernel.diag", InfiniteWidthKernel().diag, {"X": DATA}),
    Door(
        "infinite_width_gram",
        _infinite(diagnostics.infinite_width_gram),
        {
            **KERNEL,
            "X": DATA,
            "Y": DATA,
            "scramble": either(none(), count(0, 7)),
        },
    ),
    Door(
        "infinite_width_lambda_min",
        _infinite(diagnostics.infinite_width_lambda_min),
        {**KERNEL, "X": DATA},
    ),
    *(
        Door(
            function.__name__,
            _with(function, estimator_or_params=FITTED["classifier"], X=X[:4]),
            {
                "estimator_or_params": DATA,
                "X": DATA,
                "which": text("mean", "full"),
                "layer": either(none(), count(1, 1)),
                "initial": FLAG,
                "device": DEVICE,
            },
        )
        for function in (
            diagnostics.gram_matrix,
            diagnostics.gram_lambda_min,
            diagnostics.gram_spectrum,
        )
    ),
    *(
        Door(
            f"{type(FITTED[name]).__name__}.snapshots",
            _method(name, "snapshots", X=X, y=y, iterations=[1]),
            {**dict.fromkeys(("X", "y", "sample_weight"), DATA), "iterations": LOOKS},
        )
        for name in (
            *("classifier", "deep_classifier", "deep_regressor", "linearized"),
            "regressor",
        )
    ),
    Door("register", diagnostics.register, {"diagnostic": lambda _: REFUSED}),
    Door(
        "residual_modes",
        _with(diagnostics.residual_modes, estimator=PLAIN, X=X, y=y),
        {
            **dict.fromkeys(("estimator", "X", "y"), DATA),
            "iterations": either(none(), LOOKS),
            "device": DEVICE,
        },
    ),
    Door(
        "activation_change",
        _with(diagnostics.activation_change, **PAIR, X=X),
        dict.fromkeys(("W", "W0", "X"), DATA),
    ),
    *(
        Door(function.__name__, _with(function, **PAIR), {"W": DATA, "W0": DATA})
        for function in (
            diagnostics.relative_distance,
            diagnostics.update_singular_values,
        )
    ),
    Door(
        "effective_rank",
        _with(diagnostics.effective_rank, singular_values=[2.0, 1.0]),
        {"singular_values": DATA, "share": real(0, 1, above=True)},
    ),
    Door(
        "make_clustered_mixture",
        _with(datasets.make_clustered_mixture, **SMALL_SETS),
        {
            **dict.fromkeys(
                ("n_samples", "n_features", "n_classes", "n_components"), COUNT
            ),
            "component_std": real(0),
            "center_std": real(0),
            "weights": DATA,
            "normalize": FLAG,
            "return_components": FLAG,
            "random_state": RANDOM_STATE,
        },
    ),
    Door(
        "make_xor_balls",
        _with(datasets.make_xor_balls, n_samples=4, random_state=0),
        {
            "n_samples": COUNT,
            "radius": real(0),
            "return_components": FLAG,
            "random_state": RANDOM_STATE,
        },
    ),
    Door(
        "make_unit_sphere",
        _with(datasets.make_unit_sphere, **SMALL_SETS),
        {"n_samples": COUNT, "n_features": COUNT, "random_state": RANDOM_STATE},
    ),
    Door(
        "separability",
        _with(datasets.separability, X=X, y=y),
        {
            "X": DATA,
            "y": DATA,
            "n_components": either(text("auto"), COUNT),
            "sample": either(none(), COUNT),
            "random_state": RANDOM_STATE,
        },
    ),
    Door(
        "load_image_pair",
        _with(datasets.load_image_pair, name="mnist", classes=(0, 1), n_per_class=2),
        {
            "name": text("mnist", "fashion-mnist"),
            "classes": lambda h: REFUSED if h.entries is None else _pair(h.entries),
            "n_per_class": count(1, 100),
            "return_X_y": FLAG,
            "normalize": FLAG,
        },
    ),
    Door(
        "gradient_flow",
        _flow,
        {
            **dict.fromkeys(("estimator", "X", "y", "t"), DATA),
            "events": either(text("auto"), FLAG),
            "rtol": real(1e-12, 0.1),
            "atol": real(0, above=True),
            "diagnostics": FLAG,
            "max_steps": COUNT,
        },
    ),
    Door(
        "theory_sheet",
        _sheet,
        {
            **dict.fromkeys(("estimator", "X", "y"), DATA),
            **dict.fromkeys(("epsilon", "delta"), real(0, 1, above=True, below=True)),
        },
    ),
    Door("CompressedClassifier", _compressed, {"estimator": DATA, "rank": RANK}),
    Door(
        "CompressedClassifier.truncate",
        FITTED["compressed"].truncate,
        {"rank": count(0, 3)},
    ),
    Door(
        "TrainingDiagnostics",
        _watched,
        {
            **dict.fromkeys(("module", "X", "y"), DATA),
            "names": either(
                text("all"), sequence(lambda e: isinstance(e, str) and e in NAMES)
            ),
            "n_samples": COUNT,
            "n_singular_values": COUNT,
            "every": COUNT,
            "random_state": SEED,
        },
    ),
    Door("TrainingDiagnostics.record", _recorded, {"columns": DATA}),
    *(
        Door(
            f"{display.__name__}.from_estimator",
            _with(display.from_estimator, estimator=FITTED["classifier"]),
            {"estimator": DATA, "name": either(none(), _any_text), **more},
        )
        for display, more in DISPLAYS.items()
    ),
    *(
        Door(
            f"{display.__name__}.from_estimators",
            _with(display.from_estimators, estimators=[FITTED["classifier"]]),
            {"estimators": DATA, "names": DATA, **more},
        )
        for display, more in DISPLAYS.items()
    ),
    *(
        Door(
            f"{display.__name__}.from_histories",
            _with(display.from_histories, histories={"a": HISTORY}),
            {"histories": DATA, **more},
        )
        for display, more in (
            (TrainingDynamicsDisplay, {}),
            # Each needs the other: alone it is refused, or of no use.
            (ConvergenceDisplay, {"lambda_0": DATA, "learning_rate": RATE}),
        )
    ),
    *(
        Door(
            f"{display.__name__}.plot",
            _plot(display.from_histories({"a": HISTORY})),
            {"ax": DATA, "quantities": DATA, "cmap": none()},
        )
        for display in (TrainingDynamicsDisplay, ConvergenceDisplay)
    ),
    Door(
        "KernelDriftDisplay.from_estimator",
        _with(KernelDriftDisplay.from_estimator, estimator=PLAIN, X=X, y=y),
        {
            **dict.fromkeys(("estimator", "X", "y"), DATA),
            "looks": either(none(), LOOKS),
        },
    ),
    Door(
        "KernelDriftDisplay.plot",
        _plot(KernelDriftDisplay.from_estimator(PLAIN, X, y)),
        {"ax": DATA, "cmap": none()},
    ),
    Door(
        "CoordinateCheckDisplay.from_estimators",
        _with(
            CoordinateCheckDisplay.from_estimators,
            estimators={"net": classifier(learning_rate=1e-3, max_iter=2)},
            X=X,
            y=y,
            widths=[2, 4],
            iterations=[1, 2],
        ),
        {
            **dict.fromkeys(("estimators", "X", "y"), DATA),
            **dict.fromkeys(
                ("widths", "iterations"),
                sequence(lambda e: _is_index(e) and e >= 1, len),
            ),
            "learning_rates": either(none(), sequence(_is_positive, len)),
            "repeats": count(1, 100),  # more of them take their time
            "random_state": SEED,
        },
    ),
    Door(
        "CoordinateCheckDisplay.plot",
        _plot(CHECK),
        {"ax": DATA, "cmap": none()},
    ),
    Door(
        "PhaseDiagramDisplay.from_study",
        _with(PhaseDiagramDisplay.from_study, study=PHASES),
        {"study": DATA},
    ),
    Door(
        "PhaseDiagramDisplay.plot",
        _plot(PhaseDiagramDisplay.from_study(PHASES)),
        {"ax": DATA, "metrics": DATA, "guides": FLAG, "cmap": none()},
    ),
    Door(
        "UpdateSpectrumDisplay.plot",
        _plot(UpdateSpectrumDisplay.from_estimator(FITTED["classifier"])),
        {"ax": DATA, "show_weights": FLAG, "cmap": none()},
    ),
    Door(
        "WidthStudyDisplay.from_search",
        _with(WidthStudyDisplay.from_search, search=SEARCH),
        {"search": DATA, "param": either(none(), text("width"))},
    ),
    Door(
        "WidthStudyDisplay.plot",
        _plot(WidthStudyDisplay.from_search(SEARCH)),
        {"ax": DATA, "metrics": DATA, "guides": FLAG, "cmap": none()},
    ),
    Door(
        "diagnostic_scoring",
        _with(model_selection.diagnostic_scoring, estimators=classifier()),
        {"estimators": DATA, "metrics": DATA},
    ),
    Door(
        "width_study",
        _study,
        {
            **dict.fromkeys(
                ("X", "y", "X_test", "y_test", "sample_weight", "groups", "cv"), DATA
            ),
            "estimators": DATA,
            "scoring": DATA,
            "values": DATA,
            "param": text("width"),
            "repeats": count(1, 100),  # more of them take their time
            "return_train_score": FLAG,
            "validate_on_test": FLAG,
            "store": DATA,
            "extend": FLAG,
            "retry_failed": FLAG,
            "n_jobs": JOBS,
            "random_state": RANDOM_STATE,
            "verbose": either(FLAG, count(0)),
        },
    ),
    Door(
        "fit_power_law",
        _law,
        {
            "study": DATA,
            "metric": DATA,
            "estimator": either(none(), text("net")),
            "limit": either(none(), real()),
            "confidence_level": real(0, 1, above=True, below=True),
            "n_resamples": COUNT,
            "random_state": RANDOM_STATE,
        },
    ),
    Door(
        "WidthStudy.column",
        STUDY.column,
        {"metric": text("accuracy", "coupling")},
    ),
    Door(
        "PowerLaw.__call__",
        model_selection.fit_power_law(STUDY, "relative_distance"),
        {"width": DATA},
    ),
    Door(
        "WidthStudyDisplay.from_study",
        _with(WidthStudyDisplay.from_study, study=STUDY),
        {"study": DATA},
    ),
    *(
        Door(
            f"fetch_{name}",
            # No such folder: what is right ends there.
            _with(
                getattr(datasets, f"fetch_{name}"),
                data_home="/nowhere",
                download_if_missing=False,
            ),
            {
                "data_home": DATA,
                "subset": text("all", "train", "test"),
                "return_X_y": FLAG,
                # What is on would ask OpenML.
                "download_if_missing": lambda h: NOT_TRIED if h.flag else FLAG(h),
            },
        )
        for name in ("mnist", "fashion_mnist")
    ),
    Door(
        "run_study",
        _run_study,
        {
            "problem": DATA,
            "widths": DATA,
            "repeats": count(1, 100),
            "fit_params": DATA,
            "target_accuracy": real(0, above=True),
            "baselines": DATA,
            "store": DATA,
            "n_jobs": JOBS,
            "random_state": RANDOM_STATE,
            "progress": FLAG,
        },
    ),
    Door(
        "load_problem",
        lambda **given: vars(load_problem(**{"name": "digits", **given}))["X"],
        {
            "name": DATA,
            "target": DATA,
            "data_home": DATA,
            "normalize": FLAG,
            "train_size": either(none(), COUNT),
            "random_state": SEED,
        },
    ),
    Door(
        "generalization_bounds",
        _bounds,
        {
            **dict.fromkeys(("estimator", "X", "y", "X_test", "y_test"), DATA),
            "delta": real(0, 1, above=True, below=True),
            "n_draws": count(1, 100),  # more of them take their time
            "random_state": SEED,
        },
    ),
    Door(
        "diagnostic_scorer",
        _with(model_selection.diagnostic_scorer, name="relative_distance_"),
        {
            "name": lambda h: (
                REFUSED if h.text is None or not _is_name(h.text) else h.text
            ),
            "missing": either(none(), real(nan=True)),
        },
    ),
]


def _pair(entries):
    whole = all(_is_index(e) for e in entries)
    return entries if whole and {*entries} == {0, 1} and len(entries) == 2 else REFUSED


def _is_name(value):
    return value.isidentifier() and value[0] != "_"


# --------------------------------------------------------------------------- verdicts
# How a call may answer; the first four are right.
TAKEN = "taken as the plain value"
REFUSED_RIGHTLY = "refused with name, must be and got"
AS_THE_PLAIN = "refused as the plain value is"
DATA_REFUSED = "data refused"
NOT_FINITE = "taken, with a result that is no number"
SILENT = "taken, though it is none"
WRONGLY_REFUSED = "refused, though it is one"
OTHER_RESULT = "taken as something else"
OTHER_WORDS = "refused in other words"
OTHER_ERROR = "another error"
RIGHT = (TAKEN, REFUSED_RIGHTLY, AS_THE_PLAIN, DATA_REFUSED, NOT_TRIED)


def verdict(door, parameter, hostile, plain_outcomes):
    """How the door answers a value; ``plain_outcomes`` is a dict that is filled."""
    reading = door.readings[parameter]
    if reading is not DATA and reading(hostile) is NOT_TRIED:
        return NOT_TRIED, None
    found = _outcome(door, parameter, hostile.value)
    refused = isinstance(found, Exception)
    if reading is DATA:
        if not refused:
            return (NOT_FINITE if _NOT_FINITE in repr(found) else TAKEN), found
        own = isinstance(found, _raised_by_numpy(hostile.value))
        right = own or isinstance(found, (ValueError, TypeError, OSError))
        return (DATA_REFUSED if right else OTHER_ERROR), found
    plain = reading(hostile)
    if plain is REFUSED:
        if not refused:
            return SILENT, found
        if not isinstance(found, (ValueError, TypeError)):
            return OTHER_ERROR, found
        words = str(found)
        named = parameter in words and "must" in words and "got" in words
        return (REFUSED_RIGHTLY if named else OTHER_WORDS), found
    key = (door.name, parameter, repr(plain))
    if key not in plain_outcomes:
        plain_outcomes[key] = _outcome(door, parameter, plain)
    expected = plain_outcomes[key]
    if refused:
        refusal = isinstance(found, (ValueError, TypeError, OSError))
        same = refusal and str(found) == str(expected)
        return (AS_THE_PLAIN if same else WRONGLY_REFUSED), found
    if _NOT_FINITE in repr(found):
        return NOT_FINITE, found
    drawn_anew = parameter == "random_state" and plain is None
    same = drawn_anew or found == expected
    return (TAKEN if same else OTHER_RESULT), found


def _raised_by_numpy(value):
    """What a value raises that cannot even become an array of numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            np.asarray(value, dtype=np.float64)
        except Exception as error:
            return type(error)
    return ()


def _outcome(door, parameter, value):
    """What a call returns, as something that can be compared; or the exception."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return _content(door.call(**{parameter: value}))
        except Exception as error:
            return error


_NOT_FINITE = "not finite"


def _content(value):
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            return _NOT_FINITE, value.dtype.str, value.shape, value.tobytes()
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, (tuple, list)):
        return tuple(map(_content, value))
    if isinstance(value, dict):
        return tuple((key, _content(entry)) for key, entry in value.items())
    if is_dataclass(value):
        return _content(vars(value))
    if isinstance(value, float) and not math.isfinite(value):
        return _NOT_FINITE, repr(value)
    fitted = {
        name: entry
        for name, entry in getattr(value, "__dict__", {}).items()
        if name.endswith("_")
    }
    if fitted:
        return _content(fitted)
    if type(value).__name__.endswith("Display"):
        return _content(vars(value))
    return repr(value)
