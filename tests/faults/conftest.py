"""How many faults are made to happen, the table of what came of them, and drivers."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from faults import studies
from model_selection.counted import table

MEASURED = pytest.StashKey[dict[str, list[str]]]()


def pytest_configure(config):
    config.stash[MEASURED] = defaultdict(list)


def pytest_collection_modifyitems(config, items):
    if config.getoption("rounds") == "full":
        for item in items:
            item.add_marker(pytest.mark.timeout(1800))


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("rounds") == "few":
        return
    for title, lines in config.stash.get(MEASURED, {}).items():
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def rounds(request):
    """How many rounds: ``rounds(few=2, full=30)``."""
    which = request.config.getoption("rounds")
    return lambda **counts: counts[which]


@pytest.fixture
def measured(request):
    """Add a line to the table that is printed at the end."""
    lines = request.config.stash[MEASURED]
    return lambda title, line: lines[title].append(line)


@pytest.fixture(scope="module")
def environment():
    """Of child processes: they find these tests, and the package that is tested."""
    import overparam_sk

    paths = [Path(__file__).parents[1], Path(overparam_sk.__file__).parents[1]]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}


class Driver:
    """A process of its own, and of its own group, that does a study of ``studies``."""

    def __init__(self, name, folder, environment):
        self.store, self.log = folder / "store", folder / "log"
        self.errors = folder / "errors"
        with self.errors.open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "faults.drive", name, self.store, self.log],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout.readline() == "begins\n", self.errors.read_text()

    def records(self):
        """Name -> bytes of the finished fits."""
        found = (self.store / "fits").glob("*.json")
        return {path.name: path.read_bytes() for path in found}

    def begun(self):
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def wait_for(self, what, seconds=60):
        end = time.monotonic() + seconds
        while not what():
            assert self.process.poll() is None, self.errors.read_text()
            assert time.monotonic() < end
            time.sleep(0.02)

    def group_is_gone(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 0)
            return False
        return True

    def clear_away(self):
        """End what is left of the group.

        Not with SIGKILL: loky's trackers clear away its semaphores and folders when the
        workers are gone, and so they ignore SIGTERM.
        """
        end = time.monotonic() + 20
        while not self.group_is_gone():
            which = signal.SIGTERM if time.monotonic() < end else signal.SIGKILL
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, which)
            self.process.poll()
            time.sleep(0.05)
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def driver(environment):
    """Start drivers, and leave none behind."""
    started = []

    def start(name, folder):
        folder.mkdir(exist_ok=True)
        started.append(Driver(name, folder, environment))
        return started[-1]

    yield start
    for one in started:
        one.clear_away()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The table and the seconds of a study of nets that nothing happens to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    studies.nets(None, folder / "log", repeats=1)  # the workers' imports
    started = time.perf_counter()
    found = studies.nets(folder / "store", folder / "log")
    assert found.failures == []
    return table(found), time.perf_counter() - started
