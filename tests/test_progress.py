"""What is being fitted, how long it will take, and the first figures."""

import io
import sys
import time

import nbformat
import pytest
from nbclient import NotebookClient

from overparam_sk.progress import counted, duration, progress_bar
from overparam_sk.progress.fits import Fits

FITS = [("width 40", 40.0), ("width 10", 10.0), ("svm", 25.0)] * 2


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (10, "10 s"),
        (75, "1 min 15 s"),
        (120, "2 min 00 s"),
        (3600, "1 h 00 min"),
        (360000, "100 h 00 min"),
    ],
)
def test_a_time_is_written_down(seconds, text):
    assert duration(seconds) == text


def test_the_rest_is_estimated_by_kinds_and_else_by_work():
    fits = Fits(FITS)
    assert fits.left(0.0) == 0.0
    fits.finish("width 40", 8.0, None)
    # One more of 8 s, and of the others 2 * (10 + 25) at 40 a 8 s.
    assert fits.left(8.0) == pytest.approx(8 + 14)
    fits.finish("svm", 1.0, None)
    # Now an svm takes 1 s, and the work unknown is done at 65 a 9 s.
    assert fits.left(9.0) == pytest.approx(8 + 1 + 2 * 10 * 9 / 65)
    fits.finish("width 10", 3.0, None)
    assert fits.left(12.0) == pytest.approx(8 + 1 + 3)
    # Two at a time are done in half of that.
    assert fits.left(6.0) == pytest.approx((8 + 1 + 3) / 2)
    for kind in ("width 40", "width 10", "svm"):
        fits.finish(kind, 1.0, None)
    assert fits.left(15.0) == 0.0


def test_what_is_done_at_once_has_no_estimate():
    fits = Fits(FITS)
    fits.finish("svm", 0.0, None)
    assert fits.left(0.0) == 0.0


def test_first_figures_are_means_by_kind_in_order_of_their_work():
    fits = Fits(FITS)
    fits.finish("width 40", 2.0, ("accuracy", 0.5))
    fits.finish("width 40", 4.0, ("accuracy", 0.75))
    fits.finish("width 10", 1.0, None)
    assert fits.table == [
        ["", "fits", "mean accuracy", "seconds a fit"],
        ["width 10", "1/2", "–", "1"],
        ["width 40", "2/2", "0.625", "3"],
    ]
    assert (
        fits.as_text.splitlines()[-1] == "width 40   2/2          0.625              3"
    )


@pytest.mark.parametrize(
    ("fits", "words"),
    [
        (FITS[:1], "1 fit: 1 of width 40"),
        (FITS, "6 fits: 2 of width 10, 2 of svm, 2 of width 40"),
        (
            [(f"width {m}", m) for m in range(1, 100)],
            "99 fits: 1 of width 1, …, 1 of width 99",
        ),
    ],
)
def test_what_is_to_be_done_is_said_first(fits, words, capsys):
    with progress_bar(fits):
        pass
    assert capsys.readouterr().err.splitlines()[0] == words


def run(fits=FITS):
    with progress_bar(fits) as progress:
        for kind, _ in fits:
            progress.begin(kind)
            progress.done(kind, figure=("accuracy", 0.5))


def test_a_file_gets_a_few_lines_and_the_first_figures_once(capsys):
    run()
    told = capsys.readouterr().err
    first, *rest, last = told.splitlines()
    assert first.startswith("6 fits:")
    assert rest[0].startswith("1/6 fits, about 0 s left; now width 40")
    assert rest[3].split() == ["fits", "mean", "accuracy", "seconds", "a", "fit"]
    assert [line.split()[-2] for line in rest[4:7]] == ["0.5"] * 3
    assert last == "6/6 fits, done in 0 s"
    assert told.count("accuracy") == 1


@pytest.mark.parametrize("n", [1, 2, 10, 11, 99, 5000])
def test_however_many_fits_the_lines_are_few_and_plain(n, capsys):
    run([(f"width {i % 3}", 1.0) for i in range(n)])
    told = capsys.readouterr().err
    assert 2 <= len(told.splitlines()) <= 1 + 10 + 4
    assert told.splitlines()[-1].startswith(f"{n}/{n} fits, done in")
    assert not set(told) & set(map(chr, range(32))) - {"\n"}


def test_a_terminal_without_rich_is_a_file(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setitem(sys.modules, "rich.live", None)
    run()
    assert terminal.getvalue().splitlines()[-1] == "6/6 fits, done in 0 s"
    assert "\x1b" not in terminal.getvalue()


def test_a_terminal_with_rich_gets_a_bar_and_a_table(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar(FITS) as progress:
        progress.begin("width 40")
        progress.done("width 40", figure=("accuracy", 0.5))
        progress.begin("width 10")
        deadline = time.monotonic() + 30
        while "mean accuracy" not in terminal.getvalue():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for kind, _ in FITS[1:]:
            progress.done(kind)
    told = terminal.getvalue()
    assert "now width 10" in told
    assert "━" in told
    assert "6/6 fits, done in" in told


def test_what_is_printed_meanwhile_goes_where_it_belongs(monkeypatch, capsys):
    pytest.importorskip("rich")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress_bar(FITS):
        print("a result")
    assert capsys.readouterr().out == "a result\n"
    assert "a result" not in terminal.getvalue()


def test_it_can_be_silent(capsys):
    with progress_bar(FITS, enabled=False) as progress:
        progress.done("svm")
    with progress_bar([]):
        pass
    assert capsys.readouterr().err == ""


def test_what_is_counted_is_all_there_is(capsys):
    assert list(counted(range(3), lambda i: f"kind {i}")) == [0, 1, 2]
    assert capsys.readouterr().err.splitlines()[-1] == "3/3 fits, done in 0 s"


def test_who_stops_early_is_told_no_end(capsys):
    for _ in counted("ab", str):
        break
    assert "done in" not in capsys.readouterr().err


CELL = """
from overparam_sk.progress import progress_bar

with progress_bar([("width 10", 1.0), ("width 40", 4.0)] * 2) as progress:
    for kind in ("width 40", "width 10"):
        progress.begin(kind)
        progress.done(kind, figure=("accuracy", 0.5))
    {then}
"""
REST = """
    for kind in ("width 40", "width 10"):
        progress.done(kind)
"""


@pytest.mark.parametrize(
    ("then", "n_lines", "line"),
    [
        ("pass", 4, "2/4 fits, about 0 s left; now width 10"),
        (REST.strip(), 1, "4/4 fits, done in 0 s"),
    ],
)
def test_a_notebook_has_one_text_that_is_replaced(then, n_lines, line):
    """A kernel runs it, and this is the notebook that is left."""
    cells = [nbformat.v4.new_code_cell(CELL.format(then=then))]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=250, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    lines = output.data["text/plain"].splitlines()
    assert len(lines) == n_lines
    assert lines[-1] == line
