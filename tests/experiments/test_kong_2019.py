"""Kong's experiments: the fits, what is made of them, and the files."""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from experiments.made_up_kong import initialisation, measured, run

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.cli import main
from overparam_sk.diagnostics import infinite_width_lambda_min
from overparam_sk.experiments import reproductions
from overparam_sk.experiments.kong_2019.beyond import sections
from overparam_sk.experiments.kong_2019.claims import CLAIMS, ON_ALL_DATA
from overparam_sk.experiments.kong_2019.data import DATA_SETS, DataSet
from overparam_sk.experiments.kong_2019.directions import directions
from overparam_sk.experiments.kong_2019.paper import KONG_2019, SECTION_5
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    fit,
    initialise,
    run_all,
    together,
)
from overparam_sk.experiments.reproduction import Request

TINY = {"widths": (10, 20), "repeats": 2, "max_iter": 20, "initialisations": 4}
KONG = {"network": "kong_2019", "width1": 5}


@pytest.mark.parametrize("name", sorted(DATA_SETS))
def test_the_data_are_the_papers(name):
    X, y = DATA_SETS[name].load(0)
    n = 50 if name == "synthetic-50" else 100
    assert X.shape == (n, 100 if name.startswith("synthetic") else 784)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-6)
    again = DATA_SETS[name].load(1)[0]
    if name.startswith("synthetic"):
        assert not np.allclose(X, again)
        assert 0 <= y.min() < y.max() <= 1
    else:
        first, second = {"1, 7": (1, 7), "7, 9": (7, 9)}.get(name[-4:], (0, 1))
        assert y.tolist() == [first] * 50 + [second] * 50
        np.testing.assert_array_equal(X, again)


def test_the_data_sets_have_figures_3_to_8():
    assert [data.figure for data in DATA_SETS.values()] == [3, 4, 5, 6, 6, 7, 8, 8]
    assert len({data.file_name for data in DATA_SETS.values()}) == len(DATA_SETS)
    assert DATA_SETS["Fashion-79 as 7, 9"].file_name == "fashion-79-as-7-9"


def test_a_run_holds_what_the_estimator_says():
    X, y = DATA_SETS["synthetic-50"].load(3)
    found = fit("synthetic-50", 30, 0, 3, 20, "cpu")
    net = TwoHiddenReLURegressor(
        5,
        30,
        learning_rate=2e-4,
        max_iter=20,
        fit_intercept=False,
        record_every=1,
        gram_samples=50,
        random_state=3,
    ).fit(X, y)
    assert found.history.keys() == net.history_.keys()
    np.testing.assert_array_equal(found.history["iteration"], np.arange(21))
    for name, course in net.history_.items():
        np.testing.assert_allclose(found.history[name], course, atol=1e-12)
    assert found.lambda_0 == infinite_width_lambda_min(X, **KONG)[0]
    L = net.history_["loss"]
    assert found.rate() == pytest.approx(-np.log(L[-1] / L[0]) / (20 * 2e-4))
    assert found.rate(0.5, 1) == pytest.approx(-np.log(L[20] / L[10]) / (10 * 2e-4))
    assert found.end("weight_change_2") == pytest.approx(net.weight_change_[1])


def test_an_initialisation_is_that_of_the_fits():
    found = initialise("synthetic-50", 3, (10, 30))
    history = fit("synthetic-50", 30, 0, 3, 20, "cpu").history
    assert found.lambda_min[30] == pytest.approx(history["gram_lambda_min"][0])
    assert found.dead == history["dead_samples"][0]
    assert (found.lambda_min[30] == 0) == (found.dead > 0)
    assert (found.conditional == 0) == (found.limit == 0) == (found.dead > 0)
    assert found.starts[30].loss == pytest.approx(history["loss"][0])
    # The first step's Frobenius norm is that of the rows, of which the largest is kept.
    for layer, (speed, units) in enumerate(
        zip(found.starts[30].speeds, (5, 30), strict=True), 1
    ):
        whole = history[f"weight_change_{layer}"][1] / LEARNING_RATE
        assert whole / np.sqrt(units) <= speed <= whole * (1 + 1e-9)


