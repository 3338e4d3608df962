"""A network of one hidden layer in µP, beside the package ``mup`` on the same network.

    pip install mup
    python benchmarks/bench_mup.py [--quick] [--out FILE]

From the same weights on the same batches, in float64: iterates, sizes of changes, and
seconds. With h = m/m₀ the other package has f(x) = (1/h) Σ_r v_r σ(⟨u_r, x⟩), steps h
times those of the base shapes, and u and v of order 1 at every width. With u = √m w
and v = a/√m₀ that is √(m₀/m) Σ_r a_r σ(⟨w_r, x⟩), and steps of c for u and c/m₀ for v
at the base width are those of c/m and c, divided by α² = m₀/m, for w and a.
"""

import argparse
import os
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from _timing import machine, markdown, write
from torch import nn
from torch.nn.functional import cross_entropy

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.fits import Seeds
from overparam_sk.training import MinibatchStream

try:
    import mup
except ImportError as error:
    raise SystemExit("bench_mup.py needs: pip install mup") from error

BASE, CLASSES, D, N, B, C = 64, 5, 50, 500, 16, 1.0
LOOKS = (1, 5, 10)


class Network(nn.Module):
    """One hidden layer of ReLUs and mup's readout."""

    def __init__(self, width):
        super().__init__()
        options = {"bias": False, "dtype": torch.float64}
        self.hidden = nn.Linear(D, width, **options)
        self.readout = mup.MuReadout(width, CLASSES, **options)

    def forward(self, X):
        return self.readout(torch.relu(self.hidden(X)))


def ours(width, n_steps, momentum=0.0):
    """The estimator, as it is compared."""
    return OverparamReLUClassifier(
        width,
        parametrization="mup",
        base_width=BASE,
        train_readout=True,
        learning_rate=C,
        momentum=momentum,
        batch_size=B,
        max_iter=n_steps,
        n_iter_no_change=None,
        fit_intercept=False,
        diagnostics=None,
        record_every=None,
        random_state=0,
    )


def theirs(W0, a0):
    """The package's network from the same weights."""
    width = len(W0)
    network = Network(width)
    with torch.no_grad():
        network.hidden.weight.copy_(torch.from_numpy(W0) * width**0.5)
        network.readout.weight.copy_(torch.from_numpy(a0) / BASE**0.5)
    shapes = {"base": Network(BASE), "delta": Network(2 * BASE)}
    return mup.set_base_shapes(network, **shapes, rescale_params=False)


def batches(n_steps):
    """The rows of each step of ``ours``."""
    seeds = Seeds.draw(np.random.RandomState(0))
    seed = np.random.SeedSequence([seeds.batches, 0]).generate_state(1)[0]
    return MinibatchStream(N, B, int(seed)).take(n_steps).view(n_steps, B)


def train(network, X, y, steps, momentum=0.0):
    """mup's SGD over the batches."""
    groups = [
        {"params": [network.hidden.weight], "lr": C},
        {"params": [network.readout.weight], "lr": C / BASE},
    ]
    optimizer = mup.MuSGD(groups, lr=C, momentum=momentum)
    for batch in steps:
        optimizer.zero_grad()
        cross_entropy(network(X[batch]), y[batch]).backward()
        optimizer.step()
    return network


def iterates(X, y, widths, n_steps):
    """Differences at the end, as shares of the way from the start."""
    rows, targets = torch.from_numpy(X), torch.from_numpy(y)
    lines = []
    for width in widths:
        for momentum in (0.0, 0.9):
            net = ours(width, n_steps, momentum).fit(X, y)
            W0, a0 = net.initial_weights(), net.initial_readout()
            other = train(theirs(W0, a0), rows, targets, batches(n_steps), momentum)
            with torch.no_grad():
                W = other.hidden.weight.numpy() / width**0.5
                a = other.readout.weight.numpy() * BASE**0.5
                f = other(rows).numpy()
                f0 = theirs(W0, a0)(rows).numpy()
            pairs = (
                (net.hidden_weights_, W, W0),
                (net.readout_weights_, a, a0),
                (net.decision_function(X), f, f0),
            )
            gaps = (
                np.linalg.norm(p - q) / np.linalg.norm(p - start)
                for p, q, start in pairs
            )
            lines.append([width, momentum, *(f"{gap:.1e}" for gap in gaps)])
            print(*lines[-1], flush=True)
    return markdown(["width", "momentum", "W", "a", "outputs"], lines)


