"""All there is to do on a GPU, in one command under 8 minutes.

    python benchmarks/gpu.py [--device cuda] [--out docs/benchmarks/gpu.md]

First the checks: the engine and the estimator on the device against float64 on the
CPU, and the tests marked ``gpu``. Then the times: ours, plain PyTorch, and PyTorch with
its step in a CUDA graph, for one card. Needs torch, numpy, scipy, scikit-learn, pytest.
With ``--device cpu --quick`` it runs anywhere, to see that it works.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# From a bare checkout the distribution has no metadata to ask for a version.
import importlib.metadata as metadata

try:
    metadata.version("overparam-sk")
except metadata.PackageNotFoundError:
    found = metadata.version
    metadata.version = lambda name: "0" if name == "overparam-sk" else found(name)

import numpy as np
import torch
from _recording import recording_table, regressor, rows_and_targets
from _timing import (
    Problem,
    gemm_flops,
    in_turn,
    machine,
    markdown,
    plain_loop,
    step_flops,
    write,
)
from torch import nn

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture

D = 784
ROWS = 60_000


def relative(W, exact, W0):
    """‖W − exact‖ / ‖exact − W(0)‖."""
    W, exact, W0 = W.double().cpu(), exact.double().cpu(), W0.double().cpu()
    return float((W - exact).norm() / (exact - W0).norm())


def check_engine(device, m, B, n_steps):
    """Difference from float64 plain SGD on the CPU, in float64 and float32."""
    exact = Problem(500, 100, m, dtype=torch.float64)
    W = plain_loop(exact, exact.batches(B, n_steps))
    row = [f"engine, m = {m}, B = {B}, {n_steps} steps"]
    for dtype in (torch.float64, torch.float32):
        there = Problem(500, 100, m, device, dtype=dtype)
        trainer = there.ours(B)
        trainer.advance(n_steps)
        error = relative(trainer.W, W, exact.W)
        bound = 1e-10 if dtype == torch.float64 else 1e-3
        if not error <= bound:
            raise SystemExit(f"{row[0]}, {dtype}: {error:.1e} is above {bound:.0e}")
        row.append(f"{error:.1e}")
    return row


def check_estimator(device):
    """The same fit on the device and in float64 on the CPU."""
    X, y = make_clustered_mixture(600, 200, random_state=0)
    parameters = {"width": 500, "max_iter": 300, "batch_size": 16, "random_state": 0}
    exact = OverparamReLUClassifier(**parameters, device="cpu").fit(X, y)
    row = ["OverparamReLUClassifier, 300 steps"]
    for dtype in (np.float64, np.float32):
        there = OverparamReLUClassifier(**parameters, device=device)
        there.fit(X.astype(dtype), y)
        names = ("activation_change_", "relative_distance_", "gram_lambda_min_")
        for name in names:
            one, other = getattr(there, name), getattr(exact, name)
            if abs(one - other) > 1e-2 * abs(other) + 1e-4:
                raise SystemExit(f"{name} is {one}, on the CPU in float64 {other}")
        agree = np.mean(there.predict(X) == exact.predict(X))
        if agree < 0.99:
            raise SystemExit(f"{dtype}: predictions agree on {agree:.2%} only")
        weights = [torch.from_numpy(e.hidden_weights_.copy()) for e in (there, exact)]
        W0 = torch.from_numpy(exact.initial_weights())
        row.append(f"{relative(*weights, W0):.1e}")
    return row


def check_regressor(device):
    """Kong's network on the device and in float64 on the CPU."""
    X, y = rows_and_targets(np.float64)
    exact = regressor(1000, 300, device="cpu").fit(X, y)
    row = ["TwoHiddenReLURegressor, 300 steps"]
    for dtype, bound in ((np.float64, 1e-9), (np.float32, 1e-2)):
        there = regressor(1000, 300, device=device).fit(X.astype(dtype), y)
        weights = [torch.from_numpy(e.second_weights_.copy()) for e in (there, exact)]
        error = relative(*weights, torch.from_numpy(exact.initial_weights()[1]))
        if not error <= bound or there.dead_samples_ != exact.dead_samples_:
            raise SystemExit(f"{row[0]}, {dtype}: {error:.1e} is above {bound:.0e}")
        row.append(f"{error:.1e}")
    return row


