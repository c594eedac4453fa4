"""Discriminant axes, predictions from these axes alone, and the interval of their accuracy."""

import numpy as np
import pytest

from earfield.figures.discriminant import choose_components, classify, fit_axes
from earfield.statistics.intervals import mean_ci, paired_difference_ci
from earfield.statistics.proportions import wilson_interval


def gaussians(means, *, n=200, seed=0, mix=None):
    """Return segments around the means, with unit covariance before they are mixed, and their labels."""
    generator = np.random.default_rng(seed)
    means = np.asarray(means, dtype=float)
    x = np.concatenate([mean + generator.standard_normal((n, means.shape[1])) for mean in means])
    return (x if mix is None else x @ mix), np.repeat([f"label {number}" for number in range(len(means))], n)


def up_to_sign(a, b):
    return a.shape == b.shape and np.allclose(a * np.sign((a * b).sum(axis=0)), b, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_two_labels_have_fishers_direction(seed):
    mix = np.random.default_rng(seed).standard_normal((5, 5))
    means = np.zeros((2, 5))
    means[1, :2] = 3, 1
    x, labels = gaussians(means, n=20_000, seed=seed, mix=mix)
    weights = fit_axes(x, labels).weights
    expected = np.linalg.solve(mix.T @ mix, (means[1] - means[0]) @ mix)
    assert weights.shape == (5, 1)
    cosine = weights[:, 0] @ expected / np.linalg.norm(weights) / np.linalg.norm(expected)
    assert abs(cosine) > 0.999


def test_axes_come_in_the_order_of_the_distances_between_labels():
    means = np.zeros((8, 6))
    means[:2, 4], means[2:4, 1], means[4:6, 3] = (8, -8), (5, -5), (2, -2)
    x, labels = gaussians(means, n=2000)
    axes = fit_axes(x, labels)
    assert np.abs(axes.weights).argmax(axis=0).tolist() == [4, 1, 3]
    assert np.allclose(np.abs(axes.weights).max(axis=0), 1, atol=0.03)
    assert np.allclose(axes.variance_ratio, np.array([64, 25, 4]) / 93, atol=0.01)


@pytest.mark.parametrize(
    ("n_labels", "n_features", "n_axes"), [(2, 5, 1), (3, 5, 2), (4, 5, 3), (9, 5, 3), (9, 2, 2), (9, 1, 1)]
)
def test_training_coordinates_have_unit_covariance_within_labels(n_labels, n_features, n_axes):
    means = np.random.default_rng(1).standard_normal((n_labels, n_features)) * 2
    x, labels = gaussians(means, n=50, mix=np.random.default_rng(2).standard_normal((n_features, n_features)))
    axes = fit_axes(x, labels)
    points = axes.coordinates(x)
    assert points.shape == (len(x), n_axes)
    residuals = points - axes.means[np.searchsorted(axes.labels, labels)]
    covariance = residuals.T @ residuals / len(x)
    assert np.allclose(covariance, np.eye(n_axes), atol=1.1 * n_labels / len(x))  # whatever the degrees of freedom
    assert np.allclose(covariance / covariance[0, 0], np.eye(n_axes))
    assert (np.diff(axes.variance_ratio) <= 0).all() and axes.variance_ratio.sum() <= 1 + 1e-9
    assert np.allclose(points.mean(axis=0), 0)


def test_coordinates_do_not_depend_on_the_scale_or_mixture_of_features():
    x, labels = gaussians(np.random.default_rng(3).standard_normal((5, 6)) * 2)
    mix = np.random.default_rng(4).standard_normal((6, 6)) * np.logspace(-3, 3, 6)
    one, other = fit_axes(x, labels), fit_axes(x @ mix + 7, labels)
    assert up_to_sign(one.coordinates(x), other.coordinates(x @ mix + 7))


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6])
def test_units_that_are_always_off_change_nothing(constant):
    x, labels = gaussians(np.random.default_rng(5).standard_normal((5, 4)) * 2)
    padded = np.insert(x, [0, 2, 4], constant, axis=1)
    one, other = fit_axes(x, labels), fit_axes(padded, labels)
    assert np.array_equal(one.weights, np.delete(other.weights, [0, 3, 6], axis=0))
    assert not other.weights[[0, 3, 6]].any()
    padded[:, 0] += 1000  # nor do they when they are on for once in the test data
    assert np.array_equal(one.coordinates(x), other.coordinates(padded))


def test_units_that_say_the_same_change_nothing():
    x, labels = gaussians(np.random.default_rng(6).standard_normal((5, 4)) * 2)
    doubled = np.column_stack([x, x[:, 0] * 3, x[:, 1] - x[:, 2]])
    assert up_to_sign(fit_axes(x, labels).coordinates(x), fit_axes(doubled, labels).coordinates(doubled))


def test_few_units_give_few_axes():
    x, labels = gaussians(np.random.default_rng(6).standard_normal((5, 2)) * 2)
    assert fit_axes(x @ np.random.default_rng(7).standard_normal((2, 8)), labels).weights.shape == (8, 2)


def test_posterior_on_all_axes_is_that_of_the_full_analysis():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    x, labels = gaussians(np.random.default_rng(8).standard_normal((4, 6)))
    x, labels = x[:600], labels[:600]
    keep = np.r_[0:50, 200:600]  # labels are not equally common
    x, labels = x[keep], labels[keep]
    axes = fit_axes(x, labels)
    full = LinearDiscriminantAnalysis().fit(x, labels)
    assert axes.labels.tolist() == full.classes_.tolist()
    assert np.allclose(axes.posterior(axes.coordinates(x)), full.predict_proba(x))


