"""The process that does a study is killed, interrupted, or not alone."""

import os
import shutil
import signal
import time

import numpy as np
import pytest
from faults import studies
from model_selection.counted import table

from overparam_sk.model_selection import WidthStudy


def test_a_killed_study_loses_nothing(driver, undisturbed, rounds, measured, tmp_path):
    """Killed at any moment, the same call goes on and ends with the same table."""
    expected, seconds = undisturbed
    rng = np.random.default_rng(0)
    for number in range(rounds(few=1, full=30)):
        moment = rng.uniform(0, seconds)
        one = driver("nets", tmp_path / f"{number}")
        time.sleep(moment)
        one.process.kill()
        finished = one.records()
        one.process.wait()
        study = studies.nets(one.store, one.log)
        after = one.records()
        lost = [name for name in finished if after[name] != finished[name]]
        redone = one.begun() - studies.N_FITS
        same = table(study) == expected
        measured(
            "driver killed (24 fits, n_jobs=2)",
            f"{number + 1:2}: after {moment:.2f} s of {seconds:.2f} s, "
            f"{len(finished):2} finished, {len(lost)} lost, {redone} redone, "
            f"{'identical' if same else 'DIFFERENT'}",
        )
        assert lost == []
        assert 0 <= redone <= 2
        assert same
        assert {path.name for path in one.store.iterdir()} == LEFT
        one.clear_away()
        shutil.rmtree(one.store)


LEFT = {"fits", "lock", "study.json", "study-copy.json"}


def test_a_store_in_use_is_refused_until_its_process_is_dead(
    driver, undisturbed, tmp_path
):
    one = driver("one_by_one", tmp_path)
    one.wait_for(one.records)
    with pytest.raises(BlockingIOError, match=f"in use by process {one.process.pid} "):
        studies.one_by_one(one.store, one.log)
    assert one.process.poll() is None
    one.process.kill()
    one.process.wait()
    study = studies.nets(one.store, one.log)
    assert one.begun() <= studies.N_FITS + 1
    assert table(study) == undisturbed[0]


def test_ctrl_c_ends_a_study_and_keeps_no_half_trained_net(
    driver, undisturbed, rounds, measured, tmp_path
):
    expected, _ = undisturbed
    rng = np.random.default_rng(1)
    for number in range(rounds(few=1, full=10)):
        one = driver("nets", tmp_path / f"{number}")
        some = int(rng.integers(1, 15))
        one.wait_for(lambda one=one, some=some: len(one.records()) >= some)
        time.sleep(rng.uniform(0.05, 0.25))  # a fit takes about as long
        started = time.perf_counter()
        os.killpg(one.process.pid, signal.SIGINT)
        assert one.process.wait(timeout=30) == -signal.SIGINT
        ended = time.perf_counter() - started
        while not one.group_is_gone():
            assert time.perf_counter() < started + 60
            time.sleep(0.02)
        gone = time.perf_counter() - started
        errors = one.errors.read_text()
        kept = table(WidthStudy.load(one.store))
        said = f"{len(kept)} of {studies.N_FITS} fits were done and are kept in "
        last = f"KeyboardInterrupt: {said}{str(one.store)!r}: the same call goes on."
        assert errors.splitlines()[-1] == last
        assert len(errors.splitlines()) < 20
        assert len(kept) >= max(1, some)
        assert all(row in expected for row in kept)
        begun = one.begun()
        study = studies.nets(one.store, one.log)
        same = table(study) == expected
        measured(
            "Ctrl-C (24 fits, n_jobs=2)",
            f"{number + 1:2}: ended in {ended:.2f} s, its "
            f"workers in {gone:.2f} s; {begun} begun, {len(kept)} finished, "
            f"{one.begun() - studies.N_FITS} redone, "
            f"{'identical' if same else 'DIFFERENT'}",
        )
        assert one.begun() - studies.N_FITS <= 2
        assert same
