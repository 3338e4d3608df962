"""A worker process of joblib dies while it fits."""

from functools import partial

import pytest
from faults.deadly import Deadly, deadly_score, slow_to_send
from model_selection.counted import fits_begun, table
from sklearn.datasets import load_iris

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import width_study
from overparam_sk.parameters import repeat_seeds

X, y = load_iris(return_X_y=True)


def study(folder, times=None, after=None, **options):
    """A fit of each width from 6 to 1, in that order."""
    net = Deadly(str(folder / "log"), times=times, folder=str(folder), after=after)
    return width_study(
        {"net": net},
        *(X[::2], y[::2]),
        X_test=X[1::2],
        y_test=y[1::2],
        values=range(1, 7),
        repeats=1,
        random_state=0,
        **{"scoring": "accuracy", **options},
    )


def test_a_fit_whose_worker_dies_is_tried_again(tmp_path, rounds, measured):
    """Two deaths are survived; after four the fit has failed, and no other."""
    times, store = {"6": 99, "3": rounds(few=0, full=2)}, tmp_path / "store"
    found = study(tmp_path, times, n_jobs=2, store=store)
    (failed,) = found.failures
    died = [fits_begun(tmp_path / f"{width}-deaths") for width in (6, 3)]
    begun = fits_begun(tmp_path / "log")
    same = table(study(tmp_path))[:5] == table(found)[:5]
    measured(
        "loky worker died (6 fits, n_jobs=2)",
        f"deaths {died}: {len(found.fits) - 1} done, {begun - 5} of them twice, "
        f"{'identical' if same else 'DIFFERENT'}; 1 failed: {failed.failure}",
    )
    assert failed.value == 6
    assert failed.failure == "its worker process died 4 times while it was fitted."
    assert died == [4, times["3"]]
    assert begun <= 5 + 2
    assert same
    again = study(tmp_path, times, store=store)
    assert table(again) == table(found)


def test_what_was_finished_beside_a_dying_worker_is_not_done_again(tmp_path, rounds):
    """The worker dies when the other fit is written, before the study knows of it."""
    if not rounds(few=False, full=True):
        pytest.skip("takes the start of four processes; asked for by --rounds full")
    study(
        tmp_path,
        {"6": 1},
        "store/fits/net-5-*.json",
        scoring=slow_to_send,
        n_jobs=2,
        store=tmp_path / "store",
    )
    begun = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(begun) == list("123456")


@pytest.mark.parametrize("times", [1, 99])
def test_fits_that_are_done_as_one_lose_only_the_one_that_kills(tmp_path, times):
    """The process dies where one of three fits is scored; the others are as ever."""
    net = OverparamReLUClassifier(20, max_iter=5, learning_rate=1.0)
    assert net.__fits_together__(75, 4) > 1
    seeds = repeat_seeds(0, 3)

    def study(times, **options):
        return width_study(
            net,
            *(X[::2], y[::2]),
            X_test=X[1::2],
            y_test=y[1::2],
            values=[20],
            repeats=3,
            random_state=0,
            scoring=partial(deadly_score, folder=tmp_path, seed=seeds[2], times=times),
            **options,
        )

    found, expected = study(times, n_jobs=2), table(study(0))
    if times == 1:
        assert table(found) == expected
        return
    (failed,) = found.failures
    assert failed.seed == seeds[2]
    assert failed.failure == "its worker process died 4 times while it was fitted."
    del expected[2]
    assert [row for i, row in enumerate(table(found)) if i != 2] == expected
