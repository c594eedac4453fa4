"""The fast gradients are those of the plain Keras network."""

import numpy as np
import pytest
import yaml

from earfield.configuration.settings import NetworkSettings

NETWORK = yaml.safe_load(open("config.yaml", encoding="utf-8"))["network"]
SMALL = {
    "frames": 40,
    "n_mels": 21,
    "conv": [
        {"filters": 5, "kernel": [2, 3], "pool": [3, 2], "l2": 0.0},
        {"filters": 4, "kernel": [1, 4], "pool": [1, 3], "l2": 0.1},
        {"filters": 3, "kernel": [2, 1], "pool": [2, 1], "l2": 0.0},
    ],
    "dense": {"units": 6, "l2": 0.0},
}


def random_batch(n=12, frames=256, n_mels=64, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.gamma(0.3, 1.0, (n, frames, n_mels)).astype(np.float32)
    return x, generator.integers(0, 10, n).astype(np.int32)


def mixed_batch():
    """Music, digital silence, a constant level, and music with a silent excerpt: maxima tie in the last three."""
    x, y = random_batch(6)
    x[3] = 0
    x[4] = 0.7
    x[5, 100:200] = 0
    return x, y


def plain_keras(model, x, y):
    """Loss, accuracy and gradients by the layers as they stand, through Keras and TensorFlow's own max pool."""
    import keras
    import tensorflow as tf

    with tf.GradientTape() as tape:
        probabilities = model(x, training=False)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, probabilities))
        total = loss + tf.add_n(model.losses)
    accuracy = float((probabilities.numpy().argmax(axis=1) == y).mean())
    return float(loss), accuracy, tape.gradient(total, model.trainable_variables)


def build(*, tags=False, **changes):
    from earfield.network.architecture import build_network

    shape = {"frames": 256, "n_mels": 64, "n_labels": 10} | {k: v for k, v in changes.items() if k not in NETWORK}
    seed, network = 3, NETWORK | {"dropout": 0.0} | {k: v for k, v in changes.items() if k in NETWORK}
    model = build_network(NetworkSettings(**network), seed=seed, **shape, tags=tags)
    generator = np.random.default_rng(seed)
    # Biases start at zero; other values show whether they are added at the right place.
    model.set_weights([w + 0.05 * generator.standard_normal(w.shape) * (w.ndim == 1) for w in model.get_weights()])
    return model


def assert_same(ours, plain, rtol=2e-4):
    assert ours[0] == pytest.approx(plain[0], rel=1e-5)
    assert ours[1] == pytest.approx(plain[1])
    for own, reference in zip(ours[2], plain[2], strict=True):
        scale = np.abs(reference).max()
        assert np.allclose(own, reference, atol=rtol * scale, rtol=0)


@pytest.fixture(scope="module")
def paper():
    """The paper's network with what plain Keras makes of a batch."""
    model, batch = build(), mixed_batch()
    return model, batch, plain_keras(model, *batch)


@pytest.mark.parametrize("micro_batch", [1, 4, 6])
def test_gradients_are_those_of_plain_keras(paper, micro_batch):
    import tensorflow as tf

    from earfield.train.gradients import GradientStep

    model, (x, y), expected = paper
    step = GradientStep(model, micro_batch=micro_batch, workers=2)
    assert_same(step(tf.constant(x), tf.constant(y), seed=(1, 0)), expected)


def test_gradients_with_tags_are_those_of_plain_keras():
    import keras
    import tensorflow as tf

    from earfield.train.gradients import GradientStep

    model, (x, _) = build(tags=True, **SMALL), random_batch(12, 40, 21)
    y = (np.random.default_rng(1).uniform(size=(12, 10)) < 0.3).astype(np.float32)
    with tf.GradientTape() as tape:
        probabilities = model(x, training=False)
        loss = 10 * tf.reduce_mean(keras.losses.binary_crossentropy(y, probabilities))  # a sum over the ten tags
        total = loss + tf.add_n(model.losses)
    right = float(((probabilities.numpy() >= 0.5) == (y > 0.5)).mean())
    ours = GradientStep(model, micro_batch=5, workers=2, tags=True)(tf.constant(x), tf.constant(y), seed=(1, 0))
    assert_same(ours, (float(loss), right, tape.gradient(total, model.trainable_variables)))


