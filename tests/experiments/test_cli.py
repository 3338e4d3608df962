"""The command line, end to end on data of sixty rows."""

import contextlib
import dataclasses
import functools
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from overparam_sk import OverparamReLUClassifier, __version__
from overparam_sk.cli import main
from overparam_sk.experiments import Study, reproductions, write_report
from overparam_sk.experiments.li_liang_2018 import data as section_7
from overparam_sk.experiments.li_liang_2018 import figures_1_and_2
from overparam_sk.experiments.output import Output
from overparam_sk.experiments.reproduction import Paper
from overparam_sk.experiments.tables import plain_table


@pytest.fixture
def data(tmp_path):
    random = np.random.RandomState(0)
    y = np.arange(60) % 3
    X = np.eye(3)[y] * 3 + random.randn(60, 3)
    np.savez(tmp_path / "rows.npz", X=X, y=y)
    return tmp_path / "rows.npz"


@pytest.fixture
def interrupt_fit(monkeypatch):
    """Press Ctrl-C in the fit of that number; returns the widths of the fits begun."""
    fit, calls = OverparamReLUClassifier.fit, []

    def at(number):
        @functools.wraps(fit)
        def interrupted(self, *args, **kwargs):
            calls.append(self.width)
            if len(calls) == number:
                raise KeyboardInterrupt
            return fit(self, *args, **kwargs)

        monkeypatch.setattr(OverparamReLUClassifier, "fit", interrupted)
        return calls

    return at


def small(data, out):
    return [
        *("study", "--data", str(data), "--widths", "20,10", "--repeats", "2"),
        *("--max-iter", "30", "--out", str(out)),
    ]


