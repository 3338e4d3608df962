"""What can be reproduced, by the name that the command line has for it."""

from collections.abc import Callable
from functools import partial

from overparam_sk.experiments import kong_2019, li_liang_2018

__all__ = ["REPRODUCTIONS"]

# Takes out, quick, data_home, device and random_state; False after Ctrl-C.
REPRODUCTIONS: dict[str, Callable[..., bool]] = {
    **{name: partial(li_liang_2018.reproduce, name) for name in li_liang_2018.FIGURES},
    kong_2019.NAME: kong_2019.reproduce,
}
