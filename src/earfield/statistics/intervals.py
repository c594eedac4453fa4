"""95% confidence intervals of means over runs that share tracks, and of differences between such means.

Outcomes are a table with a row per track and a column per run. Predictions of one track in several runs are not
independent, nor are predictions of many tracks by one network, so tracks and runs are two crossed clusters. Nothing is
drawn at random: the variance of a mean is a sum of squares, which is the limit of Owen's pigeonhole bootstrap for
infinitely many draws of tracks, each with all of its predictions, and of the runs' deviations from their mean. Sampling
tracks alone makes runs deviate, so only the variance beyond that counts as variance between runs. Both parts get a t
correction for few tracks and few runs, and the part of tracks is kept between its value for independent predictions and
its value for identical ones within each track. With one run the interval is for that network alone. The interval of a
mean is Wilson's, with the effective sample size that this variance implies. All runs are of one collection: no interval
shows how training on other songs would change a result.

Coverage: percentage of intervals that contained the expected accuracy over new tracks and new runs, in 2,000 to 6,000
simulated sets of runs for each of the accuracies 50, 70, 90 and 95%. Tracks differ in difficulty, and each run tests
30% of them, or each track is tested in one run as in cross-validation.

    tracks                  runs            sd of runs: 0        2.5 points             6 points (at 70%)
    130                     1               94-96%
    130                     2, 3            95-97%               95-97%                 92-97%
    130                     5, 10, 30       95-97%               94-97%                 94-96%
    1000                    1               93-95%
    1000                    2, 3            96-97%               90-94%                 83-92%
    1000                    5, 10, 30       95-97%               94-96%                 92-96%
    13, as of one label     5, 10, 30       93-98%               94-99%                 93-98%

Two or three runs do not show how much runs differ: where they do, the interval is too narrow. For one run of 4
predictions, 30% of 13 tracks, coverage was 87-99%. At an accuracy of 99% it was 91-98% from 130 tracks on; for paired
differences of 0 to 20 points 94-97% with 1, 5 and 30 runs of 130 or 1000 tracks; for differences between protocols,
with 5 to 30 runs of 130 tracks, 96-97%.

Source: Owen (2007), "The pigeonhole bootstrap", Annals of Applied Statistics 1, 386-411; Efron & Tibshirani (1993), "An
introduction to the bootstrap", section 6.2, for the limit of many draws; Davison & Hinkley (1997), "Bootstrap methods
and their application", section 3.8, and Carpenter, Goldstein & Rasbash (2003), Applied Statistics 52, 431-443, for
the reduced deviations; Satterthwaite (1946), Biometrics Bulletin 2, 110-114, for the degrees of freedom of a sum;
Cameron, Gelbach & Miller (2011), J. Business & Economic Statistics 29, 238-249, for two-way clusters.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from earfield.statistics.proportions import NORMAL_95, wilson_interval

_TAIL = 0.025  # the probability on either side of a 95% interval


class Estimate(NamedTuple):
    """A mean, or a difference of means, with the limits of its 95% confidence interval."""

    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class TwoWayVariance:
    """A mean over predictions and the parts of its variance."""

    value: float  # the mean over all predictions
    n_predictions: int
    n_tracks: int
    n_runs: int
    per_track: float  # number of predictions of a track, averaged over predictions
    independent: float  # variance of the mean if all predictions are independent
    by_tracks: float  # variance of the mean from sampling tracks; 0 for a single one
    by_runs: float  # variance of the mean from sampling the runs' deviations; 0 for a single one
    by_chance: float  # the part of `by_runs` that is expected from sampling tracks alone
    influence: np.ndarray  # [shape=(n_tracks,)] of each track on the mean

    @property
    def variance(self) -> float:
        """Variance of the mean from sampling tracks and from differences between runs beyond chance, t corrected."""
        return self.corrected(_TAIL)

    @property
    def beyond_chance(self) -> float:
        """Part of `by_runs` beyond chance; 0 with one run."""
        if self.n_runs == 1:
            return 0.0
        # Cutting at zero biases the part beyond chance upwards; half its standard error makes up for that.
        return max(0.0, self.by_runs - self.by_chance * (1 + 1 / math.sqrt(2 * (self.n_runs - 1))))

    def corrected(self, tail: float) -> float:
        """Return the variance, t corrected for an interval that leaves out this probability on either side."""
        identical = self.independent * self.per_track
        tracks = identical
        if self.n_tracks > 1:
            tracks = min(max(self.by_tracks * t_correction(self.n_tracks - 1, tail), self.independent), identical)
        beyond = self.beyond_chance
        if beyond <= 0:
            return tracks
        return (tracks + beyond) * t_correction((self.n_runs - 1) * ((tracks + beyond) / self.by_runs) ** 2, tail)

    def interval(self, effective_size: float | None = None, *, tail: float = _TAIL) -> Estimate:
        """Return the mean with its Wilson interval; `effective_size` replaces the number of tracks without variance."""
        mean, variance = self.value, self.corrected(tail)
        n = mean * (1 - mean) / variance if variance > 0 else effective_size or self.n_predictions / self.per_track
        return Estimate(mean, *wilson_interval(mean * n, n, z=_normal(tail)))


def t_correction(freedom: float, tail: float = _TAIL) -> float:
    """Return the factor of a variance with some degrees of freedom: the squared ratio of t and normal quantiles."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - tail) / _normal(tail)) ** 2


