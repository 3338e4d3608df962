"""How well H∞ of Kong's network is known, and whether finite networks approach it.

    python benchmarks/infinite_width.py [--out docs/reports/infinite-width/README.md]

Everything follows from fixed seeds; under three minutes on one core.
"""

import argparse
import math
import textwrap
import time

import numpy as np
import torch
from _timing import markdown, write

from overparam_sk.datasets import load_image_pair, make_unit_sphere
from overparam_sk.diagnostics import infinite_width_gram, infinite_width_lambda_min
from overparam_sk.linalg import smallest_eigenvalue
from overparam_sk.networks import (
    expected_gram_parts,
    forward,
    gram_parts,
    infinite_kernels,
    initial_layers,
)

ROW_NORM = "clip"
WIDTHS1, WIDTHS2 = (5, 50, 500), (100, 1000, 10_000, 100_000)
SEEDS = range(20)
PARTS = ("B-part", "A-part", "H")


def data_sets():
    """K19's synthetic data and one of its image pairs, rows of norm 1."""
    images = load_image_pair("mnist", (0, 1))[0]
    return {
        "synthetic-50": make_unit_sphere(50, 100, random_state=0)[0],
        "synthetic-100": make_unit_sphere(100, 100, random_state=0)[0],
        "MNIST 0, 1": images.astype(float),
    }


def with_sum(parts):
    """B-part, A-part and their sum as one array."""
    B_part, A_part = (part.numpy() for part in parts)
    return np.stack([B_part, A_part, B_part + A_part])


def infinite(X, h1):
    """The parts of H∞."""
    options = {"network": "kong_2019", "width1": h1, "row_norm": ROW_NORM}
    names = ("second", "first", "sum")
    return np.stack([infinite_width_gram(X, part=name, **options) for name in names])


def finite(X, h1, h2, seed):
    """The parts of H(0) and of E[H | A] of one network."""
    rows = torch.from_numpy(X)
    shape = (h1, h2, X.shape[1])
    # The precision of the estimators; the products are in float64 all the same.
    A, B, w = initial_layers(seed, *shape, row_norm=ROW_NORM, dtype=torch.float32)
    inner = rows @ rows.T
    at = forward(rows.float() @ A.T, B, w)
    Z = rows @ A.double().T
    expected = expected_gram_parts(Z, Z, inner, ROW_NORM)
    dead = int((~(at.Y > 0).any(dim=1)).sum())
    return with_sum(gram_parts(at, inner)), with_sum(expected), dead


def distance(M, limit):
    """‖M − limit‖ / ‖limit‖ in the Frobenius norm, of each part."""
    norms = [np.linalg.norm(part, axis=(1, 2)) for part in (M - limit, limit)]
    return norms[0] / norms[1]


def lambda_min(M):
    return smallest_eigenvalue(torch.from_numpy(M))


def measure(X, h1, h2, limit):
    """For each seed: distances to H∞ and to E[H | A], λ_min of both, dead rows."""
    found = []
    for seed in SEEDS:
        H, expected, dead = finite(X, h1, h2, seed)
        found.append(
            {
                "to H∞": distance(H, limit),
                "to E[H | A]": distance(H, expected),
                "E[H | A] to H∞": distance(expected, limit),
                "λ_min": lambda_min(H[2]),
                "λ_min of E[H | A]": lambda_min(expected[2]),
                "dead": dead,
            }
        )
    return {key: np.array([one[key] for one in found]) for key in found[0]}


def spread(values):
    """Median and range over the seeds."""
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def table_of_points():
    """The error of κ against the number of points."""
    theta = np.linspace(0, math.pi, 201)
    rows = []
    for h1, n_reference in ((5, 2**17), (50, 2**15)):
        reference = infinite_kernels(h1, 100, ROW_NORM, n_reference, 1)
        scale = reference(np.zeros(1))
        for exponent in range(7, 16, 2):
            start = time.perf_counter()
            kernels = infinite_kernels.__wrapped__(h1, 100, ROW_NORM, 2**exponent, 0)
            seconds = time.perf_counter() - start
            told = (kernels.standard_errors(theta) / scale).max(axis=1)
            error = (abs(kernels(theta) - reference(theta)) / scale).max(axis=1)
            figures = [
                f"{v:.1e}" for pair in zip(told, error, strict=True) for v in pair
            ]
            rows.append([h1, f"2^{exponent}", *figures, f"{seconds:.2f}"])
    header = ["h1", "points", "B: standard error", "B: difference"]
    header += ["A: standard error", "A: difference", "seconds of the integration"]
    return markdown(header, rows) + (
        "\nPoints are those of each of 8 scrambles; d = 100. The difference is to a\n"
        "table of other points, 2^17 for h1 = 5 and 2^15 for h1 = 50.\n"
    )


