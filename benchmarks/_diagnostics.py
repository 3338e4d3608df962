"""What the diagnostics and the history cost, against the fit."""

from _timing import in_turn, markdown

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture


def diagnostics_table(repeats, device="cpu"):
    """Fits with every diagnostic beside fits with none."""
    text = "Seconds of a fit with every diagnostic and its history against one with "
    text += "neither.\n\n"
    header = ["fit", "without s", "with s", "cost"]
    return text + markdown(header, _rows(repeats, device))


def _row(name, X, y, repeats, **parameters):
    """A fit with all diagnostics and its history against one without either."""

    def fit(**more):
        OverparamReLUClassifier(**parameters, **more, random_state=0).fit(X, y)

    seconds = in_turn(
        {
            "none": lambda: fit(diagnostics=None, record_every=None),
            "all": lambda: fit(),
        },
        repeats,
        parameters["device"],
    )
    cost = seconds["all"] / seconds["none"] - 1
    return [name, f"{seconds['none']:.2f}", f"{seconds['all']:.2f}", f"{cost:.1%}"]


def _rows(repeats, device):
    """LL18's synthetic fit, and fits of 20 and more passes at the defaults."""
    X, y = make_clustered_mixture(1000, 1000, random_state=0)
    X = X.astype("float32")
    paper = {
        "learning_rate": 10,
        "batch_size": 16,
        "max_iter": 400,
        "fit_intercept": False,
        "device": device,
    }
    for width in (1000, 4000, 16000):
        name = f"LL18 synthetic, m = {width} (6.4 passes)"
        yield _row(name, X, y, repeats, width=width, **paper)
    for n, d in ((150, 10), (1500, 64), (10_000, 784)):
        X, y = make_clustered_mixture(n, d, random_state=0)
        name = f"defaults, {n} × {d} ({1000 * min(256, n) / n:.0f} passes)"
        yield _row(name, X.astype("float32"), y, repeats, device=device)
