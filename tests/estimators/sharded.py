"""Train one network in all processes of torchrun: sharded.py FOLDER NAME...

What each process ends with is pickled to FOLDER/NAME-RANK.
"""

import os
import pickle
import signal
import sys
import threading
from pathlib import Path

import numpy as np
from scipy import sparse

from overparam_sk import LinearizedReLUClassifier, OverparamReLUClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 12))
y = rng.integers(0, 4, 150)
few = X * (rng.uniform(size=X.shape) < 0.5)
WIDE = rng.normal(size=(150, 5)) @ rng.normal(size=(5, 80))
RARE = sparse.random(300, 200, density=0.01, format="csr", random_state=0)

BASE = {
    "width": 301,
    "max_iter": 120,
    "n_iter_no_change": None,
    "batch_size": 16,
    "random_state": 0,
}
# name -> (parameters beside BASE, X, and what fit is given more)
CASES = {
    "defaults": ({}, X, {}),
    "float32": ({}, X.astype("f4"), {}),
    "paper": ({"learning_rate": 1.0, "fit_intercept": False}, X, {}),
    "full batch": ({"batch_size": "auto"}, X, {}),
    "one batch a block": ({"block_size": 1}, X, {}),
    "validation": ({"early_stopping": True, "n_iter_no_change": 2}, X, {}),
    "given validation": ({"early_stopping": True}, X, {"X_val": -X, "y_val": y}),
    "sparse": ({}, sparse.csr_array(few), {}),
    "rare": ({}, RARE[:150], {}),
    "low rank": ({"width": 2001}, WIDE, {}),
    "warm start": ({"warm_start": True}, X, {}),
    "partial fit": ({}, X, {}),
    "frozen patterns": ({}, X, {"X_val": -X, "y_val": y}),
    "both layers": ({"train_readout": True, "output_scale": 2.0}, X, {}),
    "mean field": ({"parametrization": "mean_field", "learning_rate": 0.05}, X, {}),
    # one unit for one process and two for the other, of several chunks of W(0)
    "three units": ({"width": 3}, rng.normal(size=(150, 700_000)).astype("f4"), {}),
}


def fit(name, *, distributed):
    parameters, X_, more = CASES[name]
    frozen = name == "frozen patterns"
    kind = LinearizedReLUClassifier if frozen else OverparamReLUClassifier
    net = kind(**BASE | parameters, distributed=distributed)
    if name == "three units":
        net.set_params(max_iter=2, diagnostics=None)
    if name == "partial fit":
        return net.partial_fit(X_[:90], y[:90], range(4)).partial_fit(X_, y)
    net.fit(X_, y, **more)
    return net.fit(X_, y) if name == "warm start" else net


def asked_for_different_things(name, rank):
    """What fit says in a process that was given something else than the first."""
    net = OverparamReLUClassifier(**BASE, distributed=True)
    X_, y_, weight = X.copy(), y.copy(), np.ones(len(X))
    if rank == 1:
        X_[3, 3] += name == "other X"
        y_[0] = (y_[0] + (name == "other y")) % 4
        weight[5] += name == "other weights"
        if name == "other width":
            net.set_params(width=300)
        if name == "other seed":
            net.set_params(random_state=BASE["random_state"] + 1)
        if name == "other number of steps":
            net.set_params(max_iter=BASE["max_iter"] + 1)
        if name == "other network":
            net = LinearizedReLUClassifier(**net.get_params())
        if name == "other type":
            X_ = X_.astype("f4")
    X_val, y_val = (X[:20].copy(), y[:20]) if "validation" in name else (None, None)
    if rank == 1 and name == "other validation set":
        X_val[0, 0] += 1
    if rank == 1 and name == "other, no validation set":
        X_val, y_val = None, None
    if name == "other, one unit":
        net.set_params(width=1)
    try:
        if name == "other classes":
            net.partial_fit(X_, y_, range(4 + rank))
        else:
            net.fit(X_, y_, weight, X_val, y_val)
    except ValueError as error:
        return str(error)
    return None


def main():
    folder, *names = sys.argv[1:]
    rank = int(os.environ["RANK"])
    for name in names:
        if name == "killed":
            if rank == 1:
                threading.Timer(1, os.kill, (os.getpid(), signal.SIGKILL)).start()
            CASES["killed"] = ({"max_iter": 10**8}, X, {})
        if name.startswith("other"):
            found = asked_for_different_things(name, rank)
        else:
            found = fit(name, distributed=True)
        Path(folder, f"{name}-{rank}").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main()