def root_mean_square(values):
    """Of all entries."""
    return float(np.sqrt(np.mean(np.square(np.asarray(values)))))


def coordinates(X, y, widths):
    """Changes of pre-activations, readout (shares) and outputs of both."""
    rows, targets = torch.from_numpy(X), torch.from_numpy(y)
    lines, steps = [], batches(max(LOOKS))
    for width in widths:
        net = ours(width, max(LOOKS)).fit(X, y)
        W0, a0 = net.initial_weights(), net.initial_readout()
        start, *later = net.snapshots(X, y, [0, *LOOKS])
        Z0, f0 = X @ W0.T, start.decision_function(X)
        for t, shot in zip(LOOKS, later, strict=True):
            other = train(theirs(W0, a0), rows, targets, steps[:t])
            with torch.no_grad():
                Z = other.hidden(rows).numpy() / width**0.5
                a = other.readout.weight.numpy() * BASE**0.5
                f = other(rows).numpy()
            of_both = (
                (X @ shot.hidden_weights_.T, Z, Z0, root_mean_square(Z0)),
                (shot.readout_weights_, a, a0, root_mean_square(a0)),
                (shot.decision_function(X), f, f0, 1.0),
            )
            cells = (
                f"{root_mean_square(p - q) / unit:.6f}"
                for one, two, q, unit in of_both
                for p in (one, two)
            )
            lines.append([width, t, *cells])
    names = ("hidden", "readout", "outputs")
    head = (f"{name}, {who}" for name in names for who in ("ours", "mup"))
    return markdown(["width", "t", *head], lines)


def seconds(X, y, widths, n_steps, repeats):
    """A fit of each, in turn, in seconds of the process: others may be busy."""
    rows, targets, steps = torch.from_numpy(X), torch.from_numpy(y), batches(n_steps)
    lines = []
    for width in widths:
        net = ours(width, n_steps)
        start = net.fit(X, y).initial_weights(), net.initial_readout()
        peers = {
            "ours": lambda net=net: net.fit(X, y),
            "mup": lambda start=start: train(theirs(*start), rows, targets, steps),
        }
        found = dict.fromkeys(peers, ())
        for _ in range(repeats):
            for name, peer in peers.items():
                began = time.process_time()
                peer()
                found[name] = (*found[name], time.process_time() - began)
        found = {name: statistics.median(times) for name, times in found.items()}
        line = [width, *(f"{1e3 * found[name]:.0f}" for name in peers)]
        lines.append([*line, f"{found['mup'] / found['ours']:.2f}"])
        print(*lines[-1], flush=True)
    return markdown(["width", "ours ms", "mup ms", "ratio"], lines)


def main():
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--out", default=str(root / "docs/benchmarks/mup.md"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    widths = (64, 256) if arguments.quick else (64, 256, 1024, 4096)
    n_steps, repeats = (50, 1) if arguments.quick else (400, 5)
    X, y = make_clustered_mixture(
        N, D, n_classes=CLASSES, n_components=2, normalize=True, random_state=0
    )
    text = (
        "# µP beside the package mup\n\n"
        f"mup {version('mup')} (`MuReadout`, `MuSGD`, `set_base_shapes`) and "
        f'`OverparamReLUClassifier(parametrization="mup", base_width={BASE}, '
        f"train_readout=True)`: {N} rows of norm 1 in {D} columns, {CLASSES} classes, "
        f"B = {B}, c = {C:g}, float64, from the same weights on the same batches.\n\n"
        f"{machine()}.\n\n"
        f"Differences after {n_steps} steps, as shares of the way from the start:\n\n"
        f"{iterates(X, y, widths, n_steps)}\n"
        "Root mean square changes after t steps; hidden pre-activations and readout in "
        f"units of those at the start:\n\n{coordinates(X, y, widths)}\n"
        f"A fit of {n_steps} steps, whole, in one thread, in seconds of its time; "
        f"medians of {repeats}, in turn, at a load of {os.getloadavg()[0]:.1f} of "
        f"{os.cpu_count()} cores:\n\n"
        f"{seconds(X, y, widths, n_steps, repeats)}"
    )
    write(arguments.out, text)


if __name__ == "__main__":
    main()
