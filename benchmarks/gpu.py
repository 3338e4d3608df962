"""All there is to do on a GPU, in one command under 8 minutes.

    python benchmarks/gpu.py [--sections checks tests steps ...]

First the checks: the engine and the estimator on the device against float64 on the
CPU, and the tests marked ``gpu``. Then the times: ours, plain PyTorch, and PyTorch with
its step in a CUDA graph, for one card. Needs torch, numpy, scipy, scikit-learn, pytest.
Time on a GPU is short: what fails is reported in its place and the rest goes on, and
the report is written section by section. The exit code is 1 if anything failed.
With ``--device cpu --quick`` it runs anywhere, to see that it works.
"""

import argparse
import subprocess
import sys
import time
import traceback
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np
import torch
from _diagnostics import diagnostics_table
from _recording import recording_table, regressor, rows_and_targets
from _timing import (
    Problem,
    gemm_flops,
    in_turn,
    machine,
    markdown,
    plain_loop,
    step_flops,
    timed,
    write,
)
from batched_fits import batched_table
from torch import nn

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.devices import Work
from overparam_sk.training import SStepSGD

D = 784
ROWS = 60_000


class CheckError(Exception):
    """The device's numbers are not those of the CPU."""


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
            raise CheckError(f"{row[0]}, {dtype}: {error:.1e} is above {bound:.0e}")
        row.append(f"{error:.1e}")
    return row


def check_precision(device, m):
    """Error of W − W(0) against float64, of both ways to multiply float32."""
    exact = Problem(2000, 784, m, dtype=torch.float64)
    expected = exact.ours(64)
    expected.advance(60)
    errors = []
    for precision in ("ieee", "bf16x6"):
        trainer = Problem(2000, 784, m, device).ours(64, precision=precision)
        trainer.advance(60)
        errors.append(relative(trainer.W, expected.W, exact.W))
    if not errors[1] <= 2 * errors[0]:
        raise CheckError(
            f"bf16x6 is off by {errors[1]:.1e}, float32 by {errors[0]:.1e}"
        )
    return [f"m = {m}, 60 steps of 64", *(f"{error:.2e}" for error in errors)]


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
                raise CheckError(f"{name} is {one}, on the CPU in float64 {other}")
        agree = np.mean(there.predict(X) == exact.predict(X))
        if agree < 0.99:
            raise CheckError(f"{dtype}: predictions agree on {agree:.2%} only")
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
            raise CheckError(f"{row[0]}, {dtype}: {error:.1e} is above {bound:.0e}")
        row.append(f"{error:.1e}")
    return row


def run_marked_tests():
    """The tests marked gpu; where pytest's plugins are missing, say so."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "--no-header"]
    command += ["-o", "addopts=", "-o", "timeout=0", "-W", "default"]
    command += ["tests/test_gpu.py"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        print(run.stdout[-6000:], run.stderr[-2000:])
        raise CheckError("the tests marked gpu failed: " + _last_line(run.stdout))
    return f"Tests marked gpu: {_last_line(run.stdout)}.\n"


def _last_line(text):
    return (text.strip().splitlines() or [""])[-1]


class CapturedSGD(SStepSGD):
    """The engine with its whole blocks as CUDA graphs: a trial, to be measured here."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._graphs, self._done = {}, {}

    def _derive(self, block):
        # A block that is held keeps its identity, and its memory.
        _, done = self._done.get(id(block), (block, 0))
        self._done[id(block)] = block, done + 1
        if done < 2:  # libraries take their workspaces before the capture
            super()._derive(block)
            return
        if id(block) not in self._graphs:
            self._graphs[id(block)] = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graphs[id(block)]):
                super()._derive(block)
        self._graphs[id(block)].replay()


def check_captured(device):
    """The captured engine against the engine; whether it can be used at all."""
    problem = Problem(2000, D, 1000, device)
    eager, captured = problem.ours(16), problem.ours(16, engine=CapturedSGD)
    try:
        for trainer in (eager, captured):
            trainer.advance(400)
    except RuntimeError as error:
        return f"blocks as CUDA graphs do not work: {error}"
    error = relative(captured.W, eager.W, problem.W)
    return f"blocks as CUDA graphs differ by {error:.1e} after 400 steps"


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

    def run(batches, held=(W, aT)):  # a graph keeps addresses, not what lies there
        for batch in batches:
            torch.index_select(problem.X, 0, batch, out=X)
            torch.index_select(problem.y_there, 0, batch, out=y)
            graph.replay()

    return run


def timing_row(device, m, B, n_rows, repeats, block_rows, captured):
    """Ours with several block sizes, plain, and with a CUDA graph."""
    problem = Problem(n_rows, D, m, device)
    n_steps = 512 * 16 // B if torch.device(device).type == "cuda" else 32
    batches = problem.batches(B, n_steps)
    rows = as_trainers(problem, B, block_rows)
    peers = {
        f"ours {size}": (lambda t=t: t.advance(n_steps)) for size, t in rows.items()
    }
    if captured:
        trainer = problem.ours(B, engine=CapturedSGD)
        peers["ours captured"] = lambda: trainer.advance(n_steps)
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


