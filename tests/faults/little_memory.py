"""Train while the operating system refuses memory; print what came of it as JSON."""

import json
import resource
import sys

import numpy as np

import overparam_sk


def limit_to(extra):
    """Let this process have ``extra`` more bytes than it has now."""
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + extra, resource.RLIM_INFINITY))


def main():
    megabytes, width, batch_size, block_size = map(int, sys.argv[1:5])
    classifier = getattr(overparam_sk, sys.argv[5])
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 20))
    y = rng.integers(0, 3, 20_000)
    options = {
        "learning_rate": 1.0,
        "momentum": 0.5,
        "batch_size": batch_size,
        "block_size": block_size,
        "diagnostics": ("weight_change",),
        "record_every": 1500,
        "random_state": 0,
    }
    # The thread pools and what is imported late are there before the limit.
    classifier(50, max_iter=5, **options).fit(X, y)
    limit_to(megabytes * 10**6)
    try:
        net = classifier(width, max_iter=3000, **options).fit(X, y)
    except MemoryError as error:
        found = {"error": str(error)}
    else:
        found = {
            "block_size": net.history_["block_size"].tolist(),
            "weights": net.hidden_weights_[:5].tolist(),
            "weight_change": net.weight_change_,
        }
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
