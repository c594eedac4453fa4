"""Confidence intervals over runs that share tracks: nominal coverage, and variances equal to those of resampling."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import ndtri
from scipy.stats import binomtest

from earfield.statistics.intervals import (
    contrast_ci,
    mean_ci,
    paired_difference_ci,
    paired_permutation_test,
    two_way_variance,
    unpaired_difference_ci,
)
from earfield.statistics.proportions import wilson_interval

ACCURACIES = (0.5, 0.7, 0.9, 0.95)
# Tracks, runs, the standard deviation of runs, and whether each track is tested in one run only, as in folds; otherwise
# each run tests 30% of the tracks. The unit is that in which the spread of tracks and that of chance are 1: a spread of
# runs of 0.1 moves an accuracy of 70% by 2.5 points, one of 0.25 by 6.
SETTINGS = [(130, 1, 0, False), (130, 5, 0, False), (130, 5, 0.1, False), (130, 5, 0.25, False), (130, 30, 0, False)]
SETTINGS += [(130, 30, 0.1, False), (1000, 1, 0, False), (1000, 5, 0, False), (1000, 5, 0.1, False)]
SETTINGS += [(1000, 5, 0.25, False), (1000, 30, 0, False), (1000, 30, 0.1, False)]
SETTINGS += [(130, 5, 0, True), (130, 10, 0.1, True), (130, 10, 0.25, True), (1000, 10, 0, True), (1000, 10, 0.1, True)]
FEW_DRAWS = 300


def simulations(short, every):
    """Return settings with their draws: `short` ones with few in every run, and all with many in a nightly one."""
    many = [(*each, 4000 if each[0] == 130 else 1000 if each[1] == 30 else 2000) for each in every]
    return [(*each, FEW_DRAWS) for each in short] + [pytest.param(*each, marks=pytest.mark.nightly) for each in many]


def assert_near_95(held, draws, slack=0.02):
    """Compare counts of intervals that held the truth with 95% of the draws; few draws get three standard errors."""
    slack += 3 * np.sqrt(0.95 * 0.05 / draws) if draws == FEW_DRAWS else 0
    assert all(abs(each / draws - 0.95) <= slack + 1e-9 for each in held.values()), held


def chosen(rng, tracks, runs, *, folds=False):
    """Return which tracks are tested in which runs."""
    if folds:
        return np.arange(tracks)[:, None] % runs == np.arange(runs)
    return rng.permuted(np.repeat([np.arange(tracks) < 0.3 * tracks], runs, axis=0), axis=1).T


def hardness(rng, tracks, runs, *, between_runs, of_tracks=None):
    """Return how hard each test is: a standard normal quantile over new tracks and new runs."""
    of_tracks = rng.standard_normal((tracks, 1)) if of_tracks is None else of_tracks
    of_runs = between_runs * rng.standard_normal(runs)
    return (rng.standard_normal((tracks, runs)) + of_tracks + of_runs) / np.sqrt(2 + between_runs**2)


def right(hard, accuracy, tests):
    """Return the outcomes of these tests for a model of this accuracy."""
    return np.where(tests, hard < ndtri(accuracy), np.nan)


@pytest.mark.parametrize(
    ("tracks", "runs", "between_runs", "folds", "draws"),
    simulations([(130, 1, 0, False), (130, 5, 0.1, False), (130, 30, 0.1, False), (130, 10, 0.25, True)], SETTINGS),
)
def test_interval_holds_the_true_accuracy(tracks, runs, between_runs, folds, draws):
    rng = np.random.default_rng(0)
    held = dict.fromkeys(ACCURACIES, 0)
    for _ in range(draws):
        tests = chosen(rng, tracks, runs, folds=folds)
        hard = hardness(rng, tracks, runs, between_runs=between_runs)
        for accuracy in ACCURACIES:
            found = mean_ci(right(hard, accuracy, tests))
            held[accuracy] += found.ci_low <= accuracy <= found.ci_high
    assert_near_95(held, draws)


DIFFERENCES = [(130, 5, 0, False), (130, 5, 0.1, False), (130, 30, 0.1, False), (130, 10, 0, True), (1000, 1, 0, False)]


@pytest.mark.parametrize(
    ("tracks", "runs", "between_runs", "folds", "draws"), simulations([DIFFERENCES[1], DIFFERENCES[3]], DIFFERENCES)
)
def test_interval_holds_the_true_difference_of_two_models(tracks, runs, between_runs, folds, draws):
    rng = np.random.default_rng(0)
    held = dict.fromkeys([(0.7, 0.7), (0.7, 0.5), (0.9, 0.85)], 0)
    for _ in range(draws):
        tests, common = chosen(rng, tracks, runs, folds=folds), rng.standard_normal((tracks, 1))
        hard = [  # a track that is hard for one model tends to be hard for the other
            hardness(rng, tracks, runs, between_runs=between_runs, of_tracks=(common + own) / np.sqrt(2))
            for own in rng.standard_normal((2, tracks, 1))
        ]
        for pair in held:
            found = paired_difference_ci(*(right(each, p, tests) for each, p in zip(hard, pair, strict=True)))
            held[pair] += found.ci_low <= pair[0] - pair[1] <= found.ci_high
    assert_near_95(held, draws)


PROTOCOLS = [(130, 30, 5, 0), (130, 30, 5, 0.1), (130, 30, 30, 0.1)]


@pytest.mark.parametrize(
    ("tracks", "runs", "other_runs", "between_runs", "draws"), simulations([PROTOCOLS[1]], PROTOCOLS)
)
def test_interval_holds_the_true_difference_of_two_protocols(tracks, runs, other_runs, between_runs, draws):
    rng, draws = np.random.default_rng(0), min(draws, 1500)
    held = dict.fromkeys([(0.7, 0.6), (0.9, 0.9)], 0)
    for _ in range(draws):
        of_tracks = rng.standard_normal((tracks, 1))
        tests = chosen(rng, tracks, runs), chosen(rng, tracks, other_runs)
        both = tests[0].any(axis=1) & tests[1].any(axis=1)
        hard = [hardness(rng, tracks, n, between_runs=between_runs, of_tracks=of_tracks) for n in (runs, other_runs)]
        for pair in held:
            found = unpaired_difference_ci(
                *(right(each, p, own)[both] for each, p, own in zip(hard, pair, tests, strict=True))
            )
            held[pair] += found.ci_low <= pair[0] - pair[1] <= found.ci_high
    assert_near_95(held, draws, slack=0.025)


def test_intervals_for_independent_predictions_are_too_narrow():
    rng, held = np.random.default_rng(1), 0
    for _ in range(300):
        outcomes = right(hardness(rng, 130, 30, between_runs=0.1), 0.7, chosen(rng, 130, 30))
        low, high = wilson_interval(np.nansum(outcomes), np.sum(~np.isnan(outcomes)))
        held += low <= 0.7 <= high
    assert held / 300 < 0.85


def test_variances_are_those_of_drawing_tracks_and_departures_of_runs():
    rng, tracks, runs, draws = np.random.default_rng(2), 200, 6, 10_000
    tests = chosen(rng, tracks, runs)
    outcomes = right(hardness(rng, tracks, runs, between_runs=0.5), 0.7, tests)
    found = two_way_variance(outcomes)

    times = rng.multinomial(tracks, np.full(tracks, 1 / tracks), size=draws).astype(float)
    rights, of_runs = times @ np.nan_to_num(outcomes), times @ tests
    means = rights.sum(axis=1) / of_runs.sum(axis=1)
    assert found.by_tracks == pytest.approx(means.var() * tracks / (tracks - 1), rel=0.05)

    departures = rights / of_runs - means[:, None]  # of runs, from draw to draw of tracks
    assert found.by_chance == pytest.approx(departures.var(axis=0).sum() / (runs - 1) / runs, rel=0.05)

    departures = np.nanmean(outcomes, axis=0) - np.nanmean(outcomes)
    drawn = departures[rng.integers(runs, size=(draws, runs))].mean(axis=1)
    assert found.by_runs == pytest.approx(drawn.var() * runs / (runs - 1), rel=0.05)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 12))
def test_interval_does_not_shrink_with_runs_that_repeat_each_other(rights, repeats):
    table = np.repeat(np.array(rights, dtype=float)[:, None], repeats, axis=1)
    assert mean_ci(table)[1:] == pytest.approx(wilson_interval(sum(rights), len(rights)), abs=1e-6)


def test_runs_on_other_tracks_count_as_more_tests():
    rights, nothing = np.tile([1.0, 1.0, 0.0], 20), np.full(60, np.nan)
    table = np.array([[*rights, *nothing], [*nothing, *rights]]).T
    assert mean_ci(table)[1:] == pytest.approx(wilson_interval(80, 120))


def test_interval_is_never_narrower_than_independent_tests_allow():
    table = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]]).T  # tracks are more alike than by chance
    assert mean_ci(table)[1:] == pytest.approx(wilson_interval(4, 8))


def test_runs_that_differ_widen_the_interval():
    alike, apart = (np.array([[1.0] * n + [0.0] * (40 - n) for n in each]).T for each in ((20, 20, 20), (4, 20, 36)))
    (_, low, high), (_, lower, higher) = mean_ci(alike), mean_ci(apart)
    assert lower < low - 0.1 and higher > high + 0.1


def tables():
    """Return tables of outcomes of up to 12 tracks, some of which are not tested in some runs."""
    sizes = st.tuples(st.integers(1, 12), st.integers(1, 6))
    return arrays(float, sizes, elements=st.sampled_from([0.0, 1.0, np.nan])).filter(lambda a: not np.isnan(a).all())


@given(tables())
def test_interval_holds_the_accuracy_and_has_a_width(table):
    value, low, high = mean_ci(table)
    assert value == pytest.approx(np.nanmean(table))
    assert 0 <= low <= value + 1e-9 and value - 1e-9 <= high <= 1
    assert high - low >= 0.5 / np.sum(~np.isnan(table))


@given(tables())
def test_tracks_and_runs_without_a_test_change_nothing(table):
    wider = np.pad(table, ((2, 1), (1, 2)), constant_values=np.nan)
    assert mean_ci(wider) == pytest.approx(mean_ci(table))
    assert paired_difference_ci(wider, wider / 2) == pytest.approx(paired_difference_ci(table, table / 2))


@given(tables(), st.randoms(use_true_random=False))
def test_paired_difference_turns_round(table, random):
    other = np.array([[random.random() if each == each else each for each in row] for row in table])
    value, low, high = paired_difference_ci(table, other)
    assert value == pytest.approx(np.nanmean(table) - np.nanmean(other))
    assert -1 <= low <= value + 1e-9 and value - 1e-9 <= high <= 1 and low < high
    assert paired_difference_ci(other, table) == pytest.approx((-value, -high, -low))


@given(tables(), st.data())
def test_difference_turns_round(table, data):
    other = data.draw(tables())
    rows = min(len(table), len(other))
    both = [i for i in range(rows) if not (np.isnan(table[i]).all() or np.isnan(other[i]).all())]
    assume(both)
    value, low, high = unpaired_difference_ci(table[both], other[both])
    assert value == pytest.approx(np.nanmean(table[both]) - np.nanmean(other[both]))
    assert -1 <= low <= value + 1e-9 and value - 1e-9 <= high <= 1 and low < high
    assert unpaired_difference_ci(other[both], table[both]) == pytest.approx((-value, -high, -low))


def test_tracks_in_common_narrow_the_difference():
    rng = np.random.default_rng(3)
    of_tracks = 5 * rng.standard_normal((200, 1))
    one, other = (right(rng.standard_normal((200, 10)) + of_tracks, 0.7, True) for _ in range(2))
    (_, low, high), (_, apart_low, apart_high) = (
        unpaired_difference_ci(one, other),
        unpaired_difference_ci(one, rng.permutation(other)),
    )
    assert high - low < 0.7 * (apart_high - apart_low)


def test_models_that_never_differ_are_known_to_be_equal_as_well_as_tracks_tell():
    few, many = (np.ones((n, 5)) for n in (10, 100))
    assert paired_difference_ci(few, few).ci_high > 0.1 > paired_difference_ci(many, many).ci_high > 0.01


@given(arrays(int, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.integers(-1, 1)))
def test_p_value_counts_all_ways_to_swap(differences):
    sums = differences.sum(axis=1)
    totals = [abs(sum(s * sign for s, sign in zip(sums, signs, strict=True))) for signs in all_signs(len(sums))]
    one, other = (differences > 0).astype(float), (differences < 0).astype(float)
    assert paired_permutation_test(one, other) == pytest.approx(np.mean(np.array(totals) >= abs(sums.sum())))


def all_signs(n):
    """Return all sequences of signs."""
    return itertools.product((-1, 1), repeat=n)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 50))
def test_p_value_of_one_test_a_track_is_the_sign_tests(better, worse, equal):
    assume(better + worse)
    one = np.repeat([1.0, 0.0, 1.0, np.nan], [better, worse, equal, 1])[:, None]
    other = np.repeat([0.0, 1.0, 1.0, np.nan], [better, worse, equal, 1])[:, None]
    assert paired_permutation_test(one, other) == pytest.approx(binomtest(better, better + worse).pvalue)


def test_tests_of_a_track_are_swapped_together():
    one, other = np.ones((3, 10)), np.zeros((3, 10))
    assert paired_permutation_test(one, other) == 2 / 2**3
    assert paired_permutation_test(one, one) == 1


def recalls(rng, *, logits, per_label, runs, by_track=1.5, by_run=0.5):
    """Return outcomes of each label, 30% of them per run; tracks differ, and each network favours some labels."""
    tables = {}
    for label, logit in logits.items():
        odds = logit + rng.normal(0, by_track, (per_label, 1)) + rng.normal(0, by_run, (1, runs))
        tested = rng.permuted(np.tile(np.arange(per_label) < 0.3 * per_label, (runs, 1)), axis=1).T
        tables[label] = np.where(tested, rng.random(odds.shape) < 1 / (1 + np.exp(-odds)), np.nan)
    return tables


@pytest.mark.parametrize(("per_label", "runs"), [(60, 10), (12, 5), (40, 1)])
def test_contrast_of_recalls_covers_the_truth(per_label, runs):
    rng = np.random.default_rng(per_label + runs)
    logits = {"a": -0.5, "b": 0.0, "c": 1.0, "d": 1.5}
    spread = {"by_track": 1.5, "by_run": 0.0 if runs == 1 else 0.5}  # one run tells of one network
    steps = ndtri((np.arange(4000) + 0.5) / 4000) * np.hypot(*spread.values())
    true = {label: (1 / (1 + np.exp(-logit - steps))).mean() for label, logit in logits.items()}
    for weights in ({"a": 1, "d": -1}, {"a": 0.5, "b": 0.5, "c": -0.5, "d": -0.5}):
        value = sum(weight * true[label] for label, weight in weights.items())
        drawn = [recalls(rng, logits=logits, per_label=per_label, runs=runs, **spread) for _ in range(150)]
        found = [contrast_ci(each, weights) for each in drawn]
        assert 0.9 <= np.mean([each.ci_low <= value <= each.ci_high for each in found]) <= 1


def test_contrast_of_recalls():
    outcomes = {"a": np.array([[1, 1], [1, 0], [0, np.nan], [0, 0]]), "b": np.array([[1.0, 1], [1, 1], [1, 1]])}
    found = contrast_ci(outcomes, {"a": 1, "b": -1})
    turned = contrast_ci(outcomes, {"b": 1, "a": -1})
    assert found.value == 3 / 7 - 1 and found == pytest.approx((-turned.value, -turned.ci_high, -turned.ci_low))
    assert -1 <= found.ci_low < found.value < found.ci_high < 1
    several = contrast_ci(outcomes, {"a": 1, "b": -1}, comparisons=10)
    assert several.ci_low < found.ci_low and several.ci_high > found.ci_high
    # Where all predictions are correct, the interval still has a width.
    sure = contrast_ci({"a": outcomes["b"], "b": outcomes["b"]}, {"a": 1, "b": -1})
    assert sure.ci_low < 0 == sure.value < sure.ci_high


def test_networks_that_favour_one_group_at_the_cost_of_another_widen_the_contrast():
    rng = np.random.default_rng(0)
    chance = np.array([0.2, 0.8, 0.2, 0.8, 0.2, 0.8])
    one, same, other = ((rng.random((200, 6)) < each).astype(float) for each in (chance, chance, 1 - chance))
    against, along = (contrast_ci({"a": one, "b": each}, {"a": 1, "b": -1}) for each in (other, same))
    assert against.ci_high - against.ci_low > 1.3 * (along.ci_high - along.ci_low)
