"""How networks approach their infinite width on section 7's data of Li and Liang.

    python benchmarks/power_law_limit.py [--out docs/reports/power-law/section-7.md]

The limit is computed, on the same rows and batches, and not fitted. Some five minutes
on one core.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.model_selection import fit_power_law, width_study

N, D, REPEATS, STEPS = 1000, 1000, 8, 400
WIDTHS = (64, 128, 256, 512, 1024)


def draw(seed):
    X, y = make_clustered_mixture(2 * N, D, random_state=seed)
    X = X.astype(np.float32)
    return X[:N], y[:N], X[N:], y[N:]


def figures(model, X, y):
    """Test loss in nats, and √m‖W − W(0)‖/‖W(0)‖ or its limit."""
    if isinstance(model, InfiniteWidthReLUClassifier):
        constant = model.distance_constant_
    else:
        constant = model.relative_distance_ * model.width**0.5
    return {
        "test loss": log_loss(y, model.predict_proba(X)),
        "distance·√m": float(constant),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--out", type=Path, default=Path("docs/reports/power-law/section-7.md")
    )
    out = parser.parse_args().out
    options = {
        "learning_rate": 10.0,
        "batch_size": 16,
        "max_iter": STEPS,
        "n_iter_no_change": None,
        "fit_intercept": False,
    }
    net = OverparamReLUClassifier(diagnostics=("relative_distance",), **options)
    study = width_study(
        {"network": net, "limit": InfiniteWidthReLUClassifier(**options)},
        draw,
        values=WIDTHS,
        repeats=REPEATS,
        scoring=figures,
        random_state=0,
    )
    frame = study.to_frame()
    rows = []
    for m in (*WIDTHS, None):
        some = frame[frame["width"].isna() if m is None else frame["width"] == m]
        cells = (
            f"{some[name].mean():.4g} ± {some[name].std():.2g}"
            for name in ("test loss", "distance·√m")
        )
        rows.append(f"| {'∞' if m is None else m} | {' | '.join(cells)} |")
    laws = [
        f"- {fit_power_law(study, name, estimator='network', limit='limit')}"
        for name in ("test loss", "distance·√m")
    ]
    text = [
        "# Networks beside their infinite width, section 7's data",
        f"`python benchmarks/power_law_limit.py`: {N} rows of {D} columns in 10 "
        f"classes of two components, c = 10, B = 16, {STEPS} steps, {REPEATS} repeats, "
        "each with its own data (mean ± standard deviation). L∞ is that of the same "
        "rows and batches, subtracted repeat by repeat.",
        "\n".join(["| m | test loss | distance·√m |", "| --- | --- | --- |", *rows]),
        "\n".join(laws),
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
