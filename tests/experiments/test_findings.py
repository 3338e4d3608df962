"""What is said of a study is what its rows say."""

from pathlib import Path

import pytest
from experiments.made_up import row, study

from overparam_sk.experiments.findings import finding, in_the_picture, legend


def of_widths(power, **settings):
    rows = [
        row(m, r, relative_distance=2 * m**power, activation_change=0.1, **settings)
        for m in (10, 100, 1000)
        for r in (0, 1)
    ]
    return study(*rows)


@pytest.mark.parametrize(
    ("power", "words"),
    [
        (-0.5, "the relative distance falls as m^(-0.50)"),
        (0.25, "the relative distance rises as m^(0.25)"),
        (-0.01, "the relative distance does not depend on it"),
    ],
)
def test_how_figures_go_with_the_width_is_fitted(power, words):
    told = finding(of_widths(power))
    assert told == (
        "From width 10 to 1000 the test accuracy stays 1.0000 ± 0.0000, "
        f"{words} and the pattern change does not depend on it."
    )


def test_the_accuracy_goes_somewhere_and_a_baseline_stands_beside_it():
    made = study(row(10, test_accuracy=0.5), row(20, test_accuracy=0.75))
    made.baselines.update(svm=[0.5, 0.7], knn=[float("nan")], kernel=[0.625])
    told = finding(made)
    assert told.startswith("From width 10 to 20 the test accuracy goes from 0.5000 to")
    assert told.endswith(" and the best baseline, kernel, has 0.6250.")


def test_what_goes_up_and_down_does_not_stay():
    there_and_back = [(10, 0.1, 0.5), (100, 0.9, 0.75), (1000, 0.1, 0.5)]
    told = finding(
        study(
            *(
                row(m, relative_distance=r, test_accuracy=a)
                for m, r, a in there_and_back
            )
        )
    )
    assert told.startswith(
        "From width 10 to 1000 the test accuracy begins and ends at 0.5000, the "
        "relative distance neither rises nor falls, from 0.1 to 0.9 and"
    )


def test_a_single_width_has_no_exponent():
    assert finding(study(row(10))) == (
        "At width 10 the test accuracy is 1.0000, 5.0% of the activation patterns "
        "changed and W ends at a relative distance of 0.05."
    )


def test_of_what_is_0_there_is_no_exponent():
    still = {"relative_distance": 0.0, "activation_change": 0.0}
    told = finding(study(row(10, **still), row(20, **still)))
    assert told.count("has no exponent, being 0 or unknown at most widths") == 2


def test_of_nothing_nothing_is_said():
    lost = study(row(10, failure="it diverged"))
    assert finding(lost) == "Nothing was found: no fit has figures."


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((20, 20), "every fit reaches 90% test accuracy, after 20 steps"),
        ((10, 4000), "every fit reaches 90% test accuracy, after 10 to 4000 steps"),
        ((None, 30), "1 of 2 fits reach 90% test accuracy, after 30 steps"),
        ((None, None), "no fit reaches 90% test accuracy"),
    ],
)
def test_where_the_picture_is_and_what_it_shows_are_two_sentences(steps, words):
    rows = [row(10, i, steps_to_target=n) for i, n in enumerate(steps)]
    told = in_the_picture(study(*rows), Path("out"))
    where, shows = told.split(". ")
    assert where.startswith(f"The picture is {Path('out') / 'study.png'}, with")
    ends = "W ends at a relative distance of 0.05."
    assert shows == f"They show that {words}, and that {ends}"


def test_every_column_is_explained():
    from overparam_sk.experiments import summary_table

    for made in (study(row(10), row(10, 1)), study(row(10), n_clusters=20)):
        told = "\n".join(legend(made))
        head = summary_table(made)[0]
        assert head[0] == "width"
        for column in head[1:]:
            assert column in told
        assert ("±" in told) == (made.repeats > 1)
    looked = study(row(10), fit_params={"record_every": 5})
    assert "looked at every 5 steps." in "\n".join(legend(looked))
