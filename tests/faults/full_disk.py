"""Fills the disk under studies: python -m faults.full_disk HOW FOLDER N_JOBS FREE...

HOW is "disk", FOLDER being a small file system, or "limit", the largest size of a file
of this process. FREE is how many bytes are left when a study begins, a study each. For
each a line of JSON says how it went, and how the same call went with space again.
"""

import contextlib
import json
import os
import resource
import sys
import warnings
from pathlib import Path

import numpy as np
from model_selection.counted import Counted, fits_begun, table
from sklearn.datasets import load_iris

from overparam_sk.model_selection import WidthStudy, width_study
from overparam_sk.store.checked_files import read_checked

X, y = load_iris(return_X_y=True)
N_FITS = 12


class Mends(Counted):
    """Fails at one width, until there is a file beside its log."""

    def fit(self, X, y):
        super().fit(X, y)
        if self.width == 4 and not Path(f"{self.log}-mended").exists():
            raise RuntimeError("not yet")
        return self


def large(model, X, y):
    return {"accuracy": model.score(X, y), "array": np.arange(500) * model.width}


def study(store, log, **options):
    return width_study(
        {"net": Mends(str(log))},
        *(X, y),
        X_test=X[::2],
        y_test=y[::2],
        values=range(1, 7),
        repeats=2,
        scoring=large,
        store=store,
        random_state=0,
        **options,
    )


@contextlib.contextmanager
def full(how, folder, free):
    if how == "limit":
        _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
        yield
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        return
    filler = folder / "filler"
    disk = os.statvfs(folder)
    filler.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - free)))
    yield
    filler.unlink()


def attempt(*args, **options):
    """Return (study, None) or (None, error); the error is kept, as a shell does."""
    try:
        return study(*args, **options), None
    except OSError as error:
        return None, error


def one_round(how, folder, free, n_jobs):
    """Let a study meet the full disk, and go on when there is space."""
    store, log = folder / f"store-{free}-{n_jobs}", folder / f"log-{free}-{n_jobs}"
    log.touch()
    with full(how, folder, free):
        _, error = attempt(store, log, n_jobs=n_jobs)
        kept = list((store / "fits").glob("*.json"))
        for record in kept:
            read_checked(record)
        if (store / "study.json").exists():
            assert len(WidthStudy.load(store).fits) == len(kept)
    first, unexpected = attempt(store, log)
    begun = fits_begun(log)
    # What failed is done again on a full disk: it is not to look as it did before.
    Path(f"{log}-mended").touch()
    with full(how, folder, free):
        retried, retry_error = attempt(store, log, retry_failed=True)
    last, also_unexpected = attempt(store, log, retry_failed=True)
    assert unexpected is also_unexpected is None, (unexpected, also_unexpected)
    return {
        "free": free,
        "n_jobs": n_jobs,
        "error": repr(error),
        "kept": len(kept),
        "redone": begun - N_FITS,
        "failures": len(first.failures),
        "retry_error": repr(retry_error),
        "retried_failures": len(retried.failures) if retried else None,
        "last": table(last),
    }


if __name__ == "__main__":
    warnings.simplefilter("error")
    how, folder, n_jobs, *free = sys.argv[1:]
    for space in map(int, free):
        print(json.dumps(one_round(how, Path(folder), space, int(n_jobs))), flush=True)