def figure_2(device, widths, n_rows, n_steps, repeats):
    """LL18 Fig. 2 whole: seconds of all its training, and of each width's."""
    lines = []
    for m in widths:
        problem = Problem(n_rows, D, m, device)
        rate = gemm_flops(m, D, 512, device=device)
        row = [m, f"{rate / 1e12:.2f}"]
        for precision in ("ieee", "bf16x6"):
            trainer = problem.ours(64, precision=precision)
            trainer.advance(64)
            one = timed(lambda t=trainer: t.advance(n_steps), device)
            share = n_steps * step_flops(m, D, 64) / one / rate
            row += [repeats * one, f"{share:.2f}"]
        lines.append(row)
        print(*row, flush=True)
    totals = [f"{sum(line[place] for line in lines):.1f}" for place in (2, 4)]
    lines = [
        [f"{cell:.2f}" if i in (2, 4) else cell for i, cell in enumerate(line)]
        for line in lines
    ]
    header = ["m", "fp32 GEMM TFLOP/s", "ieee s", "/ GEMM", "bf16x6 s", "/ GEMM"]
    text = f"LL18 Fig. 2, B = 64, {n_steps} steps, {repeats} repeats (one is timed), "
    text += f"n = {n_rows}; all widths: {totals[0]} s, bf16x6 {totals[1]} s.\n\n"
    return text + markdown(header, lines)


def memory_table(device, widths, n_rows):
    """Peak of the device's memory in a fit, beyond X, W twice and a block."""
    lines = []
    X = np.random.default_rng(0).normal(size=(n_rows, D)).astype("f4")
    y = np.arange(n_rows) % 10
    for m in widths:
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        net = OverparamReLUClassifier(m, max_iter=50, batch_size=64, device=device)
        net.fit(X, y)
        peak = torch.cuda.max_memory_allocated() - before
        rows = net.history_["block_size"][-1]
        allowed = X.nbytes + 2 * net.hidden_weights_.nbytes + 4 * rows * (m + D + rows)
        lines.append([m, f"{peak / 1e6:.0f}", f"{(peak - allowed) / 1e6:.0f}"])
    return "Memory:\n\n" + markdown(
        ["m", "peak MB", "beyond X + 2 W + a block MB"], lines
    )


def as_trainers(problem, B, block_rows):
    """One engine a block size; "auto" is the default."""
    sizes = {"auto": None} | {str(rows): rows for rows in block_rows}
    return {name: problem.ours(B, size) for name, size in sizes.items()}


class Report:
    """Sections of Markdown, in the file as soon as each is done."""

    def __init__(self, path, title):
        self.path, self.text, self.failed = path, "", []
        self.start = time.perf_counter()
        self.write(title)

    def write(self, text):
        """Append ``text``."""
        self.text += text + "\n"
        write(self.path, self.text, show=text)

    def section(self, name, function):
        """Append what ``function`` returns, or how it failed."""
        try:
            self.write(function())
        except Exception as error:  # the rest is still worth its time on the card
            if not isinstance(error, CheckError):
                traceback.print_exc()
            self.failed.append(name)
            self.write(f"{name} FAILED: {error}\n")
        seconds = time.perf_counter() - self.start
        print(f"[{name}: done at {seconds:.0f} s]", flush=True)


def checks_table(device):
    """Everything that must come out as on the CPU."""
    text = "Relative difference of W − W(0) from plain SGD in float64 on the CPU:\n\n"
    rows = [check_engine(device, 300, B, 60) for B in (1, 16, 64)]
    rows += [check_estimator(device), check_regressor(device)]
    text += markdown(["check", "float64", "float32"], rows)
    text += "\nThe same of float32 products, and of products in pieces of bfloat16:\n\n"
    rows = [check_precision(device, m) for m in (500, 4000)]
    return text + markdown(["check", "ieee", "bf16x6"], rows)


def timing_table(device, widths, n_rows, captured):
    """Steps of the engine beside their peers."""
    times, names = [], []
    for m in widths:
        for B in (16, 64):
            row, names = timing_row(device, m, B, n_rows, 3, (256, 1024), captured)
            times.append(row)
            print(*row, flush=True)
    header = ["m", "B", "fp32 GEMM TFLOP/s", *(f"{n} ms/step" for n in names)]
    header += ["best block", "plain / ours", "graph / ours", "ours / GEMM"]
    text = f"Medians of 3, d = {D}, {n_rows} rows, float32 without TF32:\n\n"
    return text + markdown(header, times)


