"""An estimator that kills its process; workers import it from here."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from model_selection.counted import Counted, fits_begun


class Deadly(Counted):
    """Kills its process the first times that it is fitted, at some widths.

    Where ``after`` is given, it waits until such a file is there.
    """

    def __init__(
        self,
        log=None,
        width=1,
        fail_at=None,
        times=None,
        folder=".",
        after=None,
        random_state=None,
    ):
        super().__init__(log, width, fail_at, random_state)
        self.times = times
        self.folder = folder
        self.after = after

    def fit(self, X, y):
        deaths = Path(self.folder) / f"{self.width}-deaths"
        if fits_begun(deaths) < (self.times or {}).get(str(self.width), 0):
            with deaths.open("a") as file:
                file.write("died\n")
            while self.after and not list(Path(self.folder).glob(self.after)):
                time.sleep(0.0001)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)


def slow_to_send(model, X, y):
    """Score a fit so that its record is there long before the study has its scores."""
    many = list(np.arange(100_000.0)) if model.width == 5 else []
    return {"accuracy": model.score(X, y), "many": many}


def deadly_score(model, X, y, *, folder, seed, times):
    """Score a fit; that of one seed kills its process the first times."""
    deaths = Path(folder) / "deaths"
    if model.random_state == seed and fits_begun(deaths) < times:
        with deaths.open("a") as file:
            file.write("died\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return {"accuracy": model.score(X, y), "distance": model.relative_distance_}
