"""Intervals of means over runs that share tracks, and of differences between such means.

Tests of one track in several runs are not independent, nor are tests of many tracks by one network. So outcomes stand
in a table with a row for each track and a column for each run, and the intervals are those of a bootstrap both ways:
tracks are drawn with replacement, each with all of its tests, and so are the departures of runs from their mean.
Drawing tracks alone makes runs depart from their mean, so only what departures have beyond that is drawn. For a mean,
the variance over infinitely many draws is a sum of squares: nothing is left to the luck of a few thousand. It is
widened as Student's t is, for few tracks and for few runs, and the part of tracks is kept between what it is if all
tests are independent and what it is if all tests of a track end alike. With one run only tracks are drawn: the interval
is for that network. Runs are of one collection: what other songs to learn from would change shows in no interval.

How many of the intervals held the truth, the expected accuracy over new tracks and new runs, in 2,000 to 6,000
simulated sets of runs for each of the accuracies 50, 70, 90 and 95%. Tracks differ in difficulty, and each run tests
30% of them, or each track is tested in one run as in cross-validation.

    tracks                  runs            runs do not differ   differ by 2.5 points   by 6 points (sd, at 70%)
    130                     1               94-96%
    130                     2, 3            95-97%               95-97%                 92-97%
    130                     5, 10, 30       95-97%               94-97%                 94-96%
    1000                    1               93-95%
    1000                    2, 3            96-97%               90-94%                 83-92%
    1000                    5, 10, 30       95-97%               94-96%                 92-96%
    13, as of one label     5, 10, 30       93-98%               94-99%                 93-98%

Two or three runs do not show how far runs differ: where they do, the interval is too narrow. With one run of 4 tests,
30% of 13 tracks, Wilson's interval held the truth in 87-99%. At an accuracy of 99% intervals did in 91-98% from 130
tracks on. Paired differences of 0 to 20 points did in 94-97% with 1, 5 and 30 runs of 130 or 1000 tracks; differences
between protocols, with 5 to 30 runs of 130 tracks, in 96-97%.

Source: Owen (2007), "The pigeonhole bootstrap", Annals of Applied Statistics 1, 386-411; Efron & Tibshirani (1993), "An
introduction to the bootstrap", section 6.2, for the limit of many draws; Davison & Hinkley (1997), "Bootstrap methods
and their application", section 3.8, and Carpenter, Goldstein & Rasbash (2003), Applied Statistics 52, 431-443, for
reduced departures; Satterthwaite (1946), Biometrics Bulletin 2, 110-114, for the degrees of freedom of a sum; Cameron,
Gelbach & Miller (2011), J. Business & Economic Statistics 29, 238-249, for such sums of squares.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from earfield.statistics.proportions import NORMAL_95, wilson_interval


class Estimate(NamedTuple):
    """A share, or a difference of shares, with the limits of its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """A mean over tests and how it varies.

    Attributes
    ----------
    value : float
        The mean over all tests.
    tests, tracks, runs : int
        What it is over.
    repeats : float
        How many tests a track has, on average over tests.
    independent : float
        Variance of the mean if all tests are independent.
    by_tracks, by_runs : float
        Variance of the mean over draws of tracks, and over draws of runs' departures, all of them; 0 where there is
        one to draw.
    by_chance : float
        What drawing tracks makes of `by_runs`.
    of_tracks : np.ndarray [shape=(n_tracks,)]
        By how much each track moves the mean.
    """

    value: float
    tests: int
    tracks: int
    runs: int
    repeats: float
    independent: float
    by_tracks: float
    by_runs: float
    by_chance: float
    of_tracks: np.ndarray

    @property
    def variance(self) -> float:
        """Variance of the mean over draws of tracks and of what runs have beyond chance, widened for few of either."""
        alike = self.independent * self.repeats
        tracks = alike
        if self.tracks > 1:
            tracks = min(max(self.by_tracks * widening(self.tracks - 1), self.independent), alike)
        if self.runs == 1:
            return tracks
        freedom = self.runs - 1
        # Cut at zero, what is beyond chance comes out too large on average; half its standard error makes up for that.
        beyond = self.by_runs - self.by_chance * (1 + 1 / math.sqrt(2 * freedom))
        if beyond <= 0:
            return tracks
        return (tracks + beyond) * widening(freedom * ((tracks + beyond) / self.by_runs) ** 2)


