"""The data of Li and Liang (2018), section 7, and how it is trained on there."""

from functools import partial
from typing import Any

from sklearn.model_selection import train_test_split

from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.experiments.problem import Defaults, Problem, Split, in_float32

__all__ = ["MNIST", "SYNTHETIC", "in_words", "mixture_problem", "training"]

_N_CLASSES = 10

# c, B, T, widths, and the accuracy of which the paper counts the steps.
SYNTHETIC = Defaults(10.0, 16, 400, (1000, 2000, 4000, 8000), 0.98)
MNIST = Defaults(4e3, 64, 20_000, (1000, 2000, 4000, 8000), 0.95)


def training(settings: Defaults, **others: Any) -> dict[str, Any]:
    """Return c, B and T as parameters of an estimator, among others."""
    return {
        "learning_rate": settings.learning_rate,
        "batch_size": settings.batch_size,
        "max_iter": settings.max_iter,
        **others,
    }


def in_words(settings: Defaults) -> str:
    """Write c and B."""
    return f"c = {settings.learning_rate:g}, B = {settings.batch_size}"


def mixture_problem(
    *,
    n_components: int = 2,
    component_std: float = 1.0,
    normalize: bool = False,
    random_state: int = 0,
) -> Problem:
    """Generate LL18's mixture, or one of its appendix D.

    Parameters
    ----------
    n_components : int, default=2
        l.
    component_std : float, default=1.0
        σ.
    normalize : bool, default=False
    random_state : int, default=0
        Seed of the data; every repeat draws its own.

    Returns
    -------
    Problem
        "synthetic", with l and σ in its name where they are others.
    """
    redraw = partial(_draw_mixture, normalize, n_components, component_std)
    name = "synthetic"
    if (n_components, component_std) != (2, 1.0):
        name += f"-l{n_components}-sigma{component_std:g}"
    return Problem(
        name,
        *redraw(random_state),
        _N_CLASSES,
        n_components,
        SYNTHETIC,
        normalize,
        redraw,
    )


def _draw_mixture(
    normalize: bool, n_components: int, component_std: float, seed: int
) -> Split:
    X, y = make_clustered_mixture(
        2000,
        1000,
        n_classes=_N_CLASSES,
        n_components=n_components,
        component_std=component_std,
        random_state=seed,
    )
    X, X_test, y, y_test = train_test_split(X, y, test_size=1000, random_state=seed)
    return in_float32((X, y, X_test, y_test), normalize)
