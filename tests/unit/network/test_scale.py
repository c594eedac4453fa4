"""Decibels, their standardisation, and a network that sees them."""

import numpy as np
import pytest

from earfield.configuration.settings import NetworkSettings

NETWORK = NetworkSettings(
    conv=[{"filters": 3, "kernel": [3, 3], "pool": [2, 4], "l2": 0.01}],
    dense={"units": 4, "l2": 0.02},
    dropout=0.0,
    scale="decibels",
)


def log_mel(seed, frames=40, n_mels=8):
    """Return bands at very different levels, 100 dB apart."""
    rng = np.random.default_rng(seed)
    return np.log1p(rng.exponential(size=(frames, n_mels)) * np.logspace(-8, 2, n_mels)).astype(np.float32)


def build(spectrograms):
    from earfield.network.architecture import build_network
    from earfield.network.scale import band_statistics

    return build_network(NETWORK, frames=40, n_mels=8, n_labels=3, seed=1, bands=band_statistics(spectrograms))


def test_decibels_are_those_of_the_power():
    from earfield.mel.front_end import array_decibels
    from earfield.network.scale import decibels

    power = np.array([0, 1e-12, 1e-9, 1e-3, 1, 1e4])
    expected = [-100, -100, -90, -30, 0, 40]
    mel = np.log1p(power).astype(np.float32)
    assert np.allclose(np.asarray(decibels(mel)), expected, atol=1e-3)
    assert np.allclose(array_decibels(mel), expected, atol=1e-5)


def test_statistics_are_those_of_all_frames_together():
    from earfield.network.scale import band_statistics

    parts = [log_mel(1), log_mel(2, frames=7)]
    whole = 10 * np.log10(np.maximum(np.expm1(np.concatenate(parts).astype(float)), 1e-10))
    mean, variance = band_statistics(parts)
    assert np.allclose(mean, whole.mean(axis=0)) and np.allclose(variance, whole.var(axis=0))
    assert band_statistics([np.zeros((5, 8), np.float32)]) == ([-100.0] * 8, [1.0] * 8)


def test_network_sees_bands_of_mean_0_and_variance_1():
    from earfield.network.scale import scaled

    songs = [log_mel(seed) for seed in range(5)]
    seen = np.asarray(scaled(build(songs), np.stack(songs)))
    assert np.allclose(seen.mean(axis=(0, 1)), 0, atol=1e-3) and np.allclose(seen.std(axis=(0, 1)), 1, atol=1e-3)


def test_fast_gradients_are_those_of_the_whole_network():
    import keras
    import tensorflow as tf

    from earfield.train.gradients import GradientStep

    songs = [log_mel(seed) for seed in range(6)]
    model, x, y = build(songs), np.stack(songs), np.array([0, 1, 2, 0, 1, 2], np.int32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, model(x)))
        total = loss + tf.add_n(model.losses)
    expected = tape.gradient(total, model.trainable_variables)
    found = GradientStep(model, micro_batch=4, workers=2)(tf.constant(x), tf.constant(y), seed=(1, 0))
    assert found[0] == pytest.approx(float(loss), rel=1e-5)
    for own, reference in zip(found[2], expected, strict=True):
        assert np.allclose(own, reference, atol=1e-4 * np.abs(reference).max(), rtol=0)


def test_saved_network_sees_decibels_without_our_code(tmp_path):
    import keras

    from earfield.network.architecture import save_network

    songs = [log_mel(seed) for seed in range(3)]
    model = build(songs)
    save_network(model, tmp_path / "model.keras", labels=list("abc"), front_end={})
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.allclose(loaded(np.stack(songs)), model(np.stack(songs)), atol=1e-6)
    quiet = np.stack(songs) * 0
    assert not np.allclose(loaded(quiet), model(np.stack(songs)), atol=1e-3)