def average_over_first_layers(X, n_draws=4000):
    """The mean of E[H | A] over many A against H∞; z is in standard errors."""
    rows = torch.from_numpy(X)
    inner = rows @ rows.T
    total, squares = 0.0, 0.0
    for seed in range(n_draws):
        A = initial_layers(
            seed, 5, 1, X.shape[1], row_norm=ROW_NORM, dtype=torch.float64
        ).A
        parts = with_sum(expected_gram_parts(rows @ A.T, rows @ A.T, inner, ROW_NORM))
        total, squares = total + parts, squares + parts**2
    mean = total / n_draws
    limit = infinite(X, 5)
    standard_error = np.sqrt((squares / n_draws - mean**2) / n_draws)
    upper = np.triu_indices(len(X))
    z = ((mean - limit) / standard_error)[:, *upper]
    rms, largest = np.sqrt((z**2).mean(axis=1)), abs(z).max(axis=1)
    figures = zip(PARTS, distance(mean, limit), rms, largest, strict=True)
    rows = [[name, f"{d:.4f}", f"{r:.2f}", f"{m:.1f}"] for name, d, r, m in figures]
    header = ["", "relative distance", "root mean square of z", "largest z"]
    return f"{n_draws} draws of A.\n\n" + markdown(header, rows)


def distance_tables(found):
    """H(0) against its limits, and the limits against each other."""
    header, rows, limits = ["data", "h1", "h2"], [], []
    header += [f"{part} to {to}" for part in PARTS for to in ("H∞", "E[H \\| A]")]
    for (name, h1, h2), at in found.items():
        columns = [
            spread(at[key][:, i]) for i in range(3) for key in ("to H∞", "to E[H | A]")
        ]
        rows.append([name, h1, h2, *columns])
        if h2 == WIDTHS2[-1]:
            between = at["E[H | A] to H∞"]
            limits.append([name, h1, *[spread(between[:, i]) for i in range(3)]])
    return markdown(header, rows), markdown(["data", "h1", *PARTS], limits)


def eigenvalue_table(data, found):
    """λ_0 of H∞ beside λ_min of the finite networks."""
    header = ["data", "h1", "λ_0 of H∞", "median λ_min(H(0))"]
    header += ["median λ_min(E[H \\| A])", "share of H(0) with λ_min = 0"]
    rows = []
    for name, X in data.items():
        for h1 in WIDTHS1:
            value, error = infinite_width_lambda_min(
                X, network="kong_2019", width1=h1, row_norm=ROW_NORM
            )
            at = found[name, h1, WIDTHS2[-1]]
            medians = [np.median(at[key]) for key in ("λ_min", "λ_min of E[H | A]")]
            row = [name, h1, f"{value:.3e} ± {error:.0e}"]
            row += [f"{median:.2e}" for median in medians]
            zero, dead = at["λ_min"] == 0, at["dead"] > 0
            row += [f"{zero.mean():.2f} (dead row: {dead.mean():.2f})"]
            rows.append(row)
    return markdown([*header], rows)


