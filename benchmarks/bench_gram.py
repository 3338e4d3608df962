"""The Gram matrix: masked products against Jacobians, and λ_min at every iteration.

    python benchmarks/bench_gram.py [--quick] [--out docs/benchmarks/gram.md]

Three tables. The Gram matrix of n rows against J Jᵀ with J from torch.func, float64:
the Jacobian of Li and Liang's network at full width has n·k·m·d numbers and fits
nowhere, so it is made and multiplied for some of the units, and that time is
multiplied by m over their number; Kong's is made whole. A fit of Kong's network with
λ_min recorded at every iteration against one without any record. The smallest
eigenvalue by iterations and from all eigenvalues.
"""

import argparse
import time

import numpy as np
import torch
from _recording import H1, D, recording_table
from _timing import in_turn, machine, markdown, write

from overparam_sk import linalg
from overparam_sk.diagnostics import gram_matrix
from overparam_sk.networks import initial_layers, initial_weights, readout_weights

K = 10
# Units of Li and Liang's network whose Jacobian is made at a time.
UNITS = 2


def first_layer_case(n, m, repeats):
    """Ours, and J Jᵀ of some units; seconds, and the largest difference."""
    X = torch.randn(n, D, dtype=torch.float64) / D**0.5
    W = initial_weights(0, m, D, dtype=torch.float64)
    a = readout_weights(0, K, m, dtype=torch.float64)

    def jacobian_gram(units):
        def outputs(V):
            return torch.relu(X @ V.T) @ a[:, units].T

        J = torch.func.jacrev(outputs)(W[units]).reshape(n, K, -1)
        return torch.einsum("sip,tip->st", J, J) / (K * m)

    few = slice(0, UNITS)
    part = gram_matrix((W[few].numpy(), a[:, few].numpy()), X.numpy()) * UNITS / m
    difference = np.abs(part - jacobian_gram(few).numpy()).max() / np.abs(part).max()
    peers = {
        "ours": lambda: gram_matrix((W.numpy(), a.numpy()), X.numpy()),
        "jacobian": lambda: jacobian_gram(few),
    }
    seconds = in_turn(peers, repeats)
    return seconds["ours"], seconds["jacobian"] * m / UNITS, difference


def two_hidden_case(n, h2, repeats):
    """Ours, and J Jᵀ with the whole Jacobian, by a gradient for each row."""
    X = torch.randn(n, D, dtype=torch.float64) / D**0.5
    A, B, w = initial_layers(0, H1, h2, D, row_norm="clip", dtype=torch.float64)

    def output(A, B, x):
        return torch.relu(B @ torch.relu(A @ x)) @ w / B.numel() ** 0.5

    rows = torch.func.vmap(
        torch.func.grad(output, argnums=(0, 1)), in_dims=(None, None, 0), chunk_size=50
    )

    def jacobian_gram():
        return sum(J.flatten(1) @ J.flatten(1).T for J in rows(A, B, X))

    params = A.numpy(), B.numpy(), w.numpy()
    peers = {"ours": lambda: gram_matrix(params, X.numpy()), "jacobian": jacobian_gram}
    H = peers["ours"]()
    difference = np.abs(H - jacobian_gram().numpy()).max() / np.abs(H).max()
    seconds = in_turn(peers, repeats)
    return seconds["ours"], seconds["jacobian"], difference


def gram_table(quick):
    """Table of both networks."""
    n, m, repeats = (200, 2000, 1) if quick else (1000, 32_000, 3)
    lines = []
    for name, case in (
        (f"Li and Liang, k = {K}", first_layer_case),
        (f"Kong, h1 = {H1}", two_hidden_case),
    ):
        ours, jacobian, difference = case(n, m, repeats)
        seconds = [f"{ours:.2f}", f"{jacobian:.1f}", f"{jacobian / ours:.0f}"]
        lines.append([name, n, m, *seconds, f"{difference:.0e}"])
    header = ["network", "n", "width", "ours s", "Jacobian s", "ratio", "difference"]
    return markdown(header, lines)


def eigenvalue_table(quick):
    """The two ways to the smallest eigenvalue."""
    lines = []
    for n in (1000,) if quick else (2000, 4096, 6000):
        X = torch.randn(n, 2 * n, dtype=torch.float64)
        H = X @ X.T / (2 * n)
        found, seconds = [], []
        for dense_rows in (n, 0):
            linalg._DENSE_ROWS = dense_rows
            start = time.perf_counter()
            found.append(linalg.smallest_eigenvalue(H))
            seconds.append(time.perf_counter() - start)
        error = abs(found[1] / found[0] - 1)
        ratio = f"{seconds[0] / seconds[1]:.1f}"
        shown = [f"{value:.2f}" for value in seconds]
        lines.append([n, *shown, ratio, f"{error:.0e}"])
    header = ["n", "all eigenvalues s", "iterations s", "ratio", "relative difference"]
    return markdown(header, lines)


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--out", default="docs/benchmarks/gram.md")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    text = f"# The Gram matrix\n\n{machine()}; medians.\n\n"
    text += gram_table(arguments.quick) + "\n"
    size = (50, 1) if arguments.quick else (400, 5)
    text += recording_table(*size) + "\n"
    text += "Smallest eigenvalue:\n\n" + eigenvalue_table(arguments.quick)
    write(arguments.out, text)


if __name__ == "__main__":
    main()
