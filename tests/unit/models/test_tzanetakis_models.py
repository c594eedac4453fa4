"""Gaussians, mixtures and neighbours: what they learn, from how little, and how sure they are."""

import numpy as np
import pytest

from earfield.models import tzanetakis_mixture, tzanetakis_neighbours
from earfield.models.estimator import Task

PRIOR = {"prior_tracks": [1, 10, 100], "inverse_temperature": [0.1, 0.3, 1]}
MODELS = {
    "gaussian": (tzanetakis_mixture, {"components": [1], **PRIOR}),
    "gmm": (tzanetakis_mixture, {"components": [2, 3], **PRIOR}),
    "knn": (tzanetakis_neighbours, {"k": [1, 3, 5], "smoothing": [0.3, 1, 3, 10]}),
}
every_model = pytest.mark.parametrize(("module", "options"), MODELS.values(), ids=MODELS)


def made(draw, *, train, others=40, n_labels=3, seed=0):
    """Return a task whose features are `draw(rng, targets)`, and the targets of its test tracks."""
    rng = np.random.default_rng(seed)
    truth = {"train": np.asarray(train)}
    truth |= {subset: np.tile(np.arange(n_labels), others) for subset in ("validation", "test")}
    task = Task(
        labels=[f"label {number}" for number in range(n_labels)],
        tracks={subset: [f"{subset} {number}" for number in range(len(y))] for subset, y in truth.items()},
        targets={subset: y for subset, y in truth.items() if subset != "test"},
        features={subset: draw(rng, y) for subset, y in truth.items()},
        shards=None,
        seed=1,
    )
    return task, truth["test"]


def clouds(distance, n_features=30):
    """Return a draw of one Gaussian a label, features of different scales and one that is constant."""
    centres = distance * np.random.default_rng(9).standard_normal((3, n_features)) / np.sqrt(2 * n_features)

    def draw(rng, y):
        values = (centres[y] + rng.standard_normal((len(y), n_features))) * 10.0 ** (np.arange(n_features) % 7 - 3)
        values[:, -1] = 4
        return values

    return draw


def interleaved(rng, y):
    """Return labels 0 and 1 in turn along a line, two places each: alike in spread, told apart by a mixture alone."""
    places = np.array([[-3, 1], [-1, 3], [0, 0]])[y, rng.integers(0, 2, len(y))]
    return np.column_stack([places, np.where(y == 2, 9, 0)]) + rng.standard_normal((len(y), 2)) / 3


def loss(probabilities, truth):
    return -np.log(probabilities[np.arange(len(truth)), truth]).mean()


@every_model
def test_what_lies_apart_is_told_apart_and_what_does_not_is_not(module, options):
    train = np.tile([0, 1, 2], 30)
    task, truth = made(clouds(8.0), train=train)
    probabilities = module.predict(task, **options)
    assert probabilities.shape == (len(truth), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == truth).mean() > 0.95
    task, truth = made(clouds(0.0), train=train, others=100)
    assert abs((module.predict(task, **options).argmax(axis=1) == truth).mean() - 1 / 3) < 0.12


@every_model
@pytest.mark.parametrize("distance", [0.0, 2.0, 4.0])
def test_probabilities_are_about_as_sure_as_they_are_right(module, options, distance):
    task, truth = made(clouds(distance, n_features=6), train=np.tile([0, 1, 2], 60), others=200)
    probabilities = module.predict(task, **options)
    accuracy = (probabilities.argmax(axis=1) == truth).mean()
    assert probabilities.max(axis=1).mean() == pytest.approx(accuracy, abs=0.15)
    assert loss(probabilities, truth) < np.log(3) + 0.1