def test_a_study_in_a_process_of_its_own(data, tmp_path):
    command = [sys.executable, "-m", "overparam_sk", *small(data, tmp_path / "out")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    table, words, found, files = run.stdout.split("\n\n")
    assert [line.split()[0] for line in table.splitlines()] == ["width", "10", "20"]
    assert words.startswith("a ± b: mean and sample standard deviation over 2 repeats.")
    assert found.startswith("From width 10 to 20 the test accuracy ")
    written, shown = files.splitlines()
    assert "study.png" in written
    assert shown.startswith(f"The picture is {tmp_path / 'out' / 'study.png'}, with ")
    assert run.stderr.splitlines()[0] == "4 fits: 2 of width 10, 2 of width 20"
    assert run.stderr.splitlines()[-1].startswith("4/4 fits, done in ")
    assert not set(run.stdout + run.stderr) & set(map(chr, range(32))) - {"\n"}
    content = json.loads((tmp_path / "out" / "study.json").read_text("utf-8"))
    assert len(content["rows"]) == 4
    assert content["fit_params"]["fit_intercept"] is False
    assert content["fit_params"]["learning_rate"] == "auto"


def test_options_reach_the_estimator(data, tmp_path, capsys):
    options = "--learning-rate 0.5 --batch-size 4 --record-every 15 --seed 3"
    options += " --target-accuracy 0.5 --device cpu --normalize"
    assert main([*small(data, tmp_path), *options.split()]) == 0
    assert "steps to 50%" in capsys.readouterr().out
    content = json.loads((tmp_path / "study.json").read_text("utf-8"))
    wanted = {"learning_rate": 0.5, "batch_size": 4, "record_every": 15}
    assert wanted.items() <= content["fit_params"].items()
    assert content["random_state"] == 3
    assert content["normalized"] is True
    assert content["rows"][0]["history"]["iteration"] == [0, 15, 30]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["study", "--widths", "10,x"], "must be different integers >= 1"),
        (["study", "--widths", "10,10"], "must be different integers >= 1"),
        (["study", "--repeats", "0"], "must be an integer >= 1, got '0'"),
        (["study", "--learning-rate", "-1"], "must be 'auto' or a finite number > 0"),
        (["study", "--learning-rate", "inf"], "must be 'auto' or a finite number > 0"),
        (["study", "--target-accuracy", "98"], "must be a number in (0, 1]"),
        (["study", "--data", "iris"], "must be one of synthetic, digits"),
        (["study", "--baselines", "svm,forest"], "must be among svm, knn, kernel"),
        (["study", "--jobs", "0"], "but not 0, got '0'"),
        (["study", "--device", "gpu"], "must be 'auto', 'cpu', 'cuda'"),
        (["study", "--seed", "-1"], "must be an integer from 0"),
        (["reproduce", "fig1"], "invalid choice"),
        ([], "required"),
    ],
)
def test_bad_arguments_end_with_2(options, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_data_that_cannot_be_loaded_ends_with_1(tmp_path, capsys):
    assert main(["study", "--data", str(tmp_path / "none.npz")]) == 1
    error = capsys.readouterr().err
    assert "none.npz" in error
    assert "Traceback" not in error


def test_a_named_folder_without_the_images_is_not_made_up_for(tmp_path, capsys):
    options = ["study", "--data", "mnist", "--data-home", str(tmp_path)]
    assert main(options) == 1
    assert "must hold the four files of mnist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_with_130_after_a_report(data, tmp_path, capsys, interrupt_fit):
    interrupt_fit(3)
    assert main(small(data, tmp_path)) == 130
    assert "2 of 4 fits were done" in capsys.readouterr().err
    content = json.loads((tmp_path / "study.json").read_text("utf-8"))
    assert len(content["rows"]) == 2


def test_ctrl_c_in_the_first_fit_writes_no_report(
    data, tmp_path, capsys, interrupt_fit
):
    interrupt_fit(1)
    assert main(small(data, tmp_path)) == 130
    told = capsys.readouterr().err
    assert told.endswith("Interrupted before anything was written.\n")
    assert {path.name for path in tmp_path.iterdir()} == {"rows.npz", "store"}


def test_the_same_line_goes_on_after_ctrl_c(data, tmp_path, capsys, interrupt_fit):
    calls = interrupt_fit(3)
    line = [*small(data, tmp_path / "out"), "--baselines", "svm,knn,kernel"]
    assert main(line) == 130
    assert "The same line goes on" in capsys.readouterr().err
    assert main(line) == 0
    assert calls == [20, 10, 20, 20, 10]
    assert main(line) == 0
    assert len(calls) == 5
    assert main([*line, "--max-iter", "31"]) == 0
    assert len(calls) == 9
    content = json.loads((tmp_path / "out" / "study.json").read_text("utf-8"))
    assert {name: len(s) for name, s in content["baselines"].items()} == {
        "svm": 2,
        "knn": 2,
        "kernel": 2,
    }


def test_a_store_is_refused_for_another_study(data, tmp_path, capsys):
    line = [*small(data, tmp_path / "out"), "--store", str(tmp_path / "kept")]
    assert main(line) == 0
    assert main([*line, "--max-iter", "31"]) == 1
    message = "estimators.net.max_iter: 30 there, 31 here"
    assert message in capsys.readouterr().err


@pytest.fixture
def once(data, tmp_path):
    """The arguments of the smallest study, and its report."""
    line = ["study", "--data", str(data), "--widths", "4", "--repeats", "1"]
    line += ["--max-iter", "3", "--out", str(tmp_path / "out")]
    return line, lambda: sorted(path.name for path in (tmp_path / "out").glob("study*"))


REPORT = ["study.csv", "study.json", "study.md", "study.png"]


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp932"])
def test_a_terminal_that_lacks_a_letter_shows_another(once, monkeypatch, encoding):
    line, report = once
    printed = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(printed, encoding))
    assert main(line) == 0
    assert report() == REPORT
    assert "Written to" in printed.getvalue().decode(encoding)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_terminal_has_the_table_folded_to_its_width(columns, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout", Terminal())
    table = [
        ["width", *["relative distance"] * 5],
        ["10 [b]", *["0.9500 ± 0.0707"] * 5],
    ]
    Output().table(table)
    shown = sys.stdout.getvalue()
    assert max(map(len, shown.splitlines())) <= columns
    assert shown.count("±") == shown.count("0.9500") == shown.count("0.0707") == 5
    assert "[b]" in shown
    assert "\x1b" not in shown
    folded = len(shown.splitlines())
    assert folded == 2 if columns == 200 else folded > 2


@pytest.mark.parametrize("columns", [30, 45])
def test_on_a_narrow_terminal_no_figure_is_cut_off(columns, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout", Terminal())
    Output().table([["accuracy", *["seconds"] * 7], *[["0.1234567"] * 8] * 2])
    shown = sys.stdout.getvalue()
    assert max(map(len, shown.splitlines())) <= columns
    for digit in "1234567":
        assert shown.count(digit) == 16


def test_elsewhere_the_table_has_a_line_a_line(capsys, monkeypatch):
    table = [["a", "b" * 300], ["1", "2"]]
    Output().table(table)
    assert capsys.readouterr().out == plain_table(table) + "\n"
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setitem(sys.modules, "rich.console", None)
    Output().table(table)
    assert sys.stdout.getvalue() == plain_table(table) + "\n"


def closed_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    return open(writing, "w")


def closed_file():
    with open(os.devnull, "w") as stream:
        return stream


def full_disk():
    return Path("/dev/full").open("w")


@pytest.fixture
def broken(monkeypatch):
    """Put a broken stream in the place of standard output."""
    put = []

    def install(kind):
        put.append(kind())
        monkeypatch.setattr("sys.stdout", put[-1])

    yield install
    for stream in put:
        with contextlib.suppress(OSError):  # what it did not take
            stream.close()


@pytest.mark.parametrize("kind", [closed_pipe, closed_file, full_disk])
def test_a_stream_that_takes_nothing_is_an_exit_code(once, broken, kind, capsys):
    line, report = once
    broken(kind)
    assert main(line) == 1
    assert report() == REPORT
    assert "error: standard output: " in capsys.readouterr().err


@pytest.mark.parametrize("line", [[], ["study"], ["reproduce"]])
@pytest.mark.parametrize("kind", [closed_pipe, closed_file, full_disk])
def test_help_that_is_not_shown_is_an_exit_code(line, broken, kind, capsys):
    broken(kind)
    with pytest.raises(SystemExit) as ended:
        main([*line, "--help"])
    assert ended.value.code == 1
    assert "error: standard output: " in capsys.readouterr().err


def test_the_version_is_told(capsys, broken):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"overparam_sk {__version__}\n"
    broken(full_disk)
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 1


@pytest.mark.parametrize("line", [[], ["study"], ["reproduce"]])
def test_help_is_shown_whole(line, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*line, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: overparam_sk")
    last = "default: 0\n" if line else "--version   show the version and exit\n"
    assert shown.endswith(last)


def test_ctrl_c_is_told_where_nothing_is_printed(data, tmp_path, broken, interrupt_fit):
    broken(full_disk)
    interrupt_fit(3)
    assert main(small(data, tmp_path)) == 130


def test_nor_does_it_stop_a_reproduction(tiny, broken, tmp_path):
    broken(closed_pipe)
    assert main(["reproduce", "ll18-fig1", "--quick", "--out", str(tmp_path)]) == 1
    assert (tmp_path / "claims.md").exists()


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_no_stream_is_no_error(once, monkeypatch, name):
    line, report = once
    monkeypatch.setattr(f"sys.{name}", None)
    assert main(line) == 0
    assert report() == REPORT
    assert main(["study", "--data", "none.npz"]) == 1


def test_a_process_ends_without_a_traceback(once):
    """Python itself tries again to print what was not printed, when it ends."""
    line, report = once
    command = [sys.executable, "-m", "overparam_sk", *line]
    with closed_pipe() as closed:
        run = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith(
        "overparam_sk: error: standard output"
    )
    assert report() == REPORT


def test_a_tilde_means_home(once, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    line = once[0][:-1]
    options = ["--store", "~/kept", "--data", "~/rows.npz"]
    assert main([*line, "~/a b", *options]) == 0
    assert (tmp_path / "a b" / "study.json").exists()
    assert (tmp_path / "kept" / "study.json").exists()
    assert main(["study", "--data", "mnist", "--data-home", "~/none"]) == 1
    assert f"{tmp_path}/none must hold" in capsys.readouterr().err
    write_report(Study("x", 2, (4,), 1, {}, 0.9, 0, []), Path("~/written"))
    assert (tmp_path / "written" / "study.md").exists()


def test_a_corrected_file_is_another_study(once, data, capsys):
    line, _ = once
    assert main(line) == main(line) == 0
    stores = data.parent / "out" / "store"
    assert len(list(stores.iterdir())) == 1
    with np.load(data) as arrays:
        np.savez(data, X=arrays["X"], y=arrays["y"][::-1])
    assert main(line) == 0
    assert len(list(stores.iterdir())) == 2


def test_a_name_with_dollars_is_no_formula(once, data):
    line, report = once
    data.rename(other := data.with_name(r"a$\b_{$.npz"))
    line[2] = str(other)
    assert main(line) == 0
    assert report() == REPORT


@pytest.mark.parametrize("name", ["rows.csv", "rows.CSV"])
def test_a_table_is_taken_with_its_target(once, data, name, capsys):
    line, report = once
    with np.load(data) as arrays:
        frame = pd.DataFrame(arrays["X"]).assign(kind=arrays["y"], weight=1.5)
    frame.to_csv(data.with_name(name), index=False)
    line[2] = str(data.with_name(name))
    assert main([*line, "--target", "kind"]) == 0
    assert report() == REPORT
    assert main([*line, "--target", "kin"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert f"{name} must be a CSV file" in error
    assert (
        "target must be one of its columns, 0, 1, 2, kind, weight, got 'kin'" in error
    )


def test_several_jobs_and_a_dask_cluster_give_the_same(data, tmp_path):
    distributed = pytest.importorskip("distributed")
    results = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        address = cluster.scheduler_address
        for options in ([], ["--jobs", "2"], ["--dask", address]):
            out = tmp_path / str(len(results))
            assert main([*small(data, out), *options]) == 0
            rows = json.loads((out / "study.json").read_text("utf-8"))["rows"]
            results.append([row["relative_distance"] for row in rows])
    np.testing.assert_allclose(results[1], results[0], rtol=1e-6)
    np.testing.assert_array_equal(results[2], results[1])


FIGURES = {
    figure.names[0]: figure
    for figure in (figures_1_and_2.FIGURE_1, figures_1_and_2.FIGURE_2)
}
READINGS = {"raw", "norm-1"}


@pytest.fixture
def tiny(monkeypatch, data):
    """The figures, with their claims, on sixty rows."""
    load = figures_1_and_2.load_problem
    usual = dataclasses.replace(section_7.SYNTHETIC, learning_rate=0.5)

    def load_rows(name, data_home, **kwargs):
        return dataclasses.replace(load(data, **kwargs), defaults=usual)

    monkeypatch.setattr(figures_1_and_2, "load_problem", load_rows)
    scale = {"widths": (10, 20), "repeats": 2, "max_iter": 40, "record_every": 2}
    small = (
        dataclasses.replace(figure, quick=dict.fromkeys(figure.quick, scale))
        for figure in FIGURES.values()
    )
    monkeypatch.setattr(reproductions, "PAPERS", [Paper("", tuple(small))])


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_figure_is_judged_claim_by_claim(name, tiny, tmp_path, capsys):
    assert main(["reproduce", name, "--quick", "--out", str(tmp_path / "out")]) == 0
    out = tmp_path / "out"
    content = json.loads((out / "claims.json").read_text("utf-8"))
    claims = content["claims"]
    assert len(claims) == 2 * len(FIGURES[name].claims)
    assert (
        content["settings"]["learning_rate"],
        content["settings"]["batch_size"],
    ) == (
        0.5,
        16,
    )
    known = {"holds", "holds in trend", "does not hold as printed"}
    assert {claim["verdict"] for claim in claims} <= known
    text = (out / "claims.md").read_text("utf-8")
    assert all(claim["ours"] in text for claim in claims)
    told = capsys.readouterr().out
    assert all(claim["reading"] in told for claim in claims)
    for reading in READINGS:
        assert (out / reading / "study.png").exists()
        study = json.loads((out / reading / "study.json").read_text("utf-8"))
        assert study["normalized"] == (reading == "norm-1")


def test_an_interrupted_figure_judges_what_is_complete(
    tiny, tmp_path, capsys, interrupt_fit
):
    interrupt_fit(6)
    assert main(["reproduce", "ll18-fig1", "--quick", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err.endswith("written. The same line goes on.\n")
    claims = json.loads((tmp_path / "claims.json").read_text("utf-8"))["claims"]
    assert len(claims) == len(FIGURES["ll18-fig1"].claims)


def test_the_scale_on_mnist_is_that_of_mnist_only(tiny, tmp_path, capsys):
    out = ["--quick", "--out", str(tmp_path / "out")]
    assert main(["reproduce", "ll18-fig1", "--mnist-repeats", "1", *out]) == 1
    assert "--mnist-* must be for MNIST, got ll18-fig1" in capsys.readouterr().err
    scale = ["--mnist-widths", "8,16", "--mnist-repeats", "1", "--mnist-max-iter", "20"]
    assert main(["reproduce", "ll18-fig2", *scale, *out]) == 0
    settings = json.loads((tmp_path / "out" / "claims.json").read_text())["settings"]
    assert settings["widths"] == [8, 16]
    assert (settings["repeats"], settings["max_iter"]) == (1, 20)


def test_a_theory_sheet_from_the_command_line(data, tmp_path, capsys):
    out = tmp_path / "sheet"
    line = ["theory", "--data", str(data), "--width", "20", "--max-iter", "10"]
    line += ["--epsilon", "0.5", "--normalize", "--device", "cpu", "--seed", "3"]
    assert main([*line, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Li and Liang (2018): N = 45, d = 3, k = 3")
    names = ["sheet.csv", "sheet.json", "sheet.md", "sheet.png"]
    assert sorted(path.name for path in out.iterdir()) == names
    content = json.loads((out / "sheet.json").read_text("utf-8"))
    assert content["setting"]["ε"] == 0.5
    assert content["setting"]["T"] == 10
    (norms,) = (row for row in content["rows"] if row["part"] == "(A2)")
    assert norms["verdict"] == "holds"
    table = pd.read_csv(out / "sheet.csv")
    assert list(table["verdict"]) == [row["verdict"] for row in content["rows"]]
    report = (out / "sheet.md").read_text("utf-8")
    assert report.count("\n| ") == len(content["rows"]) + 2


def test_a_theory_sheet_without_matplotlib(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    line = ["theory", "--data", str(data), "--width", "5", "--max-iter", "5"]
    assert main([*line, "--out", str(tmp_path / "sheet")]) == 0
    *_, note, written = capsys.readouterr().out.splitlines()
    assert note.startswith("No figure: it needs matplotlib")
    assert written.endswith("sheet.md, sheet.json, sheet.csv.")


@pytest.mark.parametrize("epsilon", ["0", "1", "two"])
def test_an_epsilon_that_is_no_error_ends_with_2(epsilon, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["theory", "--epsilon", epsilon])
    assert ended.value.code == 2
    assert f"must be a number in (0, 1), got '{epsilon}'" in capsys.readouterr().err


def test_a_theory_sheet_of_a_fit_that_was_interrupted_is_none(
    data, tmp_path, interrupt_fit, capsys
):
    interrupt_fit(1)
    assert main(["theory", "--data", str(data), "--out", str(tmp_path / "out")]) == 130
    assert not (tmp_path / "out").exists()
    assert "before anything was written" in capsys.readouterr().err
