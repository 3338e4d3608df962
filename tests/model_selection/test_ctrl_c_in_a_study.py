"""Ctrl-C in a study: it ends, says what is done, and the same call goes on."""

import os
import signal
import time
import traceback

import numpy as np
import pytest

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor
from overparam_sk.model_selection import width_study

X = np.random.default_rng(0).normal(size=(30, 3))
y = np.arange(30) % 2


# Counted where a store does not look: it takes the code and the state of a class in.
COUNTED = "FITS_BEGUN"


class Presses:
    """Beside an estimator: sends this process SIGINT while the third fit runs."""

    def fit(self, X, y, **given):
        begun = int(os.environ[COUNTED]) + 1
        os.environ[COUNTED] = str(begun)
        if begun == 3:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)  # for the signal to arrive
        return super().fit(X, y, **given)


class Classifier(Presses, OverparamReLUClassifier):
    pass


class Regressor(Presses, TwoHiddenReLURegressor):
    pass


ESTIMATORS = {
    "classifier": (Classifier(max_iter=3, n_iter_no_change=None), "width"),
    "regressor": (Regressor(max_iter=3, n_iter_no_change=None), "width2"),
}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("store", [None, "store", "a folder/of ours"])
def test_ctrl_c_says_what_is_done_and_the_same_call_goes_on(
    name, store, tmp_path, monkeypatch
):
    net, param = ESTIMATORS[name]
    place = None if store is None else tmp_path / store

    def study():
        return width_study(
            {"net": net},
            X,
            y,
            param=param,
            values=[3, 5],
            repeats=2,
            cv=2,
            store=place,
            random_state=0,
        )

    monkeypatch.setenv(COUNTED, "0")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as caught:
        study()
    assert signal.getsignal(signal.SIGINT) is before
    said = "2 of 8 fits were done"
    if store is None:
        said += ", and none is kept. With a store the same call would go on."
    else:
        said += f" and are kept in {str(place)!r}: the same call goes on."
    assert str(caught.value) == said
    assert len(traceback.format_exception(caught.value)) < 8
    again = study()
    assert os.environ[COUNTED] == ("11" if store is None else "9")
    assert len(again.fits) == 8
    assert again.failures == []


class Impatient(os.PathLike):
    """The path of a store: whoever is told of it after Ctrl-C presses once more."""

    def __init__(self, path):
        self.path, self.presses = path, 0

    def __fspath__(self):
        if os.environ[COUNTED] == "3":
            self.presses += 1
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)  # for the signal to arrive
        return str(self.path)


def test_who_presses_again_is_told_the_same(tmp_path, monkeypatch):
    net, param = ESTIMATORS["classifier"]
    monkeypatch.setenv(COUNTED, "0")
    place = Impatient(tmp_path / "store")
    asked = {"param": param, "values": [3, 5], "repeats": 2, "random_state": 0}
    with pytest.raises(KeyboardInterrupt, match="2 of 4 fits were done and are kept"):
        width_study({"net": net}, X, y, X_test=X, y_test=y, store=place, **asked)
    assert place.presses == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
