"""Intervals over runs that share tracks: they hold the truth as often as they say, and are what drawing gives."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from earfield.intervals import difference, paired_difference, share, spread, swap_p_value
from earfield.score import wilson_interval

DRAWS = 3000
# Of 30% of tracks in each run, or of each track in one run, as in cross-validation: tracks, runs, and the spread of runs
# in the unit in which chance has 1: 0.1 moves an accuracy of 70% by 2.5 points, 0.25 by 6.
SUBSETS = [(130, 1, 0), (130, 5, 0), (130, 5, 0.1), (130, 30, 0), (130, 30, 0.1), (1000, 1, 0), (1000, 5, 0)]
SUBSETS += [(1000, 5, 0.1), (1000, 5, 0.25), (1000, 30, 0), (1000, 30, 0.1)]
FOLDS = [(130, 10, 0), (130, 10, 0.1), (130, 10, 0.25), (1000, 5, 0), (1000, 10, 0), (1000, 10, 0.1), (1000, 10, 0.25)]
ACCURACIES = (0.5, 0.7, 0.9, 0.95)


def chosen(rng, tracks, runs, *, folds=False):
    """Return which tracks are tested in which runs."""
    if folds:
        return np.arange(tracks)[:, None] % runs == np.arange(runs)
    return rng.permuted(np.repeat([np.arange(tracks) < 0.3 * tracks], runs, axis=0), axis=1).T


def hardness(rng, tracks, runs, *, between_runs, of_tracks=None):
    """Return how hard each test is, as a quantile: the share of tests that are easier, over new tracks and runs."""
    of_tracks = rng.standard_normal((tracks, 1)) if of_tracks is None else of_tracks
    of_runs = between_runs * rng.standard_normal(runs)
    chance = rng.standard_normal((tracks, runs), dtype=np.float32)
    return (chance + of_tracks + of_runs) / np.sqrt(2 + between_runs**2)


@pytest.mark.parametrize(
    ("tracks", "runs", "between_runs", "folds"), [(*each, False) for each in SUBSETS] + [(*each, True) for each in FOLDS]
)
def test_interval_holds_the_true_accuracy(tracks, runs, between_runs, folds):
    rng = np.random.default_rng(1)
    held = dict.fromkeys(ACCURACIES, 0)
    for _ in range(DRAWS):
        tests, hard = chosen(rng, tracks, runs, folds=folds), hardness(rng, tracks, runs, between_runs=between_runs)
        for accuracy in ACCURACIES:
            found = share(np.where(tests, hard < ndtri(accuracy), np.nan))
            held[accuracy] += found.low <= accuracy <= found.high
    print(tracks, runs, between_runs, folds, held)
    assert all(0.93 <= each / DRAWS <= 0.97 for each in held.values()), held


@pytest.mark.parametrize(
    ("tracks", "runs", "between_runs", "folds"),
    [(130, 5, 0, False), (130, 5, 0.1, False), (130, 30, 0, False), (130, 10, 0, True), (1000, 5, 0.1, False), (1000, 1, 0, False)],
)
def test_interval_holds_the_true_difference_of_two_models(tracks, runs, between_runs, folds):
    rng = np.random.default_rng(2)
    pairs = [(0.7, 0.7), (0.7, 0.5), (0.9, 0.85)]
    held = dict.fromkeys(pairs, 0)
    for _ in range(DRAWS):
        tests = chosen(rng, tracks, runs, folds=folds)
        common, own = rng.standard_normal((tracks, 1)), rng.standard_normal((2, tracks, 1))
        hard = [
            hardness(rng, tracks, runs, between_runs=between_runs, of_tracks=(common + each) / np.sqrt(2)) for each in own
        ]
        for pair in pairs:
            one, other = (np.where(tests, each < ndtri(p), np.nan) for each, p in zip(hard, pair, strict=True))
            found = paired_difference(one, other)
            held[pair] += found.low <= pair[0] - pair[1] <= found.high
    print(tracks, runs, between_runs, folds, held)
    assert all(0.93 <= each / DRAWS <= 0.97 for each in held.values()), held


@pytest.mark.parametrize(("runs", "other_runs", "between_runs"), [(30, 5, 0), (30, 5, 0.1), (10, 10, 0)])
def test_interval_holds_the_true_difference_of_two_protocols(runs, other_runs, between_runs):
    rng = np.random.default_rng(3)
    pairs = [(0.7, 0.6), (0.9, 0.9)]
    held = dict.fromkeys(pairs, 0)
    for _ in range(DRAWS):
        of_tracks = rng.standard_normal((130, 1))
        tests = chosen(rng, 130, runs), chosen(rng, 130, other_runs)
        both = tests[0].any(axis=1) & tests[1].any(axis=1)
        hard = [hardness(rng, 130, n, between_runs=between_runs, of_tracks=of_tracks) for n in (runs, other_runs)]
        for pair in pairs:
            one, other = (
                np.where(test, each < ndtri(p), np.nan)[both] for test, each, p in zip(tests, hard, pair, strict=True)
            )
            found = difference(one, other)
            held[pair] += found.low <= pair[0] - pair[1] <= found.high
    print(runs, other_runs, between_runs, held)
    assert all(0.93 <= each / DRAWS <= 0.98 for each in held.values()), held
