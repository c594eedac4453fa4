"""Differences between recalls: intervals that hold the truth, also where tracks and networks are shared."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from earfield.evaluate.recall_differences import recalls


def draw(rng, *, logits, per_label, runs, share=0.3, by_track=1.5, by_run=0.5):
    """Return predictions in which tracks differ, and in which each network favours some labels."""
    tracks = pd.DataFrame(
        [(f"{label}{n}", label) for label in logits for n in range(per_label)], columns=["track", "label"]
    )
    easy = tracks.label.map(logits).to_numpy() + rng.normal(0, by_track, len(tracks))
    tables = []
    for _ in range(runs):
        favour = dict(zip(logits, rng.normal(0, by_run, len(logits)), strict=True))
        tested = np.sort(np.concatenate([rng.choice(own.index, round(share * per_label), replace=False)
                                         for _, own in tracks.groupby("label")]))  # fmt: skip
        chance = 1 / (1 + np.exp(-easy[tested] - tracks.label[tested].map(favour).to_numpy()))
        tables.append(tracks.loc[tested].assign(correct=rng.random(len(tested)) < chance))
    return tables


def truth(logit, *, spread):
    """Return the mean recall over all tracks and networks."""
    steps = norm.ppf((np.arange(4000) + 0.5) / 4000) * spread
    return (1 / (1 + np.exp(-logit - steps))).mean()


@pytest.mark.parametrize(("per_label", "runs"), [(60, 10), (60, 3), (12, 5), (40, 1)])
def test_intervals_hold_the_truth(per_label, runs):
    rng = np.random.default_rng(per_label + runs)
    logits = {"a": -0.5, "b": 0.0, "c": 1.0, "d": 1.5}
    spread = {"by_track": 1.5, "by_run": 0.0 if runs == 1 else 0.5}  # one run tells of one network
    true = {label: truth(logit, spread=np.hypot(*spread.values())) for label, logit in logits.items()}
    weights = {"a": 0.5, "b": 0.5, "c": -0.5, "d": -0.5}
    held = []
    for _ in range(150):
        found = recalls(draw(rng, logits=logits, per_label=per_label, runs=runs, **spread))
        pair, four = found.difference("a", "d"), found.contrast(weights)
        held.append(
            (
                pair.low <= true["a"] - true["d"] <= pair.high,
                four.low <= sum(weight * true[label] for label, weight in weights.items()) <= four.high,
            )
        )
    assert np.mean(held, axis=0) == pytest.approx(0.95, abs=0.05)


def run(**right):
    """Return the predictions of one run: for each label, which of its tracks are right."""
    rows = [(f"{label}{n}", label, bool(each)) for label, all_of in right.items() for n, each in enumerate(all_of)]
    return pd.DataFrame(rows, columns=["track", "label", "correct"])


def test_recalls_are_shares_of_tests():
    found = recalls([run(a=[1, 1, 0, 0], b=[1, 0]), run(a=[1, 0, 0, 0], b=[1, 1])])
    assert found.labels == ["a", "b"] and found.recall.tolist() == [3 / 8, 3 / 4]
    assert found.tracks.tolist() == [4, 2] and (found.tests, found.runs) == (12, 2)
    assert found.contrast({"a": 2, "b": -1}).value == pytest.approx(2 * 3 / 8 - 3 / 4)
    one, other = found.difference("a", "b"), found.difference("b", "a")
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))


def test_the_same_run_again_adds_nothing():
    one = run(a=[1, 1, 1, 0, 0, 0, 1, 0] * 4, b=[1, 1, 1, 0] * 8)
    alone, again = recalls([one]).difference("a", "b"), recalls([one] * 5).difference("a", "b")
    assert again.high - again.low >= 0.99 * (alone.high - alone.low)
    fresh = [one.assign(track=one.track + str(number)) for number in range(5)]
    apart = recalls(fresh).difference("a", "b")
    assert apart.high - apart.low < 0.6 * (alone.high - alone.low)


def test_networks_that_favour_a_label_make_the_interval_wider():
    ones, zeros = [1] * 20, [0] * 20
    even = [run(a=ones[:10] + zeros[:10], b=ones[:10] + zeros[:10])] * 4
    uneven = [run(a=ones, b=zeros), run(a=zeros, b=ones)] * 2
    same, apart = recalls(even).difference("a", "b"), recalls(uneven).difference("a", "b")
    assert same.value == apart.value == 0
    assert apart.high > 1.5 * same.high


def test_more_comparisons_make_wider_intervals():
    found = recalls([run(a=[1, 1, 1, 0] * 5, b=[1, 0, 0, 0] * 5)])
    widths = [(each := found.difference("a", "b", comparisons=m)).high - each.low for m in (1, 2, 10, 45)]
    assert widths == sorted(widths) and widths[0] < widths[-1]


@pytest.mark.parametrize("right", [[1] * 8, [0] * 8, [1]])
def test_where_nothing_varies_the_interval_still_has_a_width(right):
    found = recalls([run(a=right, b=[1, 0] * 4)] * 3).contrast({"a": 1.0})
    assert 0 <= found.low <= found.value <= found.high <= 1 and found.high - found.low > 0.2


def test_limits_are_within_what_is_possible():
    found = recalls([run(a=[1, 1, 0], b=[0, 0, 1], c=[1, 0, 1])])
    assert found.difference("a", "b").high == 1 and found.difference("b", "a").low == -1
    half = found.contrast({"a": 0.5, "c": 0.5, "b": -1.0})
    assert half.low >= -1 and half.high <= 1


def test_order_of_runs_and_rows_does_not_matter():
    rng = np.random.default_rng(0)
    runs = draw(rng, logits={"a": 0, "b": 1, "c": 2}, per_label=20, runs=4)
    turned = [each.sample(frac=1, random_state=0) for each in reversed(runs)]
    assert recalls(turned).difference("a", "c") == pytest.approx(recalls(runs).difference("a", "c"))