def widening(freedom: float) -> float:
    """Return by how much a variance with so many degrees of freedom is widened: Student's t over normal, squared."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975) / NORMAL_95) ** 2


def spread(outcomes: np.ndarray) -> Spread:
    """Return the mean over tests and its variances over draws of tracks and of runs.

    Parameters
    ----------
    outcomes : np.ndarray [shape=(n_tracks, n_runs)]
        What came of each track in each run, such as 1 for right and 0 for wrong; NaN where it was not tested. There
        is at least one test.

    Returns
    -------
    Spread
    """
    tested = ~np.isnan(outcomes)
    of_track = tested.sum(axis=1)
    tests, tracks, runs = int(of_track.sum()), int((of_track > 0).sum()), int(tested.any(axis=0).sum())
    value = float(np.sum(outcomes, where=tested)) / tests
    shares = np.where(tested, outcomes - value, 0.0) / tests
    of_tracks = shares.sum(axis=1)
    independent, by_tracks, by_runs = (float(np.square(each).sum()) for each in (shares, of_tracks, shares.sum(axis=0)))
    return Spread(
        value=value,
        tests=tests,
        tracks=tracks,
        runs=runs,
        repeats=float(np.square(of_track).sum()) / tests,
        independent=independent,
        by_tracks=by_tracks * _unbiased(tracks),
        by_runs=by_runs * _unbiased(runs),
        by_chance=max(0.0, independent - by_tracks / runs) * _unbiased(runs),  # where runs repeat each other, rounding
        of_tracks=of_tracks,
    )


def _unbiased(n: int) -> float:
    return n / (n - 1) if n > 1 else 0.0


def share(outcomes: np.ndarray, *, worth: float | None = None) -> Estimate:
    """Estimate a mean of outcomes from 0 to 1.

    Parameters
    ----------
    outcomes : np.ndarray [shape=(n_tracks, n_runs)]
        As in `spread`.
    worth : float, optional
        How many independent tests outcomes without any variance are worth; as many as there are tracks if not given.

    Returns
    -------
    Estimate
        Wilson's interval for as many independent tests as have the variance of `spread`: within 0 to 1, and of some
        width even where all or no tests are right, which are worth as many tests as there are tracks. For one run it
        is Wilson's own.

    Source: Korn & Graubard (1998), Survey Methodology 24, 193-201, for the effective number of tests.
    """
    return _share(spread(outcomes), worth)


def _share(found: Spread, worth: float | None = None) -> Estimate:
    mean, variance = found.value, found.variance
    n = mean * (1 - mean) / variance if variance > 0 else worth or found.tests / found.repeats
    return Estimate(mean, *wilson_interval(mean * n, n))


def paired_difference(outcomes: np.ndarray, others: np.ndarray) -> Estimate:
    """Estimate the mean difference between outcomes of the same tests.

    Parameters
    ----------
    outcomes, others : np.ndarray [shape=(n_tracks, n_runs)]
        As in `spread`, from 0 to 1; NaN at the same places.

    Returns
    -------
    Estimate
        From -1 to 1. The tests are taken for as many independent ones as have the variance of `spread`, and to these
        comes one of which half differs one way and half the other way: so the interval has a width even where no
        outcomes differ.

    Source: Bonett & Price (2012), J. Educational and Behavioral Statistics 37, 479-488, who add twice that.
    """
    found = spread(outcomes - others)
    mean, variance = found.value, found.variance
    n = found.independent * found.tests / variance if variance > 0 else found.tests / found.repeats
    square = found.independent * found.tests + mean**2
    centre = mean * n / (n + 1)
    half = NORMAL_95 * math.sqrt(((n * square + 1) / (n + 1) - centre**2) / (n + 1))
    return Estimate(mean, max(-1.0, centre - half), min(1.0, centre + half))


def difference(outcomes: np.ndarray, others: np.ndarray) -> Estimate:
    """Estimate by how much one mean of outcomes from 0 to 1 exceeds another over the same tracks but in other runs.

    Parameters
    ----------
    outcomes, others : np.ndarray [shape=(n_tracks, n_runs)], with runs of their own
        As in `spread`; each track has a test in both.

    Returns
    -------
    Estimate
        From -1 to 1. The interval is put together from those of the two shares, given how far they vary together when
        tracks are drawn; one track is counted that does not, so that it has a width even where no outcomes differ.

    Source: Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10; Zou & Donner (2008), Statistics in
    Medicine 27, 1693-1702.
    """
    one, other = spread(outcomes), spread(others)
    together = float(one.of_tracks @ other.of_tracks) * _unbiased(one.tracks)
    apart = math.sqrt(one.variance * other.variance)
    correlation = min(1.0, max(-1.0, together / apart)) if apart > 0 else 0.0
    correlation *= one.tracks / (one.tracks + 1)  # as if one more track had nothing in common

    def reach(down: float, up: float) -> float:
        return math.sqrt(max(0.0, down**2 + up**2 - 2 * correlation * down * up))

    mean, low, high = _share(one)
    other_mean, other_low, other_high = _share(other)
    value = mean - other_mean
    return Estimate(
        value,
        max(-1.0, value - reach(mean - low, other_high - other_mean)),
        min(1.0, value + reach(high - mean, other_mean - other_low)),
    )


def swap_p_value(outcomes: np.ndarray, others: np.ndarray) -> float:
    """Test whether two models do equally well on the same tracks, by swapping them.

    Parameters
    ----------
    outcomes, others : np.ndarray [shape=(n_tracks, n_runs)]
        1 for right and 0 for wrong; NaN, at the same places, where a track was not tested.

    Returns
    -------
    float
        How probable a difference at least as large, either way, is if on each track, in all of its tests together, the
        two models' outcomes may as well be swapped. Exact: all ways to swap are counted. It speaks of these networks:
        what other runs would change is in the interval of `paired_difference` only.

    Source: Pitman (1937), Supplement to the J. Royal Statistical Society 4, 119-130; Pagano & Tritchler (1983), J.
    American Statistical Association 78, 435-440, for the count.
    """
    sums = np.nansum(outcomes - others, axis=1).astype(int)
    steps = np.sort(np.abs(sums[sums != 0]))
    chance = np.ones(1)  # of what the tracks in favour of the one add up to, from nothing to everything
    for step in steps:
        longer = np.zeros(len(chance) + step)
        longer[: len(chance)] = chance
        longer[step:] += chance
        chance = longer / 2
    totals = 2 * np.arange(len(chance)) - steps.sum()
    return min(1.0, float(chance[np.abs(totals) >= abs(sums.sum())].sum()))
