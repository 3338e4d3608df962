"""GridSearchCV over the width in a Pipeline: every diagnostic in cv_results_.

    python benchmarks/width_search.py [--out docs/reports/width-search]

Digits, standardised in the fold, 5 folds, the default network. Writes a table of the
means and standard deviations that the search holds, and the picture.
"""

import argparse
import time
from pathlib import Path

from _timing import machine, markdown, write
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import diagnostic_scoring
from overparam_sk.plotting import WidthStudyDisplay

WIDTHS = [125, 250, 500, 1000, 2000, 4000]


def _mean_and_std(results, name, i):
    mean, std = (results[f"{what}_test_{name}"][i] for what in ("mean", "std"))
    return f"{mean:.4g} ± {std:.2g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/reports/width-search"))
    args = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    net = OverparamReLUClassifier(random_state=0)
    pipe = Pipeline([("scale", StandardScaler()), ("clf", net)])
    scoring = diagnostic_scoring(pipe)
    search = GridSearchCV(
        pipe, {"clf__width": WIDTHS}, scoring=scoring, refit="accuracy", n_jobs=2
    )
    started = time.perf_counter()
    search.fit(X, y)
    seconds = time.perf_counter() - started
    results = search.cv_results_
    lines = [
        [width, *(_mean_and_std(results, name, i) for name in scoring)]
        for i, width in enumerate(WIDTHS)
    ]
    title = (
        f"# Grid search over the width, digits\n\n{machine()}; {len(WIDTHS)} widths, 5 "
        f"folds, n_jobs=2, {seconds:.0f} s. Mean ± standard deviation over the folds, "
        "as in `cv_results_`.\n\n"
    )
    write(args.out / "search.md", title + markdown(["width", *scoring], lines))
    display = WidthStudyDisplay.from_search(search).plot()
    display.figure_.savefig(args.out / "search.png", dpi=100)


if __name__ == "__main__":
    main()
