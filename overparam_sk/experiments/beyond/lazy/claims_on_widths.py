"""What is expected of the parametrisations as the width grows."""

from collections.abc import Sequence

import numpy as np

from overparam_sk.experiments.beyond.lazy.measured import Lazy
from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    TREND,
    Claim,
    Finding,
    Rule,
    at_most,
    claim,
)

__all__ = ["CLAIMS_ON_WIDTHS"]

_WITHIN = (
    "Slopes of log root mean square change against log m after t steps. holds: all "
    "within the threshold; in trend: within twice it."
)
_TRANSFERS = (
    "Octaves between the largest and the smallest best c over the widths. holds: at "
    "most the threshold, a step of the grid; in trend: at most twice it."
)


def _slopes(
    lazy: Lazy, names: Sequence[str], kinds: Sequence[str], expected: float, off: float
) -> Finding:
    found = {
        f"{name}, {kind}": lazy.check.slopes[name][kind]
        for name in names
        for kind in kinds
    }
    times = ", ".join(map(str, lazy.check.iterations))
    ours = "; ".join(
        f"{of}: {', '.join(f'{slope:.3f}' for slope in slopes)}"
        for of, slopes in found.items()
    )
    worst = max(abs(slopes - expected).max() for slopes in found.values())
    return f"t = {times}: {ours}", at_most(float(worst), off, 2 * off)


def _best(lazy: Lazy, name: str) -> str:
    pairs = zip(lazy.check.best_learning_rates[name], lazy.check.widths, strict=True)
    return ", ".join(f"{c:g} (m={m})" for c, m in pairs)


def _transfers(words: str, name: str) -> Claim[Lazy]:
    def find(lazy: Lazy, octaves: float) -> Finding:
        best = np.log2(lazy.check.best_learning_rates[name])
        verdict = at_most(float(np.ptp(best)), octaves, 2 * octaves)
        return f"best c: {_best(lazy, name)}", verdict

    return Claim(words, Rule(_TRANSFERS, find, {"octaves": 1.0}))


@claim(
    'Expected (Yang, Hu 2021): with "ntk" features move as m^(−1/2).', _WITHIN, off=0.1
)
def _ntk(lazy: Lazy, off: float) -> Finding:
    return _slopes(lazy, ["ntk"], ["hidden"], -0.5, off)


@claim(
    'Expected (Yang, Hu 2021): with "mup" and "mean_field" features and the readout '
    "move alike at every width.",
    _WITHIN,
    off=0.1,
)
def _mup(lazy: Lazy, off: float) -> Finding:
    return _slopes(lazy, ["mup", "mean_field"], ["hidden", "readout"], 0.0, off)


@claim(
    'Expected: outputs move alike at every width with "ntk", "mup" and "mean_field".',
    _WITHIN,
    off=0.1,
)
def _outputs(lazy: Lazy, off: float) -> Finding:
    return _slopes(lazy, ["ntk", "mup", "mean_field"], ["outputs"], 0.0, off)


@claim(
    "Expected: with PyTorch's parametrisation and one step for all, outputs move in "
    "proportion to m in the first step.",
    "Slope of log root mean square change of the outputs after one step. holds: within "
    "the threshold of 1; in trend: within twice it.",
    off=0.1,
)
def _standard(lazy: Lazy, off: float) -> Finding:
    slope = float(lazy.check.slopes["standard"]["outputs"][0])
    return f"{slope:.3f}", at_most(abs(slope - 1), off, 2 * off)


@claim(
    "Expected: there the best step falls as 1/m: none serves two widths.",
    "Octaves by which the best c falls from the smallest width to the largest, as a "
    "share of those by which m grows. holds: at least the threshold; in trend: it "
    "falls.",
    share=0.75,
)
def _no_transfer(lazy: Lazy, share: float) -> Finding:
    best = np.log2(lazy.check.best_learning_rates["standard"])
    fell = (best[0] - best[-1]) / np.log2(lazy.check.widths[-1] / lazy.check.widths[0])
    verdict = HOLDS if fell >= share else TREND if fell > 0 else NOT
    return f"{fell:.2f}; best c: {_best(lazy, 'standard')}", verdict


CLAIMS_ON_WIDTHS = (
    _ntk,
    _mup,
    _outputs,
    _standard,
    _transfers(
        'Expected (Yang et al. 2022): with "mup" the best step is the same at every '
        "width.",
        "mup",
    ),
    _transfers(
        'Expected: with "mean_field" it is, too: of one hidden layer that is the same '
        "parametrisation.",
        "mean_field",
    ),
    _transfers(
        'Expected: with "ntk" it is as far as training is lazy at every width.', "ntk"
    ),
    _no_transfer,
)
