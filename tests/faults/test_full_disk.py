"""The disk is full while a study writes."""

import json
import subprocess
import sys

import pytest
from faults import full_disk
from model_selection.counted import table


@pytest.fixture
def scenario(environment, tmp_path, measured):
    """Run ``full_disk`` in a child process, and check what it says of each study."""

    def run(how, n_jobs, free, before=()):
        folder = tmp_path / "small"
        folder.mkdir()
        done = subprocess.run(
            [
                *(arg if arg != "FOLDER" else str(folder) for arg in before),
                *(sys.executable, "-m", "faults.full_disk", how, str(folder)),
                *map(str, [n_jobs, *free]),
            ],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        log = folder / "expected"
        (folder / "expected-mended").touch()
        expected = json.loads(json.dumps(table(full_disk.study(None, log))))
        for found in map(json.loads, done.stdout.splitlines()):
            same = found.pop("last") == expected
            measured(
                f"disk full ({how}), 12 fits",
                f"{found['free']:6} bytes free, n_jobs={n_jobs}: {found['error']}, "
                f"{found['kept']} kept; then {found['redone']} redone, "
                f"{'identical' if same else 'DIFFERENT'}; "
                f"retry_failed: {found['retry_error']}",
            )
            yield found
            # What could not be written, and no more.
            lost = 1 if n_jobs == 1 else full_disk.N_FITS - found["kept"]
            assert found["redone"] <= lost
            assert found["failures"] == 2
            assert found["retried_failures"] in (0, None)
            assert same

    return run


@pytest.fixture
def small_disk():
    """How to run a command in a name space of its own, with a small disk at FOLDER."""
    mount = 'mount -t tmpfs -o size=16m tmpfs "$0"'
    inside = ["unshare", "-rm", "sh", "-c"]
    if subprocess.run([*inside, mount, "/mnt"], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here, even in a user namespace")
    return [*inside, f'{mount} && exec "$@"', "FOLDER"]


def test_a_full_file_system(scenario, small_disk, rounds):
    """Full in the middle of the configuration, of the data, of every record."""
    free = rounds(few=[0, 4096, 32768, 65536], full=range(0, 160_000, 4096))
    errors = [found["error"] for found in scenario("disk", 1, free, small_disk)]
    assert len(errors) == len(free)
    assert all("No space left on device" in error for error in errors[:24])


def test_a_full_file_system_under_two_workers(scenario, small_disk, rounds):
    if not rounds(few=False, full=True):
        pytest.skip("takes the start of four processes; asked for by --rounds full")
    (found,) = scenario("disk", 2, [65536], small_disk)
    assert "No space left on device" in found["error"]
    assert found["kept"] > 0


def test_files_that_may_not_become_larger(scenario, rounds):
    free = rounds(few=[0, 5000], full=range(0, 7000, 200))
    all_found = list(scenario("limit", 1, free))
    assert len(all_found) == len(free)
    for found in all_found:
        assert "File too large" in found["error"] or found["free"] > 5500