def check_batched(device):
    """Fits as one on the device against float64 fits one by one on the CPU."""
    from overparam_sk.model_selection import width_study

    X, y = make_clustered_mixture(400, 60, random_state=0)
    options = {"values": [100], "repeats": 4, "random_state": 0}
    data = {"X": X[::2], "y": y[::2], "X_test": X[1::2], "y_test": y[1::2]}
    found = {}
    for where in ("cpu", device):
        net = OverparamReLUClassifier(max_iter=100, learning_rate=1.0, device=where)
        if where == device and net.set_params(width=100).__fits_together__(200, 60) < 2:
            raise CheckError("fits of width 100 are not done as one")
        fits = width_study(net, **data, **options).fits
        found[where] = [fit.scores["relative_distance"] for fit in fits]
    worst = np.max(np.abs(np.divide(found[device], found["cpu"]) - 1))
    if not worst <= 1e-8:
        raise CheckError(f"distances of fits as one differ by {worst:.1e}")
    return f"A study's fits as one, in float64: distances as on the CPU to {worst:.0e}."


def batched_section(device, quick):
    """Fits as one: right, and how fast beside fits in turn."""
    sizes = [(250, 64, 16), (250, 784, 64)]
    if not quick:
        sizes += [(1000, 784, 16), (1000, 784, 64), (4000, 784, 64), (1000, 64, 256)]
    table = batched_table(device, sizes, operations=2e10, repeats=1)
    return f"{check_batched(device)}\n\n16 fits as one, a step of one:\n\n{table}"


def threshold_table(device, quick):
    """CPU time over GPU time of whole fits, beside what device="auto" would take."""
    lines, n_rows = [], 2000
    for m, d, B in [(250, 64, 16), (1000, 64, 256), (1000, 784, 64), (4000, 784, 64)]:
        n_steps = 50 if quick else 400
        X = np.random.default_rng(0).normal(size=(n_rows, d)).astype("f4")
        y, seconds = np.arange(n_rows) % 10, {}
        options = {"max_iter": n_steps, "batch_size": B, "learning_rate": 1.0}
        for where in ("cpu", device):
            options |= {"diagnostics": None, "record_every": None, "device": where}
            net = OverparamReLUClassifier(m, **options, random_state=0)
            net.fit(X, y)  # libraries start
            seconds[where] = timed(partial(net.fit, X, y), where)
        work = Work(4.0 * B * m * (d + 1), n_steps)
        ratio = seconds["cpu"] / seconds[device]
        auto = "GPU" if work.gains_on_gpu else "CPU"
        times = (f"{1e3 * s / n_steps:.3f}" for s in seconds.values())
        lines.append([m, d, B, n_steps, f"{work.operations:.1e}", *times])
        lines[-1] += [f"{ratio:.2f}", auto]
    header = ["m", "d", "B", "steps", "operations a step", "CPU ms/step"]
    header += ["GPU ms/step", "CPU / GPU", "auto takes"]
    return "Whole fits, libraries started:\n\n" + markdown(header, lines)


def main():
    """Check, time, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", default=str(ROOT / "docs/benchmarks/gpu.md"))
    parser.add_argument("--sections", nargs="*", help="checks, tests, steps and others")
    arguments = parser.parse_args()
    device, quick = arguments.device, arguments.quick
    on_gpu = device.startswith("cuda")
    if on_gpu and not torch.cuda.is_available():
        raise SystemExit("no CUDA device here; --device cpu --quick tries the script")
    torch.backends.cuda.matmul.allow_tf32 = False

    widths = (1000,) if quick else (1000, 2000, 4000, 8000, 16000, 32000)
    n_rows = 2000 if quick else ROWS
    steps, repeats = (64, 1) if quick else (20_000, 5)
    sections = {
        "checks": lambda: checks_table(device),
        "tests": run_marked_tests,
        "captured": lambda: f"{check_captured(device)}.\n",
        "steps": lambda: timing_table(device, widths, n_rows, captured=on_gpu),
        "batched": lambda: batched_section(device, quick),
        "threshold": lambda: threshold_table(device, quick),
        "figure2": lambda: figure_2(device, widths, n_rows, steps, repeats),
        "memory": lambda: memory_table(device, widths, n_rows),
        "diagnostics": lambda: diagnostics_table(1 if quick else 3, device),
        "recording": lambda: recording_table(50 if quick else 300, 3, device),
    }
    if not on_gpu:
        for name in ("tests", "captured", "threshold", "memory"):
            del sections[name]
    card = torch.cuda.get_device_name() if on_gpu else "CPU"
    report = Report(arguments.out, f"# {card}\n\n{machine()}.\n")
    for name in arguments.sections or sections:
        report.section(name, sections[name])
    if report.failed:
        raise SystemExit("failed: " + ", ".join(report.failed))


if __name__ == "__main__":
    main()
