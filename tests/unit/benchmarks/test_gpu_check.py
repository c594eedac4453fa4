"""The GPU check counts, plants and writes what it says; its lean step is the network's own function."""

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[3]))
from benchmarks import gpu_network
from benchmarks.gpu_check import COLUMNS, write_table
from benchmarks.gpu_training import Sizes, draw_batches, label_spectra, write_mel

ROOT = Path(__file__).parents[3]
SMALL = Sizes(tracks=20, track_frames=300, batch=7)


def test_network_is_the_configured_one():
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert {key: config["network"][key] for key in gpu_network.NETWORK} == gpu_network.NETWORK
    assert config["segment"]["frames"] == gpu_network.FRAMES
    assert config["mel"]["n_mels"] == gpu_network.N_MELS
    assert config["train"]["optimizer"] == {"name": "adam", "learning_rate": gpu_network.LEARNING_RATE}
    assert config["train"]["batch_size"] == Sizes().batch


def test_parameters_and_operations_are_counted_from_the_layers():
    assert gpu_network.count_parameters() == 463_914
    assert gpu_network.map_shapes() == [(256, 64), (63, 31), (14, 14)]
    first, second, dense = 254 * 62 * 64 * 9, 59 * 29 * 64 * 15 * 64, 14 * 14 * 64 * 32 + 32 * 10
    assert gpu_network.training_flop() == 2 * (2 * first + 3 * second + 3 * dense)
    assert gpu_network.used_extents() == [(242, 62), (60, 30)]


def test_initial_weights_fit_the_network_and_are_glorot_uniform():
    weights = gpu_network.initial_weights()
    assert sum(each.size for each in weights) == gpu_network.count_parameters()
    kernel = weights[2]
    assert kernel.shape == (5, 3, 64, 64)
    assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / (15 * 128)), rel=0.01)


def test_each_label_has_its_own_spectrum(tmp_path):
    write_mel(tmp_path / "mel.npy", SMALL)
    mel = np.load(tmp_path / "mel.npy")
    assert mel.shape == (6000, 64) and mel.dtype == np.float32 and mel.min() >= 0
    power = np.expm1(mel).reshape(20, 300, 64).mean(axis=1)
    nearest = np.square(power[:, None] - label_spectra()).sum(axis=2).argmin(axis=1)
    assert (nearest == np.arange(20) % 10).all()


def test_segments_are_whole_and_every_track_has_its_turn():
    batches = draw_batches(SMALL, seed=1)
    first, labels = (np.concatenate(each) for each in zip(*[next(batches) for _ in range(20)], strict=True))
    tracks, starts = np.divmod(first, SMALL.track_frames)
    assert (labels == tracks % 10).all() and (starts <= 300 - 256).all() and len(set(starts)) > 20
    assert (np.bincount(tracks, minlength=20) == 7).all()  # 140 segments of 20 tracks


def test_table_has_its_columns_and_the_page_shows_it(tmp_path):
    from benchmarks.readme import gpu

    assert gpu(tmp_path / "none.csv") == "No GPU has run it yet."
    row = dict.fromkeys(COLUMNS, 1) | {"backend": "jax", "precision": "mixed_bfloat16", "path": "step", "problem": ""}
    row |= {"segments_s": 50_000, "tflop_s": 33.4, "product_tflop_s": 334, "waiting": 0.01, "card": "Card"}
    write_table(tmp_path / "table.csv", [row, {"backend": "jax", "precision": "float32", "problem": "out of memory"}])
    with open(tmp_path / "table.csv", newline="") as file:
        assert next(csv.reader(file)) == COLUMNS
    page = gpu(tmp_path / "table.csv")
    assert (
        page.startswith("Card, driver 1") and "| jax | bfloat16 | `step` | 50,000 (1 – 1) | 1.0% | 33.4 (10%) |" in page
    )
    assert page.endswith("jax, float32, all else: out of memory.")


@pytest.mark.nightly
def test_lean_step_has_the_loss_and_gradients_of_the_layers(monkeypatch):
    import keras
    import tensorflow as tf

    monkeypatch.setitem(gpu_network.NETWORK, "dropout", 0.0)
    model = gpu_network.build_network()
    x = np.log1p(np.random.default_rng(0).standard_exponential((2, 256, 64), dtype=np.float32))

    def gradients(probabilities):
        with tf.GradientTape() as tape:
            loss = keras.losses.sparse_categorical_crossentropy(np.array([1, 5]), probabilities())
        return [loss, *tape.gradient(loss, model.trainable_variables)]

    expected = gradients(lambda: model(x, training=True))
    for reshaped in (False, True):
        found = gradients(lambda reshaped=reshaped: gpu_network.lean_probabilities(model, x, reshaped=reshaped))
        for one, other in zip(found, expected, strict=True):
            assert np.linalg.norm(one - other) <= 1e-5 * np.linalg.norm(other)


@pytest.mark.nightly
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_every_path_trains(tmp_path, backend):
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    command = [sys.executable, "-m", "benchmarks.gpu_check", "--quick", "--backends", backend, "--seconds", "600"]
    paths = ["keras_prefetch", "keras_device", "step_lean"]
    options = ["--precisions", "float32", "--paths", *paths, "--output", str(tmp_path / "table.csv")]
    subprocess.run([*command, *options], cwd=ROOT, check=True)
    with open(tmp_path / "table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == paths
    assert all(2 < float(row["loss_first"]) < 2.6 for row in rows)  # ln 10 = 2.30