def test_the_largest_moves_are_those_of_the_rows():
    found = fit("synthetic-50", 30, 0, 3, 20, "cpu")
    for layer, (move, units) in enumerate(zip(found.moves, (5, 30), strict=True), 1):
        whole = found.end(f"weight_change_{layer}")
        assert whole / np.sqrt(units) <= move <= whole * (1 + 1e-9)


def test_the_columns_of_b_are_summed_with_the_signs():
    found = initialise("synthetic-50", 3, (30,)).starts[30]
    X, y = DATA_SETS["synthetic-50"].load(3)
    net = TwoHiddenReLURegressor(
        5,
        30,
        max_iter=1,
        n_iter_no_change=None,
        fit_intercept=False,
        random_state=3,
    ).fit(X, y)
    _, B = net.initial_weights()
    signs = zip(net.readout_signs_, B, strict=True)
    np.testing.assert_allclose(found.column_sums, np.abs(sum(w * b for w, b in signs)))
    assert found.column_squares == pytest.approx((B**2).sum() / 5)


def fitted(rows=8, max_iter=50):
    X, y = DATA_SETS["synthetic-50"].load(0)
    X, y = X[:rows], y[:rows]
    net = TwoHiddenReLURegressor(
        5,
        100,
        learning_rate=1e-3,
        max_iter=max_iter,
        fit_intercept=False,
        record_every=1,
        random_state=1,
    )
    return net.fit(X, y), X, y


@pytest.fixture
def tiny(monkeypatch):
    """All data sets with a tenth of their rows, in this process."""
    for name, data in list(DATA_SETS.items()):

        def load(seed, load=data.load):
            X, y = load(seed)
            return X[::10], y[::10]

        monkeypatch.setitem(DATA_SETS, name, DataSet(name, data.figure, load))
    tiny = replace(KONG_2019, experiments=(replace(SECTION_5, quick=TINY),))
    monkeypatch.setattr(reproductions, "PAPERS", [tiny])
    # Every other h1 has kernels of its own to be integrated.
    monkeypatch.setattr("overparam_sk.experiments.kong_2019.directions._UNITS", (5,))
    monkeypatch.setattr("overparam_sk.experiments.kong_2019.runs.cpu_count", lambda: 1)


def test_runs_are_in_order_and_share_their_seeds(tiny):
    names = ["MNIST-01", "synthetic-50"]
    by_name = run_all(request(TINY), names)
    runs = [run for data in by_name for run in data.runs]
    starts = [start for data in by_name for start in data.initialisations]
    assert [(r.data, r.width, r.repeat) for r in runs] == [
        (name, width, repeat)
        for name in names
        for width in (10, 20)
        for repeat in (0, 1)
    ]
    assert runs[0].seed == runs[2].seed != runs[1].seed
    assert [s.data for s in starts] == ["MNIST-01"] * 4 + ["synthetic-50"] * 4
    assert starts[0].seed == runs[0].seed
    assert [data.name for data in by_name] == names
    assert [len(rows) for rows in by_name[0].fits.values()] == [2, 2]
    assert len(by_name[0].lambda_0s) == 1  # the images are always the same
    assert len(by_name[1].lambda_0s) == 4
    assert len(together(by_name).runs) == 8


def request(scale):
    return Request(Path(), device="cpu", progress=False, scale=scale)


def test_two_processes_make_the_same_runs():
    scale = {"widths": (10,), "repeats": 1, "max_iter": 5, "initialisations": 1}
    (one,), (two,) = (
        run_all(request(scale), ["synthetic-50"], n_jobs=n) for n in (1, 2)
    )
    np.testing.assert_allclose(
        one.runs[0].history["loss"], two.runs[0].history["loss"], rtol=1e-12
    )
    starts = [made.initialisations[0].lambda_0 for made in (one, two)]
    assert starts[0] == pytest.approx(starts[1])


