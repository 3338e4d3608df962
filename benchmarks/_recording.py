"""What it costs to record λ_min of Kong's network at every iteration."""

from functools import partial

import numpy as np
from _timing import in_turn, markdown

from overparam_sk import TwoHiddenReLURegressor

D, H1 = 784, 5


def rows_and_targets(dtype, n=100):
    """Rows of norm 1 and targets in [0, 1], as in K19 §V."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, D)).astype(dtype)
    return X / np.linalg.norm(X, axis=1, keepdims=True), rng.uniform(size=n)


def regressor(h2, iterations, **options):
    """Kong's network at the settings of K19 §V."""
    return TwoHiddenReLURegressor(
        width1=H1,
        width2=h2,
        learning_rate=2e-4,
        max_iter=iterations,
        fit_intercept=False,
        random_state=0,
        **options,
    )


def recording_table(iterations, repeats, device="cpu"):
    """A fit with λ_min, and with everything, at every iteration against one without."""
    looks = {
        "without": {"diagnostics": None, "record_every": None},
        "λ_min": {"diagnostics": ("gram_lambda_min",), "record_every": 1},
        "all": {"record_every": 1},
    }
    lines = []
    for dtype in (np.float32, np.float64):
        X, y = rows_and_targets(dtype)
        for h2 in (500, 4000):
            peers = {
                name: partial(
                    regressor(h2, iterations, device=device, **options).fit, X, y
                )
                for name, options in looks.items()
            }
            s = in_turn(peers, repeats, device)
            times = [f"{1e3 * value / iterations:.2f}" for value in s.values()]
            ratios = [f"{s[name] / s['without']:.2f}" for name in ("λ_min", "all")]
            lines.append([np.dtype(dtype).name, h2, *times, *ratios])
    header = ["dtype", "h2", "without ms", "λ_min ms", "all ms", "λ_min ×", "all ×"]
    title = "Kong's network with λ_min at every iteration, "
    title += f"n = 100, h1 = {H1}, d = {D}; a whole fit, per iteration:\n\n"
    return title + markdown(header, lines)