@pytest.mark.parametrize("frames", [40, 53])
def test_gradients_of_another_network(frames):
    import tensorflow as tf

    from earfield.train.gradients import GradientStep

    model = build(**(SMALL | {"frames": frames}))
    x, y = random_batch(7, frames, 21)
    ours = GradientStep(model, micro_batch=3, workers=1)(tf.constant(x), tf.constant(y), seed=(1, 0))
    assert_same(ours, plain_keras(model, x, y))


def test_number_of_workers_changes_no_bit():
    import tensorflow as tf

    from earfield.train.gradients import GradientStep

    model = build(dropout=0.2, **SMALL)
    x, y = map(tf.constant, random_batch(10, 40, 21))
    one, four = (GradientStep(model, micro_batch=2, workers=n)(x, y, seed=(1, 7)) for n in (1, 4))
    assert one[:2] == four[:2]
    assert all(np.array_equal(a, b) for a, b in zip(one[2], four[2], strict=True))


def test_other_units_are_dropped_in_each_step_and_micro_batch():
    import tensorflow as tf

    from earfield.train.gradients import GradientStep

    model = build(dropout=0.5, **SMALL)
    x, y = random_batch(1, 40, 21)
    x, y = tf.repeat(x, 4, axis=0), tf.repeat(y, 4)
    step = GradientStep(model, micro_batch=1, workers=1)
    losses = {step(x[:1], y[:1], seed=(1, number))[0] for number in range(4)}
    assert len(losses) == 4
    assert step(x, y, seed=(1, 0))[0] != step(x[:1], y[:1], seed=(1, 0))[0]
    assert step(x, y, seed=(1, 0))[0] == step(x, y, seed=(1, 0))[0]


def test_dropped_share_is_the_configured_one_and_keeps_the_mean():
    import tensorflow as tf

    from earfield.train.gradients import logits

    model = build(dropout=0.2, **SMALL | {"dense": {"units": 60, "l2": 0.0}})
    x = tf.constant(random_batch(2, 40, 21)[0])
    whole = logits(model, x, seed=None).numpy()
    draw = tf.function(lambda seed: logits(model, x, seed=seed))
    drawn = np.mean([draw(tf.constant([1, n])).numpy() for n in range(300)], axis=0)
    assert np.allclose(model(x).numpy(), tf.nn.softmax(whole), atol=1e-5)
    assert np.abs(drawn - whole).max() < 0.15 * np.abs(whole).max()


def test_max_pool_shares_the_gradient_of_a_tie():
    import tensorflow as tf

    from earfield.train.gradients import max_pool

    y = tf.constant(np.array([[3, 1, 0, 0], [3, 2, 0, 5]], np.float32)[None, ..., None])
    with tf.GradientTape() as tape:
        tape.watch(y)
        pooled = max_pool(y, (2, 2))
        total = tf.reduce_sum(pooled * tf.constant([[[[4.0], [7.0]]]]))
    assert pooled.numpy().ravel().tolist() == [3, 5]
    assert tape.gradient(total, y).numpy()[0, ..., 0].tolist() == [[2, 0, 0, 0], [2, 0, 0, 7]]


def test_bfloat16_gradients_point_the_same_way(paper):
    import tensorflow as tf

    from earfield.train.gradients import GradientStep

    model, (x, y), (_, _, exact) = paper
    coarse = GradientStep(model, micro_batch=6, workers=1, precision="bfloat16")(
        tf.constant(x), tf.constant(y), seed=(1, 0)
    )
    for a, b in zip(exact, coarse[2], strict=True):
        a, b = a.numpy().ravel(), b.numpy().ravel()
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.98