def _normal(tail: float) -> float:
    """Return the quantile of the normal distribution that leaves out this probability above it."""
    from scipy.special import ndtri

    return NORMAL_95 if tail == _TAIL else float(ndtri(1 - tail))


def two_way_variance(outcomes: np.ndarray, *, one_run: bool = False) -> TwoWayVariance:
    """Compute the mean over predictions and its variance over tracks and runs.

    Parameters
    ----------
    outcomes : np.ndarray [shape=(n_tracks, n_runs)]
        Outcome of each track in each run, such as 1 for correct and 0 for wrong; NaN where the track was not tested.
        At least one value is not NaN.
    one_run : bool
        Whether the columns are several predictions per track in one run, such as those of its segments.
    """
    tested = ~np.isnan(outcomes)
    of_track = tested.sum(axis=1)
    n, tracks = int(of_track.sum()), int((of_track > 0).sum())
    runs = 1 if one_run else int(tested.any(axis=0).sum())
    value = float(np.sum(outcomes, where=tested)) / n
    deviations = np.where(tested, outcomes - value, 0.0) / n
    influence = deviations.sum(axis=1)
    independent, by_tracks, by_runs = (
        float(np.square(each).sum()) for each in (deviations, influence, deviations.sum(axis=0))
    )
    return TwoWayVariance(
        value=value,
        n_predictions=n,
        n_tracks=tracks,
        n_runs=runs,
        per_track=float(np.square(of_track).sum()) / n,
        independent=independent,
        by_tracks=by_tracks * _unbiased(tracks),
        by_runs=by_runs * _unbiased(runs),
        by_chance=max(0.0, independent - by_tracks / runs) * _unbiased(runs),  # rounding, where runs are identical
        influence=influence,
    )


def _unbiased(n: int) -> float:
    return n / (n - 1) if n > 1 else 0.0


def mean_ci(outcomes: np.ndarray, *, effective_size: float | None = None, one_run: bool = False) -> Estimate:
    """Estimate a mean of outcomes from 0 to 1.

    Parameters
    ----------
    outcomes, one_run
        As in `two_way_variance`.
    effective_size : float, optional
        Effective sample size when all outcomes are identical; the number of tracks if not given.

    Returns
    -------
    Estimate
        With Wilson's interval for the effective sample size that has the variance of `two_way_variance`: within 0 to
        1, and not empty even where all or no outcomes are 1. For one run it is Wilson's own.

    Source: Korn & Graubard (1998), Survey Methodology 24, 193-201, for the effective sample size.
    """
    return two_way_variance(outcomes, one_run=one_run).interval(effective_size)


def paired_difference_ci(outcomes: np.ndarray, others: np.ndarray, *, one_run: bool = False) -> Estimate:
    """Estimate the mean difference between paired outcomes.

    Parameters
    ----------
    outcomes, others : np.ndarray [shape=(n_tracks, n_runs)]
        As in `two_way_variance`, from 0 to 1; NaN at the same places.
    one_run : bool
        As in `two_way_variance`.

    Returns
    -------
    Estimate
        From -1 to 1. To the effective sample size that has the variance of `two_way_variance` comes one pair of which
        half differs one way and half the other way: so the interval is not empty even where no outcomes differ.

    Source: Bonett & Price (2012), J. Educational and Behavioral Statistics 37, 479-488, who add twice that.
    """
    found = two_way_variance(outcomes - others, one_run=one_run)
    mean, variance = found.value, found.variance
    square = found.independent * found.n_predictions
    n = square / variance if variance > 0 else found.n_predictions / found.per_track
    square = square + mean**2
    centre = mean * n / (n + 1)
    half = NORMAL_95 * math.sqrt(((n * square + 1) / (n + 1) - centre**2) / (n + 1))
    return Estimate(mean, max(-1.0, centre - half), min(1.0, centre + half))


