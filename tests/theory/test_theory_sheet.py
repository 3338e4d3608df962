"""The sheet of theorems: its door, its forms, and what it must not depend on."""

import copy
import json
import math
import pickle

import numpy as np
import pytest
from estimators.small_nets import EVERY, X, classifier, y
from sklearn.exceptions import NotFittedError

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture, separability
from overparam_sk.theory import PowerProduct, SheetRow, TheorySheet, theory_sheet
from overparam_sk.theory._li_liang_2018.facts import Facts

PLAIN = {"learning_rate": 1.0, "batch_size": 8, "fit_intercept": False}
OF_A_PAPER = {"classifier", "regressor"}


def found(sheet):
    return {(row.part, row.quantity): row.found for row in sheet.rows}


@pytest.fixture(scope="module")
def sheet():
    return theory_sheet(classifier(**PLAIN).fit(X, y), X, y)


# -------------------------------------------------------------------------- the door
@pytest.mark.parametrize("name", sorted(set(EVERY) - OF_A_PAPER))
def test_an_estimator_of_no_theorem_is_refused(name):
    net = EVERY[name]().fit(X, y)
    with pytest.raises(ValueError, match="estimator must be a fitted OverparamReLU"):
        theory_sheet(net, X, y)


def test_before_fit_there_is_no_sheet():
    with pytest.raises(NotFittedError):
        theory_sheet(classifier(), X, y)


def test_other_rows_are_refused():
    net = classifier().fit(X, y)
    with pytest.raises(ValueError, match="3 features"):
        theory_sheet(net, X[:, :2], y)
    with pytest.raises(ValueError, match=r"y must hold classes of the estimator, \[0"):
        theory_sheet(net, X, y + 1)


# --------------------------------------------------------------------------- the forms
ROWS = (
    SheetRow("T 1", "much", "m", 10.0, ">=", PowerProduct({"n": 10.0}, {"n": 400})),
    SheetRow("T 1", "little", "η", 1e-3, "<=", 1e-2, "A <note>."),
    SheetRow("T 1", "zero", "γ", 0.0, ">", 0.0),
    SheetRow("T 1 (a)", "a number", "τ", 3.0),
    SheetRow("L 2", "no figure", "v", None, "<=", 1.0, "v is 0."),
)
VERDICTS = [
    *("does not hold", "holds", "does not hold", "nothing asked", "cannot be tested"),
]


@pytest.fixture
def made_up():
    return TheorySheet("Made Up (2031)", {"n": 10.0, "ε": 0.5}, ROWS)


def test_every_row_has_a_verdict(made_up):
    assert [row.verdict for row in made_up.rows] == VERDICTS
    short = [row.digits_short for row in made_up.rows]
    assert short == [pytest.approx(399), None, None, None, None]
    assert made_up.rows[0].costliest == "n"


def test_rows_are_found_by_part_and_by_symbol(made_up):
    assert made_up["T 1"] == ROWS[:4]
    assert made_up["T 1 (a)"] == ROWS[3:4]
    assert made_up["v"] == ROWS[4:]
    with pytest.raises(KeyError, match="no row has the symbol or part 'T 2'"):
        made_up["T 2"]


def test_it_prints_as_a_table(made_up):
    text = str(made_up)
    head, *lines = text.splitlines()
    assert head == "Made Up (2031): n = 10, ε = 0.5"
    (line,) = (line for line in lines if "much" in line)
    assert "10  " in line
    assert ">= 10^400.0 = n^400" in line
    assert "does not hold: 399.0 digits off" in line
    assert "Digits: n +400.0; n costs most." in text
    assert "A <note>." in text
    page = made_up._repr_html_()
    assert "A &lt;note&gt;." in page
    assert page.count("<tr") == 1 + len(ROWS)


def test_it_is_plain_values_and_a_frame(made_up):
    content = json.loads(json.dumps(made_up.to_dict(), allow_nan=False))
    assert content == made_up.to_dict()
    assert [row["verdict"] for row in content["rows"]] == VERDICTS
    assert content["rows"][0]["required_log10"] == 400
    frame = made_up.to_frame()
    assert list(frame["symbol"]) == ["m", "η", "γ", "τ", "v"]
    assert list(frame.columns) == list(content["rows"][0])
    assert pickle.loads(pickle.dumps(made_up)) == made_up


def test_it_is_drawn_by_its_digits(made_up):
    ax = made_up.plot()
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["T 1: m >=", "T 1: η <="]  # what compares positive numbers
    drawn = {tuple(line.get_xdata()) for line in ax.lines}
    assert {(1.0, 400.0), (-3.0, -2.0)} <= drawn
    assert [text.get_text().strip() for text in ax.texts] == ["n: +400.0"]


