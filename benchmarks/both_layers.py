"""Time steps of both layers against PyTorch and JAX, and against the first alone.

    OMP_NUM_THREADS=1 python benchmarks/both_layers.py [--repeats 5] [--out FILE]

All peers of a row are timed in one process, in turn. JAX is ``jit`` and ``lax.scan``
over all steps of plain SGD on W and a, its data resident; it is there with the extra
`bench`. The peers' weights are compared before they are timed. "first alone" is our
step without a trained readout.
"""

import argparse
import os

THREADS = os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from _peers import jax, one_thread_for_jax
from _timing import Problem, in_turn, machine, markdown, write
from torch import nn

from overparam_sk.threads import one_thread

# d, m, B, steps, rows
SIZES = [
    (784, 4000, 16, 100, 1024),
    (1000, 4000, 16, 100, 1024),
    (64, 4000, 16, 400, 1797),
    (784, 1000, 16, 400, 1024),
    (784, 16000, 16, 25, 1024),
    (784, 4000, 64, 100, 6400),
]
HEADER = ["d, m, B, steps", "ms/step", "JAX", "plain", "first alone"]


def ours(problem, B, n_steps, **options):
    """Our engine, both layers or, without ``readout_steps``, W alone."""

    def run():
        with one_thread(problem.device):
            trainer = problem.ours(B, **options)
            trainer.advance(n_steps)
        return trainer.weights

    return run


def plain(problem, B, n_steps):
    """Autograd and torch.optim.SGD."""
    batches = problem.batches(B, n_steps)

    def run():
        W, a = (part.clone().requires_grad_() for part in (problem.W, problem.a))
        steps = [problem.step, problem.step * len(W)]
        groups = [
            {"params": [part], "lr": lr} for part, lr in zip((W, a), steps, strict=True)
        ]
        optimizer = torch.optim.SGD(groups, lr=problem.step)
        for batch in batches:
            optimizer.zero_grad()
            outputs = torch.relu(problem.X[batch] @ W.T) @ a.T
            nn.functional.cross_entropy(outputs, problem.y_there[batch]).backward()
            optimizer.step()
        return W.detach(), a.detach()

    return run


def in_jax(problem, B, n_steps):
    """``jit`` and ``lax.scan``, the update written out."""
    X, y = (jax.numpy.asarray(t.numpy()) for t in (problem.X, problem.y))
    start = tuple(jax.numpy.asarray(t.numpy()) for t in (problem.W, problem.a))
    batches = jax.numpy.asarray(problem.batches(B, n_steps).numpy())
    step, readout_step = problem.step, problem.step * len(problem.W)

    def loss(weights, batch):
        W, a = weights
        outputs = jax.numpy.maximum(X[batch] @ W.T, 0) @ a.T
        logits = jax.nn.log_softmax(outputs)
        return -jax.numpy.take_along_axis(logits, y[batch][:, None], 1).mean()

    def advance(weights, batch):
        W, a = weights
        dW, da = jax.grad(loss)(weights, batch)
        return (W - step * dW, a - readout_step * da), None

    run = jax.jit(lambda weights: jax.lax.scan(advance, weights, batches)[0])

    def done():
        W, a = run(start)
        W.block_until_ready()
        return torch.from_numpy(W.__array__()), torch.from_numpy(a.__array__())

    return done


def check_same(problem, peers):
    """All take the same steps; what differs is float32's rounding."""
    expected = peers["plain"]()
    for name in {"ours", "JAX"} & set(peers):
        starts = (problem.W, problem.a)
        for found, wanted, start in zip(peers[name](), expected, starts, strict=True):
            error = float((found - wanted).norm() / (wanted - start).norm())
            if not error < 0.05:
                raise SystemExit(f"the weights of {name} differ by {error:.1e}")


def row(size, repeats):
    """Times of the peers over ours."""
    d, m, B, n_steps, n = size
    problem = Problem(n, d, m)
    peers = {
        "ours": ours(problem, B, n_steps, readout_steps=float(m)),
        "plain": plain(problem, B, n_steps),
        "first alone": ours(problem, B, n_steps),
    }
    if jax is not None:
        peers["JAX"] = in_jax(problem, B, n_steps)
    check_same(problem, peers)
    seconds = in_turn(peers, repeats)
    base = seconds["ours"]
    found = [f"{seconds[n] / base:.2f}" if n in seconds else "" for n in HEADER[2:]]
    return [", ".join(map(str, size[:4])), f"{1e3 * base / n_steps:.3f}", *found]


def main():
    """Measure; print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", default="docs/benchmarks/both_layers.md")
    arguments = parser.parse_args()
    torch.set_num_threads(int(THREADS))
    if THREADS == "1":
        one_thread_for_jax()
    rows = []
    for size in SIZES:
        rows.append(row(size, arguments.repeats))
        print(*rows[-1], sep=" | ", flush=True)
    text = f"# Both layers trained: {machine()}\n\n"
    text += f"Medians of {arguments.repeats}; times over ours.\n\n"
    write(arguments.out, text + markdown(HEADER, rows))


if __name__ == "__main__":
    main()