def unpaired_difference_ci(outcomes: np.ndarray, others: np.ndarray) -> Estimate:
    """Estimate the difference between two means of outcomes from 0 to 1 over the same tracks in different runs.

    Parameters
    ----------
    outcomes, others : np.ndarray [shape=(n_tracks, n_runs)], with runs of their own
        As in `two_way_variance`; each track was tested in both.

    Returns
    -------
    Estimate
        From -1 to 1. The interval combines those of the two means and their covariance from sampling tracks; one more
        track without covariance is added, so that it is not empty even where no outcomes differ.

    Source: Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10; Zou & Donner (2008), Statistics in
    Medicine 27, 1693-1702.
    """
    one, other = two_way_variance(outcomes), two_way_variance(others)
    covariance = float(one.influence @ other.influence) * _unbiased(one.n_tracks)
    scale = math.sqrt(one.variance * other.variance)
    correlation = min(1.0, max(-1.0, covariance / scale)) if scale > 0 else 0.0
    correlation *= one.n_tracks / (one.n_tracks + 1)

    def reach(down: float, up: float) -> float:
        return math.sqrt(max(0.0, down**2 + up**2 - 2 * correlation * down * up))

    mean, low, high = one.interval()
    other_mean, other_low, other_high = other.interval()
    value = mean - other_mean
    return Estimate(
        value,
        max(-1.0, value - reach(mean - low, other_high - other_mean)),
        min(1.0, value + reach(high - mean, other_mean - other_low)),
    )


def contrast_ci(outcomes: Mapping[str, np.ndarray], weights: Mapping[str, float], *, comparisons: int = 1) -> Estimate:
    """Estimate a weighted sum of the means of groups of tracks, such as the difference between two labels' recalls.

    Parameters
    ----------
    outcomes : mapping of str to np.ndarray [shape=(n_tracks, n_runs)]
        Of each group, all with the same runs: as in `two_way_variance`, from 0 to 1. No track is in two groups.
    weights : mapping of str to float
        Weight of each group that counts.
    comparisons : int
        Number of contrasts compared together: each interval is widened so that all of them cover the truth with a
        probability of at least 95% (Bonferroni's correction).

    Returns
    -------
    Estimate
        The interval combines those of the means. A network may favour one group at the cost of another: the variance of
        the sum between runs, beyond chance and beyond that of each mean, is added.

    Source: Zou & Donner (2008), Statistics in Medicine 27, 1693-1702.
    """
    tail = _TAIL / comparisons
    found = {name: two_way_variance(outcomes[name]) for name in weights}
    n = sum(each.n_predictions for each in found.values())
    value, below, above, together, variance = 0.0, 0.0, 0.0, 0.0, 0.0
    influences = []  # of each prediction on the sum, times their number
    for name, weight in weights.items():
        mean, low, high = found[name].interval(tail=tail)
        down, up = sorted((weight * (mean - low), weight * (mean - high)), reverse=True)
        value, below, above = value + weight * mean, below + down**2, above + up**2
        together -= weight**2 * found[name].beyond_chance
        variance += weight**2 * found[name].corrected(tail)
        influences.append(weight * n / found[name].n_predictions * (outcomes[name] - mean))
    whole = two_way_variance(np.concatenate(influences))
    together = max(0.0, together + whole.beyond_chance)
    if together > 0:
        freedom = (whole.n_runs - 1) * ((variance + together) / whole.by_runs) ** 2
        together *= t_correction(freedom, tail) * _normal(tail) ** 2
    least, most = (sum(each for each in weights.values() if each * sign > 0) for sign in (-1, 1))
    return Estimate(
        value, max(least, value - math.sqrt(below + together)), min(most, value + math.sqrt(above + together))
    )


def paired_permutation_test(outcomes: np.ndarray, others: np.ndarray) -> float:
    """Test whether two models are equally accurate on the same tracks, by exchanging them track by track.

    Parameters
    ----------
    outcomes, others : np.ndarray [shape=(n_tracks, n_runs)]
        1 for correct and 0 for wrong; NaN, at the same places, where a track was not tested.

    Returns
    -------
    float
        Two-sided p-value under the hypothesis that on each track, in all of its predictions together, the two models
        are exchangeable. Exact: all permutations are counted. It is conditional on these runs; only the interval of
        `paired_difference_ci` includes the variance between runs.

    Source: Pitman (1937), Supplement to the J. Royal Statistical Society 4, 119-130; Pagano & Tritchler (1983), J.
    American Statistical Association 78, 435-440, for the count.
    """
    sums = np.nansum(outcomes - others, axis=1).astype(int)
    steps = np.sort(np.abs(sums[sums != 0]))
    probabilities = np.ones(1)  # of each sum over the tracks in favour of the first model, from 0 upwards
    for step in steps:
        longer = np.zeros(len(probabilities) + step)
        longer[: len(probabilities)] = probabilities
        longer[step:] += probabilities
        probabilities = longer / 2
    totals = 2 * np.arange(len(probabilities)) - steps.sum()
    return min(1.0, float(probabilities[np.abs(totals) >= abs(sums.sum())].sum()))