def test_every_required_power_is_named_among_its_bases(sheet):
    products = [row.required for row in sheet.rows if row.relation and row.note]
    for product in products:
        if isinstance(product, PowerProduct):
            assert product.bases.keys() == product.powers.keys()
            assert math.isfinite(product.log10)


def test_a_row_says_that_constants_are_1(sheet):
    for row in sheet.rows:
        if isinstance(row.required, PowerProduct) and row.part != "Theorem 4.1":
            asks_of_n = row.part.endswith("(§4)")
            assert asks_of_n or "onstants" in row.note or "v ≤ 1" in row.note


# ------------------------------------------------------- what it must not depend on
def test_the_estimator_stays_as_it_is():
    net = classifier().fit(X, y)
    before = copy.deepcopy(vars(net))
    data = X.copy(), y.copy()
    theory_sheet(net, X, y)
    assert vars(net).keys() == before.keys()
    for name, value in before.items():
        np.testing.assert_equal(vars(net)[name], value)
    np.testing.assert_equal((X, y), data)


def test_chunks_of_units_are_one_network(monkeypatch):
    net = classifier(width=50, **PLAIN).fit(X, y)
    whole = found(theory_sheet(net, X, y))
    module = "overparam_sk.theory._li_liang_2018.facts._BLOCK_ELEMENTS"
    monkeypatch.setattr(module, 7 * len(X))
    assert found(theory_sheet(net, X, y)) == pytest.approx(whole)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_longer_rows_are_further_apart(factor):
    """x → cx with w → w/c is the same function, and a step of η/c² keeps it so."""
    nets = [
        classifier(**{**PLAIN, "learning_rate": 0.5 / c**2}).fit(c * X, y)
        for c in (1.0, factor)
    ]
    one, other = (
        theory_sheet(net, c * X, y) for net, c in zip(nets, (1.0, factor), strict=True)
    )
    assert other["δ"][0].found == pytest.approx(factor * one["δ"][0].found)
    for symbol in ("λ", "α", "1 − ⟨x,x'⟩²"):
        assert other[symbol][0].found == pytest.approx(one[symbol][0].found)
    wider, width = (s["Theorem 4.1"][0].required_log10 for s in (other, one))
    assert wider == pytest.approx(width - 12 * math.log10(factor))


@pytest.mark.parametrize("labels", [y, np.array(["b", "a"])[y], 7 - y])
def test_labels_are_names(labels):
    net = classifier(**PLAIN).fit(X, labels)
    sheet = theory_sheet(net, X, labels)
    (error,) = sheet["error"]
    assert error.found == pytest.approx(1 - net.score(X, labels))


# ------------------------------------------------------------------- the coordinates
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "options",
    [
        {},  # centred and of one scale, with a constant 1
        {"fit_intercept": False},
        {"learning_rate": 1e-5},
        {**PLAIN, "learning_rate": 1e-5},
    ],
)
def test_it_is_the_network_as_the_paper_writes_it(options, dtype):
    rows = (100 + 5 * X).astype(dtype)
    net = classifier(width=3000, **options).fit(rows, y)
    facts = Facts.of(net, rows, y, 0.02)
    Z = np.maximum(facts.rows @ facts.W.T, 0) @ facts.a.T
    margin = Z[:, 1] - Z[:, 0]
    rounding = 1e-3 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(
        margin, net.decision_function(rows), rtol=rounding, atol=100 * rounding
    )
    assert facts.scaled == hasattr(net, "scale_")
    # W(0) ~ N(0, I/m) in these coordinates: within five standard errors, (A3).
    assert theory_sheet(net, rows, y)["w_r(0)"][0].holds
    assert facts.W0.std() * 3000**0.5 == pytest.approx(1, abs=0.05)


def test_a_start_that_is_not_the_paper_s_is_seen():
    net = classifier(width=3000, **PLAIN).fit(X, y)
    facts = Facts.of(net, X, y, 0.02)
    net.readout_weights_ *= 1.1
    (row,) = theory_sheet(net, X, y)["a_{i,r}"]
    assert not row.holds
    assert row.found == pytest.approx(
        abs(np.mean((1.1 * facts.a) ** 2) - 1) * (3000 * 2 / 2) ** 0.5, rel=1e-5
    )