@every_model
def test_label_without_training_tracks_has_no_probability(module, options):
    task, _ = made(clouds(4.0), train=np.tile([0, 2], 20))
    probabilities = module.predict(task, **options)
    assert (probabilities[:, 1] == 0).all() and (probabilities[:, [0, 2]] > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@every_model
@pytest.mark.parametrize("train", [[0, 1, 2], [0, 0, 1, 1, 2, 2], [0, 1, 1, 2, 2, 2], [0] * 9 + [1, 2, 2, 2]], ids=str)
def test_one_to_three_tracks_of_a_label_are_enough_to_learn_from(module, options, train):
    task, truth = made(clouds(15.0), train=train)
    probabilities = module.predict(task, **options)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert np.isfinite(loss(probabilities, truth))
    hits = probabilities.argmax(axis=1) == truth
    assert hits.mean() > 0.6
    if len(set(np.bincount(train))) == 1:
        assert hits.mean() > 0.8


@every_model
def test_copies_of_one_track_are_no_more_than_a_track_to_fit(module, options):
    task, truth = made(clouds(12.0), train=np.tile([0, 1, 2], 8))
    task.features["train"][task.targets["train"] == 1] = task.features["train"][1]
    probabilities = module.predict(task, **options)
    assert np.isfinite(probabilities).all() and (probabilities.argmax(axis=1) == truth).mean() > 0.6


@every_model
def test_same_task_has_the_same_answer_and_test_tracks_do_not_matter_to_each_other(module, options):
    task, _ = made(clouds(3.0), train=np.tile([0, 1, 2], 10))
    before = module.predict(task, **options)
    np.testing.assert_array_equal(before, module.predict(task, **options))
    features = {**task.features, "test": task.features["test"][:7]}
    np.testing.assert_allclose(module.predict(Task(**{**vars(task), "features": features}), **options), before[:7])


@every_model
def test_units_of_features_do_not_matter(module, options):
    task, _ = made(clouds(3.0), train=np.tile([0, 1, 2], 10))
    scaled = {subset: 1000 * values - 5 for subset, values in task.features.items()}
    other = Task(**{**vars(task), "features": scaled})
    np.testing.assert_allclose(module.predict(task, **options), module.predict(other, **options), atol=1e-6)


def test_mixture_tells_apart_what_one_gaussian_blurs():
    task, truth = made(interleaved, train=np.tile([0, 1, 2], 60), others=100)
    hits = {
        components: (tzanetakis_mixture.predict(task, components=components, **PRIOR).argmax(axis=1) == truth).mean()
        for components in ((1,), (2,), (1, 2))
    }
    assert hits[(2,)] > hits[(1,)] + 0.1
    assert hits[(1, 2)] == hits[(2,)]


def test_covariance_of_one_gaussian_is_full():
    def tilted(rng, y):
        one, other = rng.standard_normal((2, len(y)))
        return np.column_stack([one, np.where(y == 0, one, -one) + 0.2 * other])

    task, truth = made(tilted, train=np.tile([0, 1], 60), others=100, n_labels=2)
    options = {"inverse_temperature": [1], "components": [1]}
    own = tzanetakis_mixture.predict(task, prior_tracks=[1], **options)
    pooled = tzanetakis_mixture.predict(task, prior_tracks=[1e9], **options)
    assert (own.argmax(axis=1) == truth).mean() > 0.85
    assert (pooled.argmax(axis=1) == truth).mean() < 0.65


def test_nearest_tracks_vote_and_the_rest_is_shared_by_frequency():
    task, _ = made(lambda rng, y: y[:, None] * 1.0 + rng.random((len(y), 1)) / 9, train=[0, 0, 0, 1, 2], others=3)
    exact = tzanetakis_neighbours.predict(task, k=[1], smoothing=[1])
    np.testing.assert_allclose(exact[0], [0.5 + 0.3, 0.1, 0.1])
    np.testing.assert_allclose(exact[1], [0.3, 0.5 + 0.1, 0.1])
    drawn = tzanetakis_neighbours.predict(task, k=[50], smoothing=[1])
    np.testing.assert_allclose(drawn, np.tile([0.6, 0.2, 0.2], (9, 1)))


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]], ids=str)
def test_nearest_track_decides_a_draw_whatever_the_order_of_labels_and_their_frequency(order):
    """Draws of two tracks and of four; out of sight lie more tracks of the labels that do not decide."""
    near, next_to, far = order
    train = [next_to, near, near, next_to, far, next_to, next_to, far, far, far, far]
    places = [2.0, 1.0, 4.0, 3.0, 5.0, *[99.0] * 6]
    task, _ = made(lambda rng, y: np.zeros((len(y), 1)), train=train, others=1)
    task.features["train"] = np.array(places)[:, None]
    for k in (2, 4):
        drawn = tzanetakis_neighbours.predict(task, k=[k], smoothing=[1])
        assert (drawn.argmax(axis=1) == near).all() and (drawn.round(9).argmax(axis=1) == near).all()
        np.testing.assert_allclose(drawn[:, near], drawn[:, next_to], rtol=1e-6)
        assert drawn[0, far] == pytest.approx(5 / 11 / (k + 1), rel=1e-6)
        np.testing.assert_allclose(drawn.sum(axis=1), 1)
