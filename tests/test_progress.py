"""The counter and its estimate."""

import io
import sys

import pytest

from overparam_sk.progress import progress_bar, time_left


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("elapsed", "done", "work", "text"),
    [
        (10, 1, 2, "about 10 s left"),
        (60, 1, 3, "about 2 min 00 s left"),
        (3600, 1, 3, "about 2 h 00 min left"),
        (75, 3, 3, "done in 1 min 15 s"),
    ],
)
def test_the_rest_is_estimated_from_the_work_done(elapsed, done, work, text):
    assert time_left(elapsed, done, work) == text


def run_bar():
    with progress_bar(2, 30.0) as advance:
        advance(10.0)
        advance(20.0)


def test_a_file_gets_a_line_a_fit(capsys):
    run_bar()
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("1/2 fits, about")
    assert last.startswith("2/2 fits, done in")


def test_a_terminal_without_rich_gets_one_line(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    run_bar()
    assert terminal.getvalue().count("\n") == 1
    assert "\r2/2 fits" in terminal.getvalue()


def test_a_terminal_with_rich_gets_a_bar(monkeypatch):
    pytest.importorskip("rich")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run_bar()
    assert "2/2" in terminal.getvalue()
    assert "done in" in terminal.getvalue()


def test_it_can_be_silent(capsys):
    with progress_bar(1, 1.0, enabled=False) as advance:
        advance(1.0)
    assert capsys.readouterr().err == ""