@pytest.mark.parametrize(
    ("options", "momentum", "is_plain"),
    [
        ({}, 0.9, 0),
        (PLAIN, 0, 1),
        ({**PLAIN, "momentum": 0.5}, 0.5, 1),
        ({**PLAIN, "class_weight": {0: 2.0, 1: 1.0}}, 0, 0),
    ],
)
def test_how_it_was_trained(options, momentum, is_plain):
    sheet = theory_sheet(classifier(**options).fit(X, y), X, y)
    assert sheet["momentum"][0].found == momentum
    assert sheet["plain"][0].found == is_plain
    B = options.get("batch_size", 20)
    assert sheet["T·B/N"][0].found == 5 * B / 20
    assert sheet.setting["B"] == B


OTHERS = {
    "the same": (X, y, None, True),
    "in another order": (X[::-1], y[::-1], None, True),
    "turned": (-X, y, None, False),
    "some": (X[:13], y[:13], None, False),
    "twice as long": (2 * X, y, None, False),
    "other labels": (X, 1 - y, None, False),
    "weighted": (X, y, np.arange(1.0, 21.0), False),
    "weights of 2": (X, y, np.full(20, 2.0), True),  # they are relative
}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("how", OTHERS)
def test_rows_that_are_not_those_of_the_fit_are_seen(how, dtype):
    rows, labels, weights, same = OTHERS[how]
    net = classifier(**PLAIN).fit(X.astype(dtype), y, sample_weight=weights)
    (row,) = theory_sheet(net, rows.astype(dtype), labels)["L(w(T))"]
    assert row.holds is same


def test_where_no_loss_of_all_rows_is_known_none_is_compared():
    net = classifier(**PLAIN, diagnostics=None).fit(X, y)
    (row,) = theory_sheet(net, X, y)["L(w(T))"]
    assert row.found is None
    assert row.holds is None


# --------------------------------------------------------------------- special data
def test_equal_rows_of_two_classes_are_told():
    twice, labels = np.concatenate([X, X[:1]]), np.append(y, 1 - y[0])
    sheet = theory_sheet(classifier(**PLAIN).fit(twice, labels), twice, labels)
    delta = sheet["δ"][0]
    assert (delta.found, delta.verdict) == (0, "does not hold")
    assert sheet["λ"][0].verdict == "cannot be tested"
    assert {row.verdict for row in sheet["m"] if row.part != "Lemma 5.2 (A.3)"} == {
        "cannot be tested"
    }
    json.dumps(sheet.to_dict(), allow_nan=False)


def test_single_points_permit_every_alpha():
    few, labels = X[:2], np.array([0, 1])
    net = classifier(**PLAIN | {"batch_size": 2}).fit(few, labels)
    sheet = theory_sheet(net, few, labels)
    assert sheet["λ"][0].found == 0
    assert sheet["α"][0].verdict == "nothing asked"


def test_rows_that_are_near_each_other_are_not_equal():
    near, labels = np.concatenate([X, X[:1] + 1e-9]), np.append(y, y[0])
    sheet = theory_sheet(classifier(**PLAIN).fit(near, labels), near, labels)
    apart = np.linalg.norm(near[-1] - near[0])
    assert sheet["δ'"][0].found == pytest.approx(apart, rel=1e-6)


def test_every_row_a_component():
    """l = N, λ = 0: δ' is the smallest distance of any two rows, equal ones apart."""
    twice, labels = np.concatenate([X, X[:3]]), np.append(y, y[:3])
    sheet = theory_sheet(
        classifier(**PLAIN).fit(twice, labels), twice, labels, epsilon=0.1
    )
    apart = min(np.linalg.norm(a - b) for i, a in enumerate(X) for b in X[i + 1 :])
    assert sheet["δ'"][0].found == pytest.approx(apart)
    part = [row for row in sheet.rows if "(§4)" in row.part and row.symbol == "m"]
    logs = [row.required_log10 for row in part]
    assert logs == pytest.approx(
        [
            20 * math.log10(20) - 12 * math.log10(apart) + 24,
            44 * math.log10(20) - 12 * math.log10(apart),
        ]
    )


def test_components_of_a_class_that_has_fewer():
    X_, y_ = make_clustered_mixture(40, 10, n_classes=3, random_state=0)
    keep = (y_ > 0) | (np.cumsum(y_ == 0) == 1)
    X_, y_ = X_[keep], y_[keep]
    net = OverparamReLUClassifier(20, max_iter=3, random_state=0, **PLAIN).fit(X_, y_)
    facts = Facts.of(net, X_, y_, 0.02)
    parts = separability(X_, y_).n_components
    assert facts.kl == 3 * parts
    assert facts.shares.sum() == pytest.approx(1)
    assert facts.row_each.weights.sum() == pytest.approx(1)
    assert len(facts.medoids) == len(np.unique(facts.components))
