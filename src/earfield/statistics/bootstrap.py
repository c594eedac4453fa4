"""Hierarchical bootstrap of the difference between two populations of units over several networks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 2000  # of seeds, each with one draw of units
UNIT_DRAWS = 1000  # of the units of a seed
_FEWEST = 10  # units on either side, below which a bootstrap is unreliable

# From samples [shape=(n_samples, n_units, n_dimensions)] to one number for each [shape=(n_samples,)].
Statistic = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Difference:
    """Trained networks compared with a control or a null kernel."""

    trained: float  # the statistic, mean over seeds; NaN without units
    null: float
    difference: float  # trained minus null
    ci_low: float  # 95% interval of the difference; NaN for fewer than ten units
    ci_high: float
    seeds: int  # sample sizes; the units of all seeds if none has units of both
    units: int
    null_units: int


def mean(samples: np.ndarray) -> np.ndarray:
    """Return the mean of each sample [shape=(n_samples, n_units, 1)]."""
    return samples.mean(axis=(1, 2))


def median(samples: np.ndarray) -> np.ndarray:
    """Return the median of each sample [shape=(n_samples, n_units, 1)]."""
    return np.median(samples, axis=(1, 2))


def earth_movers_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Compute the earth mover's distance between two populations of units, which have to be of equal size.

    Parameters
    ----------
    one, other : np.ndarray [shape=(n_units, n_dimensions)]

    Returns
    -------
    float
        Mean Euclidean distance under the optimal assignment, in the unit of the coordinates. For equal numbers of units
        of equal weight it is the optimal transport: the value is exact.

    Source: Rubner, Tomasi & Guibas (2000), International Journal of Computer Vision 40, 99-121; Peyré & Cuturi (2019),
    "Computational optimal transport", proposition 2.1.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    if len(one) != len(other):
        raise ValueError(f"the populations have {len(one)} and {len(other)} units; draw equally many of both")
    costs = cdist(one, other)
    return float(costs[linear_sum_assignment(costs)].mean())


def distance_to(reference: np.ndarray) -> Statistic:
    """Return a statistic: the earth mover's distance of a sample from as many units of a reference.

    Parameters
    ----------
    reference : np.ndarray [shape=(n_units, n_dimensions)]
        In an order that covers its range evenly, such as that of a grid. Samples of equal size are compared with the
        same units of it, at equal steps.
    """

    def distances(samples: np.ndarray) -> np.ndarray:
        size = samples.shape[1]
        part = reference[(2 * np.arange(size) + 1) * len(reference) // (2 * size)]
        return np.array([earth_movers_distance(sample, part) for sample in samples])

    return distances


def compare(
    populations: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    statistic: Statistic,
    paired: bool = False,
    equal_sizes: bool = False,
    draws: int = DRAWS,
    unit_draws: int = UNIT_DRAWS,
) -> Difference:
    """Compare the units of trained networks with those of their controls or null kernels.

    Parameters
    ----------
    populations : sequence of (np.ndarray, np.ndarray), each [shape=(n_units, n_dimensions)]
        The units of the trained network and of the null, for each seed. A seed where either has none is skipped.
    statistic : callable
        Statistic of a population.
    paired : bool
        Whether the null's units correspond to the trained units one by one; they are resampled together then.
    equal_sizes : bool
        For a statistic that depends on the number of units: within each seed the larger side is subsampled to the size
        of the smaller, and the mean over subsamples is taken.
    draws, unit_draws : int
        Number of resamples of seeds, and of the units within a seed.

    Returns
    -------
    Difference
        Seeds have equal weight. The 95% percentile interval is over resamples of first seeds, then units within each
        seed, with replacement, for the trained network and the null from the same seeds; with one seed only its units
        are resampled. As resampling units alone makes seeds differ, the deviations of seeds are first shrunk to the
        variance beyond that, then get a t correction for few seeds. Resamples of units are centred on the estimate,
        because a statistic may depend on units that are drawn twice. In simulations with 3 to 30 seeds of 40 units,
        with and without differences between seeds, coverage was 88 to 97%; 84 to 98% with 2 seeds.

    Source: Davison & Hinkley (1997), "Bootstrap methods and their application", section 3.8; Carpenter, Goldstein &
    Rasbash (2003), Applied Statistics 52, 431-443, for the rescaled differences between seeds.
    """
    kept = [pair for pair in populations if len(pair[0]) and len(pair[1])]
    units, null_units = (sum(len(pair[side]) for pair in kept or populations) for side in (0, 1))
    if not kept:
        return Difference(np.nan, np.nan, np.nan, np.nan, np.nan, seeds=0, units=units, null_units=null_units)
    rng = np.random.default_rng(0)
    values = np.empty((len(kept), 2))
    by_units = np.empty((len(kept), unit_draws))
    for seed, pair in enumerate(kept):
        smaller = min(len(sample) for sample in pair)
        sizes = [smaller if equal_sizes else len(sample) for sample in pair]
        for side, (sample, size) in enumerate(zip(pair, sizes, strict=True)):
            parts = np.tile(np.arange(len(sample)), (1 if size == len(sample) else unit_draws, 1))
            values[seed, side] = statistic(sample[rng.permuted(parts, axis=1)[:, :size]]).mean()
        drawn = [rng.integers(len(sample), size=(unit_draws, size)) for sample, size in zip(pair, sizes, strict=True)]
        if paired:
            drawn[1] = drawn[0]
        one, other = (statistic(sample[places]) for sample, places in zip(pair, drawn, strict=True))
        by_units[seed] = one - other - (one - other).mean()
    trained, null = values.mean(axis=0)
    low, high = np.nan, np.nan
    if min(units, null_units) >= _FEWEST:
        by_seeds = _rescaled(values[:, 0] - values[:, 1], by_chance=float(by_units.var(axis=1).mean()))
        seeds = rng.integers(len(kept), size=(draws, len(kept)))
        totals = (by_seeds[seeds] + by_units[seeds, rng.integers(unit_draws, size=seeds.shape)]).mean(axis=1)
        low, high = trained - null + np.quantile(totals, [0.025, 0.975])
    return Difference(trained, null, trained - null, low, high, seeds=len(kept), units=units, null_units=null_units)


def _rescaled(own: np.ndarray, *, by_chance: float) -> np.ndarray:
    """Return the deviations of seeds, shrunk to the variance between seeds beyond chance, with a t correction."""
    from scipy.stats import norm, t

    seeds, departures = len(own), own - own.mean()
    if seeds == 1 or (spread := float(own.var(ddof=1))) <= by_chance:
        return np.zeros(seeds)
    few = t.ppf(0.975, seeds - 1) / norm.ppf(0.975) * np.sqrt(seeds / (seeds - 1))
    return departures * np.sqrt(1 - by_chance / spread) * few