def findings(found):
    """What the tables say, in words, with the figures of this run."""

    def over_data(h1, h2, key, part):
        values = [
            np.median(at[key][:, part])
            for (_, a, b), at in found.items()
            if (a, b) == (h1, h2)
        ]
        return f"{min(values):.2g} to {max(values):.2g}"

    def course(h1, key, part):
        return ", ".join(over_data(h1, h2, key, part) for h2 in WIDTHS2)

    first, last = WIDTHS1[0], WIDTHS2[-1]
    narrow = {k[0]: at for k, at in found.items() if k[1:] == (first, last)}
    zeros = ", ".join(
        f"{(at['λ_min'] == 0).mean():.2f} ({name})" for name, at in narrow.items()
    )
    growth = [
        "; ".join(f"{over_data(h1, last, 'to H∞', i)} (h1 = {h1})" for h1 in WIDTHS1)
        for i in (0, 1)
    ]
    points = f"""\
**At h1 = {first} the B-part converges to E[B-part | A], not to H∞.** Its distance
to the first is {course(first, "to E[H | A]", 0)} as h2 grows, which is the rate
h2^(−1/2). Its distance to H∞ stays: {course(first, "to H∞", 0)}.

**At h1 = {first} the A-part converges to neither.** Its distance to H∞ is
{course(first, "to H∞", 1)}, and to E[A-part | A] {course(first, "to E[H | A]", 1)}.
Its factor V/√h2 = Σ_p w_p B_pr 1{{..}}/√h2 is a sum of independent terms of mean
zero and tends to a Gaussian vector, not to zero. The terms p ≠ q of (V Vᵀ)/h2 have
mean zero at every h2, but their variance does not vanish.

**It is h1 that makes both approach H∞**, at about the rate h1^(−1/2). At h2 =
{last} the distance of the B-part is {growth[0]}; of the A-part {growth[1]}.

**λ_min(H(0)) is exactly 0 in most networks with h1 = {first}**: at h2 = {last} in a
share of {zeros}, although λ_0 = λ_min(H∞) is positive on all data sets, thousands
of times its standard error. The networks with λ_min = 0 are those with a dead row,
σ(A x) = 0, whose row of H is zero. A row is dead with probability 2^(−h1) =
1/{2**first}, whatever h2 is.

**So K19's Lemma 4 does not hold as printed at a fixed h1.** It says that for h2
large enough λ_min(H(0)) ≥ 3λ_0/4 with probability 1 − δ (eq. 11), by way of a bound
on ‖H(0) − H∞‖ that falls with h2 (eq. 29). By the last point λ_min(H(0)) = 0 has
probability at least 2^(−h1) at every h2, and by the first two the distance does not
fall as h2 grows. (The widths here are below those that the lemma asks for; the
probability of a dead row does not depend on h2.) Two steps of its proof do not
hold: eq. (23) bounds Σ_q B_qr² by 1, where rows of norm 1 make it about h2/h1; and
eq. (24) applies Hoeffding's inequality to the X_pr, which share A, B and w and are
not independent.

**The table of κ is good to about 3e-5 of κ(0)** at the default of 2^15 points for
h1 = {first}, and the mean of E[H | A] over draws of A is the same matrix within its
sampling error."""
    numbered = [
        textwrap.fill(f"{i}. {' '.join(point.split())}", 95, subsequent_indent="   ")
        for i, point in enumerate(points.split("\n\n"), 1)
    ]
    introduction = (
        "Distances are relative, in the Frobenius norm, medians over "
        f"{len(SEEDS)} seeds; a range is over the data sets. "
        f"h2 = {', '.join(map(str, WIDTHS2))}."
    )
    return "\n".join([textwrap.fill(introduction, 95), "", *numbered, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default="docs/reports/infinite-width/README.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data, found = data_sets(), {}
    for name, X in data.items():
        for h1 in WIDTHS1:
            limit = infinite(X, h1)
            for h2 in WIDTHS2:
                found[name, h1, h2] = measure(X, h1, h2, limit)
                print(name, h1, h2, flush=True)
    distances, limits = distance_tables(found)
    sections = {
        "Findings": findings(found),
        f"Smallest eigenvalues, h2 = {WIDTHS2[-1]}": eigenvalue_table(data, found),
        "Distances of H(0): median (least to largest) over seeds": distances,
        "Distance of E[H | A] to H∞": limits,
        "The mean of E[H | A] against H∞, synthetic-50, h1 = 5": (
            average_over_first_layers(data["synthetic-50"])
        ),
        "The table of κ: largest error over θ, relative to κ(0)": table_of_points(),
    }
    text = "# The infinite width of Kong's two-hidden-layer network\n\n"
    text += f"`python benchmarks/infinite_width.py`; row_norm = {ROW_NORM!r}.\n"
    for title, section in sections.items():
        text += f"\n## {title}\n\n{section}"
    write(arguments.out, text)


if __name__ == "__main__":
    main()
