"""A network that sees the whole of a track behind its segment."""

import numpy as np
import pandas as pd
import pytest

from earfield.configuration.settings import NetworkSettings

CONV = [{"filters": 3, "kernel": [3, 3], "pool": [2, 4], "l2": 0.01}]
NETWORK = {"conv": CONV, "dense": {"units": 4, "l2": 0.02}, "dropout": 0.0}
CONTEXT = {"frames": 12, "conv": [{"filters": 2, "kernel": [3, 3], "pool": [2, 2], "l2": 0.01}]}


def build(**changes):
    from earfield.network.architecture import build_network

    settings = NetworkSettings(**(NETWORK | {"context": CONTEXT} | changes))
    model = build_network(settings, frames=40, n_mels=8, n_labels=3, seed=1)
    generator = np.random.default_rng(1)
    model.set_weights([w + 0.05 * generator.standard_normal(w.shape) * (w.ndim == 1) for w in model.get_weights()])
    return model


def test_summary_is_the_mean_of_equal_parts():
    from earfield.network.context import summarise

    mel = np.random.default_rng(0).random((24, 8), dtype=np.float32)
    assert np.allclose(summarise(mel, frames=12), mel.reshape(12, 2, 8).mean(axis=1), atol=1e-6)
    assert np.allclose(summarise(mel, frames=1), mel.mean(axis=0), atol=1e-6)
    assert np.array_equal(summarise(mel, frames=24), mel)


@pytest.mark.parametrize("n", [1, 5, 13, 100, 1293])
def test_summary_of_any_length_lies_within_the_track_and_keeps_its_order(n):
    from earfield.network.context import summarise

    rising = np.repeat(np.arange(n, dtype=np.float32)[:, None], 2, axis=1)
    found = summarise(rising, frames=12)
    assert found.shape == (12, 2) and found.min() >= 0 and found.max() <= n - 1
    assert (np.diff(found, axis=0) >= 0).all()
    if n >= 12:
        assert found.mean() == pytest.approx((n - 1) / 2, rel=0.1)


def test_gradients_are_those_of_plain_keras():
    import keras
    import tensorflow as tf

    from earfield.train.gradients import GradientStep

    model = build()
    rng = np.random.default_rng(3)
    x, y = rng.random((6, 52, 8), dtype=np.float32), np.array([0, 1, 2, 0, 1, 2], np.int32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, model(x)))
        total = loss + tf.add_n(model.losses)
    expected = tape.gradient(total, model.trainable_variables)
    found = GradientStep(model, micro_batch=4, workers=2)(tf.constant(x), tf.constant(y), seed=(1, 0))
    assert found[0] == pytest.approx(float(loss), rel=1e-5)
    for variable, own, reference in zip(model.trainable_variables, found[2], expected, strict=True):
        scale = np.abs(reference).max()
        assert scale > 0, variable.path
        assert np.allclose(own, reference, atol=2e-4 * scale, rtol=0), variable.path


def test_segment_of_a_network_without_context_starts_from_the_same_weights():
    plain, both = (
        {layer.name: layer.get_weights()[0] for layer in build(context=context).layers if layer.get_weights()}
        for context in (None, CONTEXT)
    )
    assert np.array_equal(plain["conv1"], both["conv1"]) and "context_conv1" in both
    assert plain["dense"].shape[0] < both["dense"].shape[0]


@pytest.fixture
def shards(tmp_path):
    from earfield.mel.shards import MelShards

    lengths = {"a": 60, "b": 43}
    frames = np.random.default_rng(5).random((sum(lengths.values()), 8), dtype=np.float32)
    np.save(tmp_path / "0.npy", frames)
    rows = [("a", "x", 0, 60), ("b", "y", 60, 43)]
    pd.DataFrame(rows, columns=["track", "label", "start", "frames"]).to_csv(tmp_path / "0.csv", index=False)
    return MelShards([tmp_path / "0.npy"], [tmp_path / "0.csv"])


def test_every_window_of_a_track_has_the_same_summary_behind_it(shards):
    from earfield.network.context import summarise
    from earfield.network.device import Device
    from earfield.network.predict import TrackPredictor

    model = build()
    predict = TrackPredictor(model, device=Device(gpu=False, workers=1), overlap=0.5)
    assert (predict.frames, predict.hop) == (40, 20)
    mel = shards.track("a")
    expected = model(
        np.stack([np.concatenate([mel[start : start + 40], summarise(mel, frames=12)]) for start in (0, 20)])
    )
    assert np.allclose(predict.segments(shards, ["a"])[0], expected, atol=1e-6)
    assert np.allclose(predict.at(shards, ["a"], start=20), expected[1:], atol=1e-6)


def test_training_input_has_the_tracks_own_summary(shards):
    from earfield.network.context import summarise
    from earfield.train.segments import training_batches

    context = np.stack([summarise(shards.track(name), frames=12) for name in "ab"])
    plan = np.array([[1, 0]]), np.array([[3, 20]])
    ((x, _),) = training_batches(shards, list("ab"), np.array([0, 1]), plan, frames=40, context=context)
    assert np.array_equal(x[0, :40], shards.track("b")[3:43]) and np.array_equal(x[0, 40:], context[1])
    assert np.array_equal(x[1, :40], shards.track("a")[20:60]) and np.array_equal(x[1, 40:], context[0])


def test_saved_network_with_a_context_loads_without_our_code(tmp_path):
    import keras

    from earfield.network.architecture import save_network

    model = build()
    x = np.random.default_rng(3).random((2, 52, 8), dtype=np.float32)
    save_network(model, tmp_path / "model.keras", labels=list("abc"), front_end={})
    assert np.allclose(keras.models.load_model(tmp_path / "model.keras")(x), model(x), atol=1e-6)