def test_the_command_writes_claims_figures_and_data(tiny, tmp_path, capsys):
    options = ["--quick", "--device", "cpu", "--out", str(tmp_path)]
    assert main(["reproduce", "k19", *options]) == 0
    told = capsys.readouterr().out
    content = json.loads((tmp_path / "claims.json").read_text("utf-8"))
    claims = content["claims"]
    assert len(claims) == len(DATA_SETS) * len(CLAIMS) + len(ON_ALL_DATA)
    assert content["settings"]["learning_rate"] == LEARNING_RATE
    text = (tmp_path / "claims.md").read_text("utf-8")
    for claim in claims:
        assert claim["ours"].replace("|", "\\|") in text
        assert claim["claim"] in told
    # A rule stands once a claim.
    assert text.count("every unit of the second layer keeps it") == 1
    report = (tmp_path / "report.md").read_text("utf-8")
    assert "## Which modes" in report
    assert "## The open directions" in report
    pictures = {path.name for path in tmp_path.glob("*.png")}
    assert {f"fig{i}" for i in range(1, 9)} <= {
        p.partition("-")[0].partition(".")[0] for p in pictures
    }
    assert len(pictures) == len(DATA_SETS) + 6
    check_data(tmp_path)


def check_data(folder):
    with (folder / "runs.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(DATA_SETS) * 2 * 2
    with np.load(folder / "courses.npz", allow_pickle=False) as courses:
        assert courses["loss"].shape == (len(DATA_SETS), 2, 2, 21)
        first = lines[0]
        assert first["data"] == courses["data"][0]
        assert float(first["loss_T"]) == pytest.approx(courses["loss"][0, 0, 0, -1])
        assert courses["loss_shares_mnist-01"].shape == (2, 3, 10)
    with np.load(folder / "initial.npz", allow_pickle=False) as initial:
        assert initial["lambda_min"].shape == (len(DATA_SETS), 2, 4)
        assert initial["loss"].shape == (len(DATA_SETS), 2, 4)
        assert ((initial["limit"] == 0) == (initial["dead"] > 0)).all()
        assert ((initial["lambda_min"] == 0).all(axis=1) == (initial["dead"] > 0)).all()


def test_without_matplotlib_the_figures_alone_are_left_out(
    tiny, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["reproduce", "k19", "--quick", "--out", str(tmp_path)]) == 0
    assert "No figures: it needs matplotlib" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.png"))
    assert (tmp_path / "runs.csv").exists()


def test_ctrl_c_writes_nothing(tiny, tmp_path, capsys, monkeypatch):
    def interrupted(self, *args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(TwoHiddenReLURegressor, "fit", interrupted)
    assert main(["reproduce", "k19", "--quick", "--out", str(tmp_path)]) == 130
    assert "before anything was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_tables_beyond_the_paper_by_hand():
    starts = [
        initialisation(0.0, dead=1, conditional=0.0, widths=(10,)),
        *(initialisation(r, widths=(10,)) for r in (0.1, 0.2, 0.3)),
    ]
    text = "\n".join(
        sections([measured(run(10, 0), run(10, 1, rate=4.0), starts=starts)])
    )
    # Rates 2 and 4 with λ_0 = 1.
    assert "| made up | 10 | 3 ± 1.4 | 3 ± 1.4 | 3 ± 1.4 | 3 ± 1.4 |" in text
    # One of four has a dead row; two rows have none with probability (31/32)².
    assert (
        "| made up | 4 | 25.0% | 6.2% | 0.25 | 0.06 | 25.0% (h2=10) | 25.0% |" in text
    )
    assert "| made up | 3 | 10 | 0.15 | 0.2 | 0.25 |" in text
    assert "| made up | 3 | ∞ | 1 | 1 | 1 |" in text


def test_the_open_directions_by_hand(tiny):
    made = measured(run(10), run(20), run(20, 1, rate=0.5))
    text = "\n".join(directions([made]))
    # η λ_max = 2e-4 · 2; a rate below λ_0 breaks the bound.
    assert "| made up | 10 | 0.0004 | 1 of 1 | 1 of 1 |" in text
    assert "| made up | 20 | 0.0004 [0.0004, 0.0004] | 2 of 2 | 1 of 2 |" in text
    # n = 2, L(0) = 3, h1 = 5, λ_0 = 1, δ = 0.1, each by its digits.
    digits = [4.5 * np.log10(2), 1.5 * np.log10(3), 1.5 * np.log10(5), 0, 3]
    cells = " | ".join(f"{of + 0.0:.1f}" for of in digits)
    assert f"| made up | {sum(digits):.1f} [" in text
    assert f"] | {cells} | 10 |" in text
    table = text.split("| data | h1 = 5 |")[1]
    assert [name in table for name in ("MNIST-17", "as 1, 7")] == [True, False]
