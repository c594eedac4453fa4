"""A layer's output and gradient from no more than the input that reaches it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from earfield.configuration.settings import NetworkSettings
from earfield.errors import ConfigError
from earfield.network.architecture import build_network
from earfield.network.device import Device
from earfield.network.layers import LayerRunner, map_positions
from earfield.network.receptive_field import receptive_field

DEVICE = Device(gpu=False, workers=2)
CONV = [
    {"filters": 5, "kernel": [3, 3], "pool": [2, 4], "l2": 0.01},
    {"filters": 7, "kernel": [3, 5], "pool": [2, 4], "l2": 0.01},
]


@pytest.fixture(scope="module")
def model():
    settings = NetworkSettings(conv=CONV, dense={"units": 6, "l2": 0.01}, dropout=0.2)
    return build_network(settings, frames=96, n_mels=32, n_labels=3, seed=1)


@pytest.fixture(scope="module")
def segments():
    return np.random.default_rng(0).gamma(1.0, size=(5, 96, 32)).astype(np.float32)


@pytest.fixture(scope="module")
def maps(model, segments):
    """What the whole network makes of the segments, by layer."""
    names = [layer.name for layer in model.layers if layer.name[:4] in ("conv", "pool", "dens", "outp")]
    outputs = keras.Model(model.inputs, [model.get_layer(name).output for name in names]).predict_on_batch(segments)
    return dict(zip(names, outputs, strict=True))


@pytest.mark.parametrize("layer", ["conv1", "pool1", "conv2", "pool2", "dense", "output"])
@pytest.mark.parametrize("positions", ["centre", "all"])
def test_output_is_that_of_the_whole_network(model, segments, maps, layer, positions):
    runner = LayerRunner(model, layer, device=DEVICE, positions=positions)
    whole = maps[layer].reshape(len(segments), runner.field.map_frames, runner.field.map_bands, -1)
    expected = np.stack([whole[:, frame, band] for frame, band in runner.positions], axis=1)
    assert runner(segments).shape == (len(segments), len(runner.positions), runner.units)
    np.testing.assert_allclose(runner(segments), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "listed",
    [[[3, 2], [0, 0], [1, 2], [0, 1], [1, 0], [0, 2], [1, 1]], [[1, 0], [0, 0]]],
    ids=["scattered", "a rectangle backwards"],
)
def test_listed_positions_keep_their_order(model, segments, maps, listed):
    some = LayerRunner(model, "pool2", device=DEVICE, positions=listed)
    expected = np.stack([maps["pool2"][:, frame, band] for frame, band in listed], axis=1)
    np.testing.assert_allclose(some(segments), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1", "pool2", "dense", "output"])
def test_gradient_is_that_of_the_whole_network(model, segments, layer):
    runner = LayerRunner(model, layer, device=DEVICE, positions="centre")
    frames, bands = runner.field.patch(*runner.positions[0])
    ours = runner.gradient_sum(segments[:, frames, bands])
    part = keras.Model(model.inputs, model.get_layer(layer).output)
    x = tf.constant(segments)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = part(x, training=False)
        y = y if len(y.shape) == 2 else y[:, runner.positions[0][0], runner.positions[0][1]]
        total = tf.reduce_sum(y, axis=0)
    expected = tape.jacobian(total, x).numpy().sum(axis=1)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(ours, expected[:, frames, bands], rtol=1e-3, atol=1e-5)
    outside = expected.copy()
    outside[:, frames, bands] = 0
    assert not outside.any()  # nothing beside the patch reaches the unit


def test_centre_of_the_papers_layer():
    paper = [CONV[0] | {"filters": 2}, CONV[1] | {"filters": 2}]
    settings = NetworkSettings(conv=paper, dense={"units": 2, "l2": 0.0}, dropout=0.0)
    model = build_network(settings, frames=256, n_mels=64, n_labels=2, seed=1)
    field = receptive_field(model, "pool2")
    frames, bands = field.patch(*map_positions(field, "centre")[0])
    assert (frames.stop - frames.start, bands.stop - bands.start) == (34, 10)
    assert (bands.start, bands.stop) == (28, 38)


def test_what_does_not_exist_is_named_with_what_does(model):
    with pytest.raises(ConfigError, match="'pool3'.* it has conv1, pool1, conv2, pool2, dense, output"):
        LayerRunner(model, "pool3", device=DEVICE, positions="centre")
    with pytest.raises(ConfigError, match=r"\[4, 0\].*frames go from 0 to 3, bands from 0 to 5"):
        LayerRunner(model, "pool2", device=DEVICE, positions=[[0, 0], [4, 0]])
