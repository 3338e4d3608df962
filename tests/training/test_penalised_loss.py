"""The criterion that tells a trend from noise, on a model whose kernel stays."""

import math

import numpy as np
import pytest
import torch

from overparam_sk.training import PenalisedLoss, linear_figure

n = 200
rng = np.random.default_rng(0)
features = rng.normal(size=(n, 30)) * 0.8 ** np.arange(30)
spectrum, vectors = np.linalg.eigh(features @ features.T)
shares = torch.from_numpy(spectrum.clip(0) / spectrum[-1])
TIMES = 2.0 ** np.arange(14)


def course(y, n_rows=n):
    """The figure and the loss along gradient flow on a linear model."""
    penalised = PenalisedLoss(shares, n_rows, unit=0.5 * (y**2).sum())
    figures, losses = [], []
    for time in TIMES:
        left = np.exp(-shares.numpy() * time) * (vectors.T @ y)
        losses.append(0.5 * (left**2).sum())
        figures.append(penalised(losses[-1], time))
    return np.array(figures), np.array(losses)


def test_the_numbers_spent_are_the_trace_of_what_makes_the_outputs():
    time = 20.0
    hat = np.eye(n) - vectors @ np.diag(np.exp(-shares.numpy() * time)) @ vectors.T
    penalised = PenalisedLoss(shares, n, unit=3.0)
    expected = 5 / 3 * np.exp(2 * np.trace(hat) * math.log(math.log(n)) / n)
    assert penalised(5.0, time) == pytest.approx(expected)
    assert penalised(5.0, 0.0) == pytest.approx(5 / 3)
    few = PenalisedLoss(shares, 10.0, unit=3.0)  # Akaike's, where log(log(n)) < 1
    assert few(5.0, time) == pytest.approx(5 / 3 * np.exp(2 * np.trace(hat) / 10))
    assert math.isfinite(PenalisedLoss(shares, 1.0, unit=3.0)(5.0, 1e9))


@pytest.mark.parametrize("seed", range(10))
def test_of_noise_there_is_nothing_to_gain(seed):
    noise = np.random.default_rng(seed).normal(size=n)
    figures, losses = course(noise)
    assert (np.diff(losses) < 0).all()
    assert figures[-1] > 1.1 * figures.min()
    assert figures.min() > 0.95


def test_without_noise_it_goes_on_and_with_noise_it_stops_near_the_best():
    lost = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        truth = features @ random.normal(size=30)
        figures, _ = course(truth)
        assert figures.argmin() == len(TIMES) - 1
        noisy = truth + 1.5 * random.normal(size=n) * truth.std()
        figures, _ = course(noisy)
        fitted = [
            vectors @ ((1 - np.exp(-shares.numpy() * time)) * (vectors.T @ noisy))
            for time in TIMES
        ]
        risks = np.array([((outputs - truth) ** 2).mean() for outputs in fitted])
        lost.append((risks[[figures.argmin(), -1]] - risks.min()) / truth.var())
    here, at_the_end = np.mean(lost, axis=0)
    assert here < 0.25 * at_the_end


def test_weights_of_a_linear_fit_are_repetitions():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(40, 3)) + 5, random.normal(size=40)
    X[:, 1] *= np.arange(40)
    counts = random.integers(0, 4, size=40)
    whole = torch.from_numpy(counts.astype(float))
    weighted = linear_figure(torch.from_numpy(X), torch.from_numpy(y), whole, 60.0)
    rows = np.repeat(np.arange(40), counts)
    repeated = linear_figure(
        torch.from_numpy(X[rows]),
        torch.from_numpy(y[rows]),
        torch.ones(len(rows), dtype=torch.float64),
        60.0,
    )
    assert weighted == pytest.approx(repeated, rel=1e-10)
