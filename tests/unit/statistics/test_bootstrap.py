"""Differences between populations: their intervals hold the truth, and the distance between populations is exact."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from earfield.statistics.bootstrap import compare, distance_to, earth_movers_distance, mean, median


@pytest.mark.parametrize("shift", [(1, 0), (0, -1), (0.6, 0.8)])
def test_a_shift_by_one_octave_is_a_distance_of_one(shift):
    rng = np.random.default_rng(1)
    cloud = rng.standard_normal((50, 2))
    assert earth_movers_distance(cloud, cloud + shift) == pytest.approx(1)
    assert earth_movers_distance(cloud, rng.permutation(cloud) + shift) == pytest.approx(1)


def test_distance_along_one_axis_is_that_of_sorted_values():
    rng = np.random.default_rng(2)
    one, other = rng.standard_normal((40, 1)), rng.exponential(size=(40, 1))
    assert earth_movers_distance(one, other) == pytest.approx(wasserstein_distance(one.ravel(), other.ravel()))


def test_half_a_population_that_moves_counts_half():
    here, there = np.zeros((6, 2)), np.array([[0, 0]] * 3 + [[0, 4]] * 3)
    assert earth_movers_distance(here, there) == pytest.approx(2)


def test_distance_refuses_unequal_sizes():
    with pytest.raises(ValueError, match="3 and 4 units"):
        earth_movers_distance(np.zeros((3, 2)), np.zeros((4, 2)))


@pytest.mark.parametrize("times", [1, 2, 3])
def test_whole_reference_is_met_by_as_many_units_or_a_multiple(times):
    reference = np.random.default_rng(3).standard_normal((20, 2))
    sample = np.repeat(reference, times, axis=0) + np.array([1, 0])
    assert distance_to(reference)(sample[None]) == pytest.approx([1])


@pytest.mark.parametrize("size", [16, 57, 90, 200])
def test_part_of_a_reference_covers_its_range(size):
    reference = np.repeat(np.linspace(0, 1, 16), 8)[:, None]
    at_left = np.zeros((1, size, 1))  # so its distance is the mean of the part of the reference that it meets
    assert distance_to(reference)(at_left) == pytest.approx([0.5], abs=0.01)


def populations(rng, *, seeds, units, between=0.0, truth=0.3, common=0.0, null_units=None):
    """Return networks whose units have sd 1, with this sd of what a seed adds to each side, and of what pairs share."""
    made = []
    for _ in range(seeds):
        shared = common * rng.standard_normal((units, 1)) if common else 0
        trained = truth + between * rng.standard_normal() + rng.standard_normal((units, 1)) + shared
        null = between * rng.standard_normal() + rng.standard_normal((null_units or units, 1)) + shared
        made.append((trained, null))
    return made


COVERAGE = [
    (1, 0, mean, False),
    (5, 0, mean, False),
    (5, 0.15, mean, True),
    (5, 0.15, median, False),
    (5, 1, mean, False),
    (20, 0.3, mean, False),
]


@pytest.mark.parametrize(
    ("seeds", "between", "statistic", "paired", "sets"),
    [
        *((*COVERAGE[number], 80) for number in (0, 2, 4)),
        *(pytest.param(*each, 200, marks=pytest.mark.nightly) for each in COVERAGE),
    ],
)
def test_interval_holds_the_true_difference(seeds, between, statistic, paired, sets):
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(sets):
        made = populations(rng, seeds=seeds, units=40, between=between, common=1.0 if paired else 0.0)
        found = compare(made, statistic=statistic, paired=paired, draws=300, unit_draws=200)
        hits += found.ci_low <= 0.3 <= found.ci_high
    assert 0.88 <= hits / sets <= (0.99 if sets == 200 else 1)


@pytest.mark.parametrize("sets", [20, pytest.param(100, marks=pytest.mark.nightly)])
def test_interval_of_a_distance_holds_the_true_difference(sets):
    """Two clouds to the right of a reference so far that distances are known: those of the centres."""
    rng = np.random.default_rng(5)
    reference = np.stack(np.meshgrid(np.linspace(-1, 1, 8), np.linspace(-1, 1, 8)), axis=-1).reshape(-1, 2)
    hits = 0
    for _ in range(sets):
        made = [(rng.normal((9.5, 0), 0.8, (40, 2)), rng.normal((9, 0), 0.8, (30, 2))) for _ in range(2)]
        found = compare(made, statistic=distance_to(reference), equal_sizes=True, draws=200, unit_draws=40)
        hits += found.ci_low <= 0.5 <= found.ci_high
    assert 0.86 <= hits / sets <= 1


def test_equal_sizes_take_away_what_the_number_of_units_does_to_a_distance():
    rng = np.random.default_rng(6)
    reference = rng.standard_normal((128, 2))
    made = [(rng.standard_normal((100, 2)), rng.standard_normal((12, 2))) for _ in range(12)]
    unequal = compare(made, statistic=distance_to(reference), draws=100, unit_draws=20)
    equal = compare(made, statistic=distance_to(reference), equal_sizes=True, draws=100, unit_draws=20)
    assert unequal.difference < -0.2
    assert abs(equal.difference) < 0.1
    assert equal.null == pytest.approx(unequal.null)


def test_values_are_means_over_seeds():
    made = [(np.full((20, 1), 1.0), np.full((30, 1), 0.5)), (np.full((60, 1), 4.0), np.full((10, 1), 0.0))]
    found = compare(made, statistic=mean)
    assert (found.trained, found.null, found.difference) == (2.5, 0.25, 2.25)
    assert (found.seeds, found.units, found.null_units) == (2, 80, 40)


def test_pairs_narrow_the_interval():
    made = populations(np.random.default_rng(7), seeds=1, units=60, common=5.0)
    paired, apart = (compare(made, statistic=mean, paired=paired) for paired in (True, False))
    assert paired.difference == apart.difference
    assert paired.ci_high - paired.ci_low < 0.5 * (apart.ci_high - apart.ci_low)


def test_seeds_that_differ_widen_the_interval():
    rng = np.random.default_rng(8)
    alike, unlike = (
        compare(populations(rng, seeds=5, units=60, between=between), statistic=mean) for between in (0, 1)
    )
    assert unlike.ci_high - unlike.ci_low > 3 * (alike.ci_high - alike.ci_low)


def test_same_populations_give_the_same_interval():
    made = populations(np.random.default_rng(9), seeds=3, units=20)
    assert compare(made, statistic=mean) == compare(made, statistic=mean)


def test_few_units_give_no_interval():
    made = populations(np.random.default_rng(10), seeds=3, units=30, null_units=3)
    found = compare(made, statistic=mean)
    assert np.isfinite(found.difference) and np.isnan(found.ci_low) and np.isnan(found.ci_high)


def test_seeds_without_units_are_left_out():
    nothing = np.empty((0, 1))
    whole = populations(np.random.default_rng(11), seeds=2, units=20)
    more = [*whole, (np.ones((20, 1)), nothing), (nothing, np.ones((5, 1)))]
    assert compare(more, statistic=mean) == compare(whole, statistic=mean)
    none = compare(more[2:3], statistic=mean)
    assert (none.seeds, none.units, none.null_units) == (0, 20, 0)
    assert np.isnan([none.trained, none.null, none.difference, none.ci_low, none.ci_high]).all()