@pytest.mark.parametrize(
    ("x", "labels", "sentence"),
    [
        (np.zeros((6, 3)), list("aabbcc"), "a feature that varies within a label"),
        (np.repeat(np.eye(2), 3, axis=0), list("aaabbb"), "a feature that varies within a label"),
        (np.random.default_rng(0).random((6, 3)), list("aaaaaa"), "two or more labels, not 1"),
    ],
)
def test_what_has_no_axes_is_named(x, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit_axes(x, np.array(labels))


def noisy_components(n, *, seed):
    """Return components of which the first three tell five labels apart and the others are noise."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(list("abcde"), n)
    x = generator.standard_normal((len(labels), 120))
    x[:, :3] += 2 * np.random.default_rng(99).standard_normal((5, 3))[np.searchsorted(list("abcde"), labels)]
    return x, labels


def test_number_of_components_is_that_of_the_best_validation():
    train, validation = noisy_components(30, seed=1), noisy_components(200, seed=2)
    chosen, tried = choose_components(*train, *validation, candidates=[100, 3, 2, 40, 500])
    assert tried[:, 0].tolist() == [2, 3, 40, 100, 120]
    assert chosen == 3 and tried[1, 1] == tried[:, 1].max() > tried[-1, 1] + 0.1
    # More of the training data's noise always looks better on the training data itself.
    assert choose_components(*train, *train, candidates=[3, 100])[0] == 100


def test_smallest_of_equally_good_numbers_is_chosen():
    x, labels = gaussians(np.diag([50.0, 50, 50, 0]))
    chosen, tried = choose_components(x, labels, x, labels, candidates=[4, 3])
    assert chosen == 3 and tried[:, 1].tolist() == [1, 1]


def test_track_has_the_label_of_the_largest_mean_probability():
    # On one axis with means at about -5 and 5 the side decides, and how far decides how surely.
    x, labels = gaussians([[-5.0], [5.0]], n=5000)
    axes = fit_axes(x, labels)
    points = (np.array([[-0.05], [-0.05], [2.0], [-2], [-2], [-2], [2]]) - axes.origin) @ axes.weights
    tracks = np.array(["a", "a", "a", "b", "b", "c", "c"])
    truth = np.array(["label 1"] * 3 + ["label 0"] * 2 + ["label 1"] * 2)
    segments, whole = classify(axes, points, labels=truth, tracks=tracks)
    assert np.array_equal(segments, [[0, 0, 1], [1, 1, np.nan], [0, 1, np.nan]], equal_nan=True)
    assert whole[:2].tolist() == [[1], [1]]  # two unsure segments of `a` do not outvote a sure one


def test_outcomes_do_not_depend_on_the_order_of_segments():
    x, labels = gaussians(np.random.default_rng(9).standard_normal((4, 4)))
    tracks = np.array([f"track {number // 8}" for number in range(len(x))])
    axes = fit_axes(x, labels)
    order = np.random.default_rng(1).permutation(len(x))
    one = classify(axes, axes.coordinates(x), labels=labels, tracks=tracks)
    other = classify(axes, axes.coordinates(x)[order], labels=labels[order], tracks=tracks[order])
    assert np.array_equal(one[1], other[1])
    assert np.array_equal(np.nansum(one[0], axis=1), np.nansum(other[0], axis=1))


def test_interval_has_the_width_of_tracks_and_not_of_segments():
    generator = np.random.default_rng(0)
    counts = generator.integers(5, 15, 300)
    segments = np.where(
        np.arange(14) < counts[:, None], generator.random((300, 14)) < generator.beta(0.5, 0.5, (300, 1)), np.nan
    )
    mean, low, high = mean_ci(segments, one_run=True)
    deviation = np.sqrt(np.square(np.nansum(segments, axis=1) - mean * counts).sum()) / counts.sum()
    assert mean == pytest.approx(np.nansum(segments) / counts.sum())
    assert (high - low) / 2 == pytest.approx(1.96 * deviation, rel=0.05)
    naive = wilson_interval(np.nansum(segments), counts.sum())
    assert high - low > 2 * (naive[1] - naive[0])


def test_cutting_tracks_finer_makes_nothing_surer():
    whole = np.random.default_rng(1).integers(0, 2, (50, 1)).astype(float)
    assert mean_ci(np.repeat(whole, 10, axis=1), one_run=True) == pytest.approx(mean_ci(whole), abs=0.01)
    others = np.random.default_rng(2).integers(0, 2, (50, 1)).astype(float)
    finer = [np.repeat(each, 10, axis=1) for each in (whole, others)]
    assert paired_difference_ci(*finer, one_run=True) == pytest.approx(paired_difference_ci(whole, others), abs=0.01)


def test_shuffled_labels_are_right_by_chance():
    generator = np.random.default_rng(0)
    held = []
    for _ in range(20):
        # 11 segments a track that are much alike, as those of a song are.
        x = (generator.standard_normal((240, 1, 10)) + 0.3 * generator.standard_normal((240, 11, 10))).reshape(-1, 10)
        labels = np.repeat(generator.permutation(np.repeat(list("abcd"), 60)), 11)
        tracks = np.repeat([f"{number:03d}" for number in range(240)], 11)
        train = np.arange(len(x)) < 120 * 11
        axes = fit_axes(x[train], labels[train])
        segments, whole = classify(axes, axes.coordinates(x[~train]), labels=labels[~train], tracks=tracks[~train])
        for _, low, high in (mean_ci(segments, one_run=True), mean_ci(whole)):
            held.append(low <= 0.25 <= high)
    assert np.mean(held) > 0.85
