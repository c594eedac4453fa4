"""The network, its file, and the receptive fields derived from its layers."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from earfield.configuration.settings import NetworkSettings

NETWORK = NetworkSettings.parse(yaml.safe_load(open("config.yaml", encoding="utf-8"))["network"])
FRONT_END = {"sample_rate": 22050, "n_fft": 512, "hop_length": 256, "n_mels": 64, "fmin": 0, "fmax": 10000}


@pytest.fixture(scope="module")
def paper():
    from earfield.network.architecture import build_network

    return build_network(NETWORK, frames=256, n_mels=64, n_labels=10, seed=1)


def test_paper_network_has_the_papers_parameters(paper):
    assert paper.count_params() == 463_914
    assert paper.output_shape == (None, 10)
    assert paper.get_layer("pool2").output.shape == (None, 14, 14, 64)


def test_config_decides_the_network():
    from earfield.network.architecture import build_network

    conv = [{"filters": 32, "kernel": [5, 7], "pool": [2, 2], "l2": 0.0}]
    settings = NetworkSettings(conv=conv, dense={"units": 8, "l2": 0.0}, dropout=0.5)
    small = build_network(settings, frames=40, n_mels=20, n_labels=3, seed=1)
    assert small.get_layer("conv1").kernel.shape == (7, 5, 1, 32)  # Keras counts frames first
    assert small.get_layer("pool1").output.shape == (None, 17, 8, 32)
    assert not small.losses


def test_initial_weights_follow_the_seed():
    from earfield.network.architecture import build_network

    first, again, other = (
        build_network(NETWORK, frames=256, n_mels=64, n_labels=10, seed=seed).get_weights() for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    kernels = [number for number, weight in enumerate(first) if weight.ndim > 1]
    assert all(not np.array_equal(first[number], other[number]) for number in kernels)
    assert not np.array_equal(first[0].ravel()[:9], first[2].ravel()[:9])


@pytest.mark.parametrize(
    ("layer", "frames", "bands"),
    [("conv1", 3, 3), ("pool1", 6, 4), ("conv2", 22, 8), ("pool2", 34, 10), ("dense", 242, 62), ("output", 242, 62)],
)
def test_receptive_field_of_the_papers_layers(paper, layer, frames, bands):
    from earfield.network.receptive_field import receptive_field

    field = receptive_field(paper, layer)
    assert (field.frames, field.bands) == (frames, bands)


@pytest.mark.parametrize(
    "conv",
    [
        [block | {"filters": 3} for block in NETWORK.conv],
        [
            {"filters": 4, "kernel": [2, 5], "pool": [3, 2], "l2": 0.0},
            {"filters": 3, "kernel": [4, 2], "pool": [1, 3], "l2": 0.0},
        ],
        [{"filters": 2, "kernel": [1, 1], "pool": [1, 1], "l2": 0.0}],
    ],
)
def test_receptive_field_is_where_a_numerical_derivative_is_not_zero(conv):
    import keras

    from earfield.network.architecture import build_network
    from earfield.network.receptive_field import receptive_field

    frames, bands = 58, 26
    settings = NetworkSettings(conv=conv, dense={"units": 4, "l2": 0.0}, dropout=0.0)
    model = build_network(settings, frames=frames, n_mels=bands, n_labels=3, seed=5)
    layer = f"pool{len(conv)}"
    # With positive weights and a linear unit in place of each ReLU nothing cancels and nothing is cut off.
    for each in model.layers:
        if each.name.startswith("conv"):
            each.set_weights([np.abs(weight) + 0.01 for weight in each.get_weights()])
    part = keras.Model(model.inputs[0], model.get_layer(layer).output)
    x = np.random.default_rng(1).random((1, frames, bands)).astype(np.float32)
    field = receptive_field(model, layer)
    at_rest = part(x).numpy()
    assert (field.map_frames, field.map_bands) == at_rest.shape[1:3]
    # A large rise of one input reaches every unit that can see it, through any max pool.
    rises = np.repeat(x, frames * bands, axis=0)
    rises.reshape(frames * bands, -1)[np.diag_indices(frames * bands)] += 1e5
    rose = part.predict(rises, batch_size=256, verbose=0) > 1.01 * at_rest
    reached = rose.any(axis=-1).reshape(frames, bands, field.map_frames, field.map_bands)
    for position in np.ndindex(field.map_frames, field.map_bands):
        expected = np.zeros((frames, bands), bool)
        expected[field.patch(*position)] = True
        assert np.array_equal(reached[:, :, *position], expected)


def test_receptive_field_names_what_it_cannot_do(paper):
    import keras

    from earfield.network.receptive_field import receptive_field

    with pytest.raises(ValueError, match="no layer 'pool3'; it has .*pool2"):
        receptive_field(paper, "pool3")
    with pytest.raises(IndexError, match="14 x 14"):
        receptive_field(paper, "pool2").patch(14, 0)
    padded = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, padding="same", name="conv")])
    with pytest.raises(ValueError, match="'conv' pads or dilates"):
        receptive_field(padded, "conv")


PLAIN_SESSION = """
import json, sys, zipfile
import keras, numpy as np
model = keras.models.load_model(sys.argv[1])
facts = json.loads(zipfile.ZipFile(sys.argv[1]).read("metadata.json"))["earfield"]
x = np.load(sys.argv[2])
np.save(sys.argv[3], model.predict(x, verbose=0))
assert facts["labels"][0] == "blues" and facts["front_end"]["hop_length"] == 256
assert not [name for name in sys.modules if name.startswith("earfield")]
"""


def test_saved_network_loads_without_our_code(paper, tmp_path):
    from earfield.network.architecture import read_facts, save_network

    labels = ["blues", *"bcdefghij"]
    save_network(paper, tmp_path / "model.keras", labels=labels, front_end=FRONT_END)
    assert read_facts(tmp_path / "model.keras") == {"labels": labels, "front_end": FRONT_END}
    x = np.random.default_rng(0).random((3, 256, 64), dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    paths = [str(tmp_path / name) for name in ("model.keras", "x.npy", "y.npy")]
    subprocess.run([sys.executable, "-c", PLAIN_SESSION, *paths], check=True, cwd=tmp_path)
    assert np.allclose(np.load(tmp_path / "y.npy"), paper(x).numpy(), atol=1e-6)


def test_equal_networks_are_equal_files(paper, tmp_path):
    from earfield.network.architecture import build_network, save_network

    twin = build_network(NETWORK, frames=256, n_mels=64, n_labels=10, seed=1)
    for name, model in (("a", paper), ("b", twin)):
        save_network(model, tmp_path / f"{name}.keras", labels=list("abcdefghij"), front_end=FRONT_END)
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        assert json.loads(archive.read("metadata.json"))["date_saved"].startswith("1980")


def test_front_end_that_travels_gives_the_networks_input():
    import librosa

    from earfield.mel.front_end import CONVENTIONS
    from earfield.mel.log_mel import log_mel

    page = (Path(__file__).parents[3] / "docs" / "outputs.md").read_text(encoding="utf-8")
    names = re.search(r"^names = (\(.*\))$", page, re.MULTILINE)[1]
    facts = FRONT_END | CONVENTIONS
    options = {name: facts[name] for name in ast.literal_eval(names)}
    y = np.random.default_rng(0).uniform(-1, 1, 30_000).astype(np.float32)
    theirs = np.log1p(librosa.feature.melspectrogram(y=y, sr=facts["sample_rate"], **options)).T
    assert np.allclose(theirs, log_mel(y, **FRONT_END), rtol=1e-4, atol=1e-5)
