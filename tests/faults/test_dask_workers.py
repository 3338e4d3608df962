"""Workers of a dask cluster are killed, or do not see the store."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from faults import studies
from joblib import parallel_config
from model_selection.counted import table

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    # A cluster gives up a worker that is starting anew some seconds after a death, even
    # if that is a second death.
    patient = dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
    with (
        patient,
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


def on(client, folder):
    with parallel_config("dask"):
        return studies.nets(folder / "store", folder / "log", n_jobs=None)


def workers(client, killed):
    """Process ids of two workers, as soon as those that were killed are replaced."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        client.wait_for_workers(2, timeout=60)
        pids = set(client.run(studies.process_id, on_error="return").values())
        are_alive = all(isinstance(pid, int) for pid in pids)
        if len(pids) == 2 and are_alive and not pids & killed:
            return sorted(pids)
        time.sleep(0.1)
    raise TimeoutError("no new workers within a minute")


class Killer(threading.Thread):
    """Kills the workers at the given moments, each once."""

    def __init__(self, moments, pids):
        super().__init__()
        self.moments, self.pids = moments, pids

    def run(self):
        started = time.monotonic()
        for moment, pid in zip(self.moments, self.pids, strict=True):
            time.sleep(max(0, started + moment - time.monotonic()))
            os.kill(pid, signal.SIGKILL)


def test_killed_workers_change_nothing(client, undisturbed, rounds, measured, tmp_path):
    """One worker is killed, or one and then the other."""
    expected, seconds = undisturbed
    rng, killed = np.random.default_rng(2), set()
    twice = rounds(few=[True], full=[number % 5 in (1, 3) for number in range(20)])
    for number, both in enumerate(twice):
        pids = workers(client, killed)
        moments = sorted(rng.uniform(0, seconds, size=1 + both))
        folder = tmp_path / f"{number}"
        folder.mkdir()
        killer = Killer(moments, rng.permutation(pids)[: 1 + both].tolist())
        killer.start()
        study = on(client, folder)
        killer.join()
        killed |= set(killer.pids)
        begun = len((folder / "log").read_text().splitlines())
        same = table(study) == expected
        measured(
            "dask worker killed (24 fits, 2 workers)",
            f"{number + 1:2}: {1 + both} killed, after "
            f"{', '.join(f'{m:.2f}' for m in moments)} s; {len(study.fits)} fits, "
            f"{len(study.failures)} failed, {begun - 24} redone, "
            f"{'identical' if same else 'DIFFERENT'}",
        )
        assert same
        shutil.rmtree(folder)
    workers(client, killed)


def test_a_worker_that_does_not_see_the_store_is_sent_the_data(
    cluster, client, undisturbed, environment, measured, tmp_path
):
    """Its own file system hides the store; the records come to the driver's."""
    store = tmp_path / "store"
    store.mkdir()
    hidden = ["unshare", "-rm", "sh", "-c"]
    mount = 'mount -t tmpfs tmpfs "$0"'
    if subprocess.run([*hidden, mount, store], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here, even in a user namespace")
    with (tmp_path / "errors").open("w") as errors:
        blind = subprocess.Popen(
            [
                *(*hidden, f'{mount} && exec "$@"', store),
                *(sys.executable, "-m", "distributed.cli.dask_worker"),
                *(cluster.scheduler_address, "--nthreads=1", "--no-nanny"),
                *("--no-dashboard", "--local-directory", tmp_path / "blind"),
            ],
            env=environment,
            stderr=errors,
        )
    try:
        client.wait_for_workers(3, timeout=60)
        client.run(studies.process_id)
        study = on(client, tmp_path)
    finally:
        blind.terminate()
        blind.wait()
    by = [line.split()[-1] for line in (tmp_path / "log").read_text().splitlines()]
    records = list((store / "fits").glob("*.json"))
    same = table(study) == undisturbed[0]
    measured(
        "dask worker that does not see the store",
        f"{by.count(str(blind.pid))} of {len(by)} fits there, {len(records)} records "
        f"in the driver's store, {'identical' if same else 'DIFFERENT'}",
    )
    assert by.count(str(blind.pid)) > 0
    assert set(by) != {str(blind.pid)}
    assert len(records) == studies.N_FITS
    assert same