def run_marked_tests():
    """The tests marked gpu; where pytest's plugins are missing, say so."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "--no-header"]
    command += ["-o", "addopts=", "-o", "timeout=0", "-W", "default", "tests"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(run.stdout[-2000:], run.stderr[-2000:])
    if run.returncode not in (0, 5):
        raise SystemExit("the tests marked gpu failed")
    return run.stdout.strip().splitlines()[-1]


def graph_loop(problem, B):
    """A function that does steps by replaying one captured step; W stays resident."""
    W, aT = problem.W.clone().requires_grad_(), problem.a.T.contiguous()
    X = torch.empty(B, D, device=problem.device)
    y = torch.empty(B, dtype=torch.int64, device=problem.device)
    W.grad = torch.zeros_like(W)

    def step():
        W.grad.zero_()
        outputs = torch.relu(X @ W.T) @ aT
        nn.functional.cross_entropy(outputs, y).backward()
        with torch.no_grad():
            W.sub_(W.grad, alpha=problem.step)

    X.normal_()
    y.zero_()
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def run(batches):
        for batch in batches:
            torch.index_select(problem.X, 0, batch, out=X)
            torch.index_select(problem.y_there, 0, batch, out=y)
            graph.replay()

    return run


def timing_row(device, m, B, n_rows, repeats, block_rows):
    """Ours with several block sizes, plain, and with a CUDA graph."""
    problem = Problem(n_rows, D, m, device)
    n_steps = 512 * 16 // B if torch.device(device).type == "cuda" else 32
    batches = problem.batches(B, n_steps)
    rows = as_trainers(problem, B, block_rows)
    peers = {
        f"ours {size}": (lambda t=t: t.advance(n_steps)) for size, t in rows.items()
    }
    peers["plain"] = lambda: plain_loop(problem, batches)
    if torch.device(device).type == "cuda":
        replay = graph_loop(problem, B)
        peers["graph"] = lambda: replay(batches)
    seconds = in_turn(peers, repeats, device)
    best = min((s, name) for name, s in seconds.items() if name.startswith("ours"))
    rate = gemm_flops(m, D, 512, device=device)
    share = n_steps * step_flops(m, D, B) / best[0] / rate
    return [
        m,
        B,
        f"{rate / 1e12:.2f}",
        *(f"{1e3 * s / n_steps:.3f}" for s in seconds.values()),
        best[1].removeprefix("ours "),
        f"{seconds['plain'] / best[0]:.2f}",
        f"{seconds['graph'] / best[0]:.2f}" if "graph" in seconds else "",
        f"{share:.2f}",
    ], list(seconds)


def as_trainers(problem, B, block_rows):
    """One engine a block size; "auto" is the default."""
    sizes = {"auto": None} | {str(rows): rows for rows in block_rows}
    return {name: problem.ours(B, size) for name, size in sizes.items()}


def main():
    """Check, time, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", default=str(ROOT / "docs/benchmarks/gpu.md"))
    arguments = parser.parse_args()
    device = arguments.device
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("no CUDA device here; --device cpu --quick tries the script")
    torch.backends.cuda.matmul.allow_tf32 = False

    checks = [check_engine(device, 300, B, 60) for B in (1, 16, 64)]
    checks += [check_estimator(device), check_regressor(device)]
    tests = run_marked_tests() if device.startswith("cuda") else "not run on the CPU"
    card = torch.cuda.get_device_name() if device.startswith("cuda") else "CPU"

    widths = (1000,) if arguments.quick else (1000, 2000, 4000, 8000, 16000, 32000)
    n_rows = 2000 if arguments.quick else ROWS
    times, names = [], []
    for m in widths:
        for B in (16, 64):
            row, names = timing_row(device, m, B, n_rows, 3, (256, 1024))
            times.append(row)
            print(*row, flush=True)
    header = ["m", "B", "fp32 GEMM TFLOP/s", *(f"{n} ms/step" for n in names)]
    header += ["best block", "plain / ours", "graph / ours", "ours / GEMM"]
    text = f"## {card}\n\n{machine()}. Tests marked gpu: {tests}.\n\n"
    text += "Relative difference of W − W(0) from plain SGD in float64 on the CPU:\n\n"
    text += markdown(["check", "float64", "float32"], checks)
    text += f"\nMedians of 3, d = {D}, {n_rows} rows, float32 without TF32:\n\n"
    text += markdown(header, times)
    text += "\nKong's network with λ_min at every iteration, "
    text += recording_table(50 if arguments.quick else 300, 3, device)
    write(arguments.out, text)


if __name__ == "__main__":
    main()
