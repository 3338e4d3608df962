"""How often the intervals of a power law hold the truth, simulated.

    python benchmarks/power_law_coverage.py [--out docs/reports/power-law/README.md]

Everything follows from fixed seeds; some five minutes on one core.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from _timing import markdown, write

from overparam_sk.model_selection import Fit, WidthStudy, fit_power_law

SAMPLES = 1000
C = 2.0


@dataclass(frozen=True)
class Truth:
    """L(m, r) = L∞(r) + c·m^(−p)(1 + noise·(m/m₁)^(p − 1/2)·ξ): noise falls as 1/√m.

    ``shared`` is the spread of L∞(r) over the repeats, as multiple of c·m₁^(−p);
    ``errors`` draws ξ, of mean 0 and variance 1.
    """

    p: float
    widths: tuple[int, ...]
    noise: float
    shared: float = 1.0
    errors: str = "normal"
    c: float = C


THREE, FOUR, FIVE = (250, 1000, 4000), (250, 500, 1000, 2000), (64, 128, 256, 512, 1024)
TRUTHS = (
    Truth(0.5, THREE, 0.05),
    Truth(0.5, FOUR, 0.2),
    Truth(1.0, THREE, 0.05),
    Truth(1.0, FOUR, 0.2, shared=10.0),
    Truth(1.0, FOUR, 0.2, c=-C),
    Truth(1.0, FIVE, 1.0),
    Truth(0.5, THREE, 0.2, errors="skew"),
    Truth(0.5, THREE, 0.2, errors="heavy-tailed"),
    Truth(0.5, FOUR, 0.2, errors="common to the widths"),
)
REPEATS = (2, 3, 5, 10)


TEXT = """# Coverage of `fit_power_law`'s intervals

`python benchmarks/power_law_coverage.py`; {samples} studies a line, level 95 %: the
standard error of a share is {error:.1%}.

## With a computed limit

L(m, r) = L∞(r) + c·m^(−p) + noise that falls as 1/√m. The noise, and the spread of
the limit over the repeats, are multiples of the first width's c·m^(−p). An interval of
p is unbounded where no test at its level tells large exponents, or small ones, apart;
"signs turned" is the share of single differences without the sign of c.

{beside}
## Without a limit

The bootstrap on logarithms, for a metric that falls to 0: four widths, normal errors of
0.1 in log L, c = {c:g}, p = 0.5.

{without}"""


def errors_of(kind, shape, random):
    """ξ of repeats (rows) and widths (columns)."""
    if kind == "skew":
        return random.standard_exponential(shape) - 1
    if kind == "heavy-tailed":
        return random.standard_t(3, shape) / 3**0.5
    xi = random.standard_normal(shape)
    if kind == "common to the widths":
        return (xi + 3 * random.standard_normal((shape[0], 1))) / 10**0.5
    return xi


def study_of(truth, repeats, seed):
    random = np.random.default_rng(seed)
    m = np.array(truth.widths, dtype=float)
    first = truth.c * m[0] ** -truth.p
    xi = errors_of(truth.errors, (repeats, len(m)), random)
    limits = 0.3 + truth.shared * abs(first) * random.standard_normal(repeats)
    differences = truth.c * m**-truth.p + truth.noise * first * (m / m[0]) ** -0.5 * xi
    fits = [Fit("limit", None, r, None, r, {"L": L}) for r, L in enumerate(limits)]
    fits += [
        Fit("net", width, r, None, r, {"L": limits[r] + differences[r, i]})
        for r in range(repeats)
        for i, width in enumerate(truth.widths)
    ]
    return WidthStudy("width", {}, fits), (differences < 0).mean()


def covered(truth, repeats, given):
    """Shares of intervals that hold c and p, or are unbounded; of turned signs."""
    held, unbounded, turned, widths = np.zeros(2), 0, 0.0, []
    for seed in range(SAMPLES):
        study, negative = study_of(truth, repeats, seed)
        law = fit_power_law(study, "L", limit=given, n_resamples=1)
        (c_low, c_high), (p_low, p_high) = law.c_interval, law.p_interval
        held += [c_low <= truth.c <= c_high, p_low <= truth.p <= p_high]
        unbounded += not np.isfinite([p_low, p_high]).all()
        turned += negative if truth.c > 0 else 1 - negative
        widths.append(p_high - p_low)
    return (*held / SAMPLES, unbounded / SAMPLES, np.median(widths), turned / SAMPLES)


def logarithms(repeats):
    """Coverage of c and p of the bootstrap on logarithms, where the limit is 0."""
    held = np.zeros(2)
    for seed in range(SAMPLES):
        random = np.random.default_rng(seed)
        fits = [
            Fit("net", m, r, None, r, {"L": C * m**-0.5 * np.exp(0.1 * z)})
            for r in range(repeats)
            for m, z in zip(FOUR, random.standard_normal(len(FOUR)), strict=True)
        ]
        law = fit_power_law(WidthStudy("width", {}, fits), "L", n_resamples=999)
        (c_low, c_high), (p_low, p_high) = law.c_interval, law.p_interval
        held += [c_low <= C <= c_high, p_low <= 0.5 <= p_high]
    return held / SAMPLES


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default="docs/reports/power-law/README.md")
    out = parser.parse_args().out
    head = ["c", "p", "widths", "noise at the first", "spread of L∞", "errors"]
    head += ["repeats", "holds p", "holds c", "p unbounded", "median width, p"]
    rows = []
    for truth in TRUTHS:
        for repeats in REPEATS:
            c, p, unbounded, width, turned = covered(truth, repeats, "limit")
            what = [f"{truth.c:g}", f"{truth.p:g}", str(len(truth.widths))]
            what += [f"{truth.noise:g}", f"{truth.shared:g}", truth.errors]
            figures = [f"{p:.1%}", f"{c:.1%}", f"{unbounded:.1%}", f"{width:.2f}"]
            rows.append([*what, str(repeats), *figures, f"{turned:.1%}"])
            print(*rows[-1], flush=True)
    head.append("signs turned")
    beside = [
        [str(repeats), *(f"{share:.1%}" for share in logarithms(repeats)[::-1])]
        for repeats in REPEATS
    ]
    tables = {
        "beside": markdown(head, rows),
        "without": markdown(["repeats", "holds p", "holds c"], beside),
    }
    error = (0.95 * 0.05 / SAMPLES) ** 0.5
    write(out, TEXT.format(samples=SAMPLES, error=error, c=C, **tables))


if __name__ == "__main__":
    main()
