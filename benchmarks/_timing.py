"""What the benchmarks share: turns, medians, peers, Markdown."""

import platform
import statistics
import time
from pathlib import Path

import torch
from torch import nn

from overparam_sk.networks import LiLiang2018, initial_weights, readout_weights
from overparam_sk.rows import as_rows
from overparam_sk.training import MinibatchStream, SStepSGD, auto_block_rows

CLASSES = 10


class Problem:
    """Random rows and a network at initialisation, on a device."""

    def __init__(
        self, n, d, m, device="cpu", dtype=torch.float32, momentum=0.0, seed=0
    ):
        generator = torch.Generator().manual_seed(seed)
        self.device = torch.device(device)
        X = torch.randn(n, d, generator=generator) * 5 / d**0.5
        self.X = X.to(self.device, dtype)
        self.y = torch.randint(0, CLASSES, (n,), generator=generator)
        self.y_there = self.y.to(self.device)
        self.options = options = {"dtype": dtype, "device": self.device}
        self.W = initial_weights(seed, m, d, **options)
        self.a = readout_weights(seed, CLASSES, m, **options)
        self.step, self.momentum = 1.0 / m, momentum

    def ours(self, B, block_rows=None, precision="ieee", engine=SStepSGD, **options):
        """The s-step engine from the initial weights."""
        rows = as_rows(
            self.X.cpu().numpy(),
            constant=False,
            dtype=self.X.dtype,
            device=self.device,
        )
        return engine(
            LiLiang2018(self.a.clone()),
            rows.empty_weights(len(self.W)).copy_(self.W),
            rows,
            self.y,
            CLASSES,
            torch.ones(len(self.X), dtype=self.X.dtype, device=self.device),
            MinibatchStream(len(self.X), B, seed=0),
            step=self.step,
            block_rows=block_rows
            or auto_block_rows(
                *self.W.shape, B, momentum=self.momentum > 0, **self.options
            ),
            momentum=self.momentum,
            precision=precision,
            **options,
        )

    def batches(self, B, n_steps):
        """The batches that the engine sees."""
        indices = MinibatchStream(len(self.X), B, seed=0).take(n_steps)
        return indices.view(n_steps, B).to(self.device)


def plain_loop(problem, batches):
    """The plain PyTorch loop on resident tensors: autograd and torch.optim.SGD."""
    W = problem.W.clone().requires_grad_()
    aT = problem.a.T.contiguous()
    optimizer = torch.optim.SGD([W], lr=problem.step, momentum=problem.momentum)
    for batch in batches:
        optimizer.zero_grad()
        outputs = torch.relu(problem.X[batch] @ W.T) @ aT
        nn.functional.cross_entropy(outputs, problem.y_there[batch]).backward()
        optimizer.step()
    return W.detach()


def fused_loop(problem, batches):
    """The same steps by hand: no autograd, the update fused into one addmm_."""
    W, a, aT = problem.W.clone(), problem.a, problem.a.T.contiguous()
    one_hot = nn.functional.one_hot(problem.y_there, CLASSES).to(W)
    for batch in batches:
        X = problem.X[batch]
        hidden = torch.relu(X @ W.T)
        residual = torch.softmax(hidden @ aT, dim=1).sub_(one_hot[batch])
        D = (residual @ a).mul_(hidden > 0)
        W.addmm_(D.T, X, alpha=-problem.step / len(batch))
    return W


def synchronize(device):
    """Wait for the device."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def timed(function, device="cpu"):
    """Seconds of one call."""
    synchronize(device)
    start = time.perf_counter()
    function()
    synchronize(device)
    return time.perf_counter() - start


def in_turn(peers, repeats, device="cpu"):
    """Median seconds of each peer; the peers take turns, after one warm-up each.

    The threads of one library's pool spin for a while after their last work and would
    slow the next peer down, so each turn waits until they sleep.
    """
    for peer in peers.values():
        peer()
    seconds = {name: [] for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            time.sleep(0.3)
            seconds[name].append(timed(peer, device))
    return {name: statistics.median(values) for name, values in seconds.items()}


def gemm_flops(m, d, rows, repeats=9, device="cpu", dtype=torch.float32):
    """Floating-point operations a second of one product like the engine's."""
    X = torch.randn(rows, d, device=device, dtype=dtype)
    W = torch.randn(m, d, device=device, dtype=dtype)
    out = torch.empty(rows, m, device=device, dtype=dtype)
    calls = max(1, int(2e10 / (2 * rows * m * d)))

    def products():
        for _ in range(calls):
            torch.mm(X, W.T, out=out)

    products()
    # The best of some: what the machine can do, whatever else it does now and then.
    seconds = min(timed(products, device) for _ in range(repeats))
    return 2 * rows * m * d * calls / seconds


def step_flops(m, d, B):
    """Operations of one step that any method must do: X Wᵀ and DᵀX."""
    return 4 * B * m * d


def markdown(header, rows):
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def machine():
    """One line about where this was measured."""
    return (
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads, {platform.machine()}"
    )


def write(path, text, show=None):
    """Write ``text`` to ``path``, and print it or what is to be shown of it."""
    print(text if show is None else show, flush=True)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
