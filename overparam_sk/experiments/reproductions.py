"""What can be reproduced, by the name that the command line has for it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from overparam_sk.experiments import (
    inductive_bias,
    kong_2019,
    li_liang_2018,
    li_liang_2018_analysis,
    li_liang_2018_crossings,
    li_liang_2018_mixtures,
    li_liang_2018_separation,
)
from overparam_sk.experiments.everything import reproduce_all

__all__ = ["ALL", "ON_MNIST", "REPRODUCTIONS"]

ALL = "all"

# The scale on MNIST may be given to these, as ``mnist``.
_WITH_MNIST: dict[str, Callable[..., bool]] = {
    "ll18-fig2": partial(li_liang_2018.reproduce, "ll18-fig2"),
    "ll18-fig4": li_liang_2018_crossings.reproduce,
}
_WITHOUT: dict[str, Callable[..., bool]] = {
    "ll18-fig1": partial(li_liang_2018.reproduce, "ll18-fig1"),
    "ll18-fig3": li_liang_2018_separation.reproduce,
    **{
        name: partial(li_liang_2018_mixtures.reproduce, name)
        for name in li_liang_2018_mixtures.MIXTURES
    },
    li_liang_2018_analysis.NAME: li_liang_2018_analysis.reproduce,
    inductive_bias.NAME: inductive_bias.reproduce,
    kong_2019.NAME: kong_2019.reproduce,
}


def _all(*, mnist: dict[str, Any] | None = None, **options: Any) -> bool:
    scaled = {name: partial(run, mnist=mnist) for name, run in _WITH_MNIST.items()}
    return reproduce_all({**_WITHOUT, **scaled}, **options)


# Take out, quick, data_home, device and random_state; False after Ctrl-C.
REPRODUCTIONS: dict[str, Callable[..., bool]] = {
    **_WITHOUT,
    **_WITH_MNIST,
    # Figures 4 and 5 are of the same fits.
    "ll18-fig5": _WITH_MNIST["ll18-fig4"],
    ALL: _all,
}
ON_MNIST = {*_WITH_MNIST, "ll18-fig5", ALL}
