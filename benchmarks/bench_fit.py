"""Time the engine against its peers, and the diagnostics against the fit.

    python benchmarks/bench_fit.py [--quick] [--out docs/benchmarks/fit.md]

All peers of a row are timed in one process, in turn; medians of 5 (--quick: 3).
"sgemm" is the rate of one product X Wᵀ of the engine's block in the same run, and the
share of it counts only the 4·B·m·d operations of a step that any method must do.
"""

import argparse
import os

# scikit-learn's BLAS and torch's both read it: the same threads for every peer.
THREADS = os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))

import skorch
import torch
from _diagnostics import diagnostics_table
from _timing import (
    CLASSES,
    Problem,
    fused_loop,
    gemm_flops,
    in_turn,
    machine,
    markdown,
    plain_loop,
    step_flops,
    write,
)
from sklearn.neural_network import MLPClassifier
from torch import nn

ROWS = 1024


class Module(nn.Module):
    """LL18's network for skorch."""

    def __init__(self, W, a):
        super().__init__()
        self.W = nn.Parameter(W.clone())
        self.register_buffer("aT", a.T.contiguous())

    def forward(self, X):
        return torch.relu(X @ self.W.T) @ self.aT


def skorch_net(problem, B):
    """Tuned: no callbacks, no validation split, nothing printed."""
    net = skorch.NeuralNetClassifier(
        Module,
        module__W=problem.W,
        module__a=problem.a,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        lr=problem.step,
        batch_size=B,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks="disable",
        verbose=0,
        classes=list(range(CLASSES)),
    )
    return net.initialize()


def sklearn_net(problem, m, B):
    """scikit-learn's MLP; it trains the readout and intercepts too."""
    net = MLPClassifier(
        (m,),
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        batch_size=B,
        learning_rate_init=problem.step,
    )
    return net.partial_fit(
        problem.X[:B].numpy(), problem.y[:B].numpy(), classes=range(CLASSES)
    )


def peers_of(problem, m, B, epochs):
    """Each does the same number of steps over the same rows."""
    n_steps = epochs * ROWS // B
    batches = problem.batches(B, n_steps)
    net, mlp = skorch_net(problem, B), sklearn_net(problem, m, B)
    X, y = problem.X.numpy(), problem.y.numpy()

    def mlp_epochs():
        for _ in range(epochs):
            mlp.partial_fit(X, y)

    return {
        "ours": lambda: problem.ours(B).advance(n_steps),
        "plain": lambda: plain_loop(problem, batches),
        "fused": lambda: fused_loop(problem, batches),
        "skorch": lambda: net.partial_fit(problem.X, problem.y, epochs=epochs),
        "sklearn": mlp_epochs,
    }


def engine_row(d, m, B, repeats):
    """One row of the engine's table."""
    problem = Problem(ROWS, d, m)
    epochs = max(1, round(4e10 / (ROWS / B * step_flops(m, d, B))))
    seconds = in_turn(peers_of(problem, m, B, epochs), repeats)
    n_steps = epochs * ROWS // B
    rate = gemm_flops(m, d, 256)
    share = {
        name: n_steps * step_flops(m, d, B) / s / rate for name, s in seconds.items()
    }
    ours = seconds["ours"]
    return [
        d,
        m,
        B,
        n_steps,
        f"{rate / 1e9:.0f}",
        f"{1e3 * ours / n_steps:.2f}",
        *(f"{seconds[p] / ours:.2f}" for p in ("plain", "fused", "skorch", "sklearn")),
        f"{share['ours']:.2f}",
        f"{share['plain']:.2f}",
    ]


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer, medians of 3")
    parser.add_argument("--out", default="docs/benchmarks/fit.md")
    arguments = parser.parse_args()
    torch.set_num_threads(int(THREADS))
    repeats = 3 if arguments.quick else 5
    widths = (1000, 4000) if arguments.quick else (1000, 4000, 16000)

    engine = []
    for d in (1000, 784):
        for m in widths:
            for B in (16, 64):
                engine.append(engine_row(d, m, B, repeats))
                print(*engine[-1], flush=True)
    header = ["d", "m", "B", "steps", "sgemm GFLOP/s", "ours ms/step"]
    header += [f"{peer} / ours" for peer in ("plain", "fused", "skorch", "sklearn")]
    header += ["ours / sgemm", "plain / sgemm"]
    text = f"## Training\n\n{machine()}, medians of {repeats}, float32.\n\n"
    text += markdown(header, engine)
    text += f"\n## Diagnostics\n\n{diagnostics_table(repeats)}"
    write(arguments.out, text)


if __name__ == "__main__":
    main()
