"""What a program may have set before it calls us."""

import decimal
import locale
import os
import signal
import sys
import warnings
from contextlib import ExitStack, contextmanager

import numpy as np
import sklearn
import torch


def the_world():
    """All that we might leave changed."""
    return {
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "autocast": [torch.is_autocast_enabled(kind) for kind in ("cpu", "cuda")],
        "autocast's dtype": torch.get_autocast_dtype("cpu"),
        "inference mode": torch.is_inference_mode_enabled(),
        "gradients": torch.is_grad_enabled(),
        "anomalies": torch.is_anomaly_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "flushing": sys.float_info.min / 2 == 0.0,
        "products": [
            torch.backends.fp32_precision,
            torch.backends.mkldnn.matmul.fp32_precision,
            torch.backends.cuda.matmul.fp32_precision,
        ],
        "threads": torch.get_num_threads(),
        "torch's generator": bytes(torch.get_rng_state().numpy()),
        "numpy's generator": np.random.get_state()[1].tobytes(),  # noqa: NPY002
        "errors": np.geterr(),
        "error call": np.geterrcall(),
        "buffer": np.getbufsize(),
        "scikit-learn": sklearn.get_config(),
        "printing": np.get_printoptions(),
        "decimals": str(decimal.getcontext()),
        "locale": locale.setlocale(locale.LC_ALL),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "filters": [*warnings.filters],
        "showwarning": warnings.showwarning,
        "streams": (sys.stdout, sys.stderr),
        "signal": signal.getsignal(signal.SIGINT),
    }


@contextmanager
def setting(change, value, back):
    change(value)
    try:
        yield
    finally:
        change(back)


@contextmanager
def numpy_errors(**modes):
    before = np.seterr(**modes)
    try:
        yield
    finally:
        np.seterr(**before)


@contextmanager
def products(change, value):
    change(value)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.backends.fp32_precision = "none"
        torch.backends.mkldnn.matmul.fp32_precision = "none"
        torch.backends.cuda.matmul.fp32_precision = "none"


def set_all_products(value):
    torch.backends.fp32_precision = value


@contextmanager
def inherited_products(value):
    with products(set_all_products, value):
        yield
        set_all_products("tf32")
        assert torch.backends.mkldnn.matmul.fp32_precision == "tf32"
        set_all_products(value)


@contextmanager
def another_locale():
    before = locale.setlocale(locale.LC_ALL)
    for name in ("tr_TR.UTF-8", "de_DE.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_ALL, name)
            break
        except locale.Error:
            continue
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)


@contextmanager
def removed_folder(tmp_path):
    before = os.getcwd()
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def coarse_decimals():
    with decimal.localcontext() as context:
        context.prec = 2
        context.traps[decimal.Inexact] = True
        yield


def dtype(value):
    return lambda _: setting(torch.set_default_dtype, value, torch.float32)


@contextmanager
def all_of(*contexts):
    with ExitStack() as stack:
        for context in contexts:
            stack.enter_context(context)
        yield


# By name: a function of a temporary folder that makes a context.
STATES = {
    "default dtype float64": dtype(torch.float64),
    "default dtype float16": dtype(torch.float16),
    "default dtype bfloat16": dtype(torch.bfloat16),
    "default device": lambda _: setting(torch.set_default_device, "meta", None),
    "device context": lambda _: torch.device("meta"),
    "autocast": lambda _: torch.autocast("cpu", dtype=torch.bfloat16),
    "inference mode": lambda _: torch.inference_mode(),
    "array API": lambda _: sklearn.config_context(array_api_dispatch=True),
    "flushing": lambda _: setting(torch.set_flush_denormal, True, False),
    "products medium": lambda _: products(torch.set_float32_matmul_precision, "medium"),
    "products bf16": lambda _: inherited_products("bf16"),
    "numpy raises": lambda _: numpy_errors(all="raise"),
    "numpy's context raises": lambda _: np.errstate(all="raise"),
    "numpy warns of underflow": lambda _: numpy_errors(under="warn"),
    "numpy ignores": lambda _: numpy_errors(all="ignore"),
    "buffer": lambda _: setting(np.setbufsize, 16, 8192),
    "of torch": lambda _: all_of(
        torch.no_grad(),
        torch.autograd.set_detect_anomaly(True),
        setting(torch.use_deterministic_algorithms, True, False),
    ),
    "of Python": lambda tmp_path: all_of(
        np.printoptions(precision=1, threshold=2, floatmode="fixed"),
        coarse_decimals(),
        another_locale(),
        removed_folder(tmp_path),
    ),
}
