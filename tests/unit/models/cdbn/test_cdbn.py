"""The whole network: what it describes, what it is told, and that nothing but the seed decides."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from earfield.configuration.code_dependencies import constant, module_file, options_of
from earfield.errors import ConfigError, DatasetError, EarfieldError
from earfield.files.processors import processors
from earfield.mel.shards import MelShards
from earfield.models.cdbn.model import classify
from earfield.models.cdbn.options import Options
from earfield.models.estimator import predict_with_module
from earfield.models.predictions import read_predictions

ROOT = Path(__file__).parents[4]
OPTIONS = {
    "frames": 48,
    "overlap": 0.5,
    "components": 6,
    "bases": [12, 8],
    "length": 4,
    "pooling": 3,
    "epochs": 6,
    "batch_size": 16,
    "learning_rate": 0.5,
    "target_sparsity": 0.05,
    "c": [0.01, 1],
}
LABELS = ("fast", "slow")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two shards of 24 tracks with the same mean spectrum: pulses that come every 8 frames or every 16."""
    made, rng = tmp_path_factory.mktemp("cdbn"), np.random.default_rng(0)
    rows = [(f"{label} {number}", label) for number in range(12) for label in LABELS]
    for shard, part in enumerate((rows[:15], rows[15:])):
        frames, index, start = [], [], 0
        for track, label in part:
            mel = 0.2 * rng.random((120 + 7 * len(index), 8))
            every = 8 if label == "fast" else 16
            for at in range(rng.integers(0, every), len(mel) - 4, every):
                mel[at : at + (2 if label == "fast" else 4), 2:6] += 1
            frames.append(mel)
            index.append((track, label, start, len(mel)))
            start += len(mel)
        np.save(made / f"{shard}.npy", np.concatenate(frames).astype(np.float32))
        table = pd.DataFrame(index, columns=["track", "label", "start", "frames"])
        table.to_csv(made / f"{shard}.csv", index=False)
    split = pd.DataFrame(rows, columns=["track", "label"])
    split["subset"] = ["train"] * 12 + ["validation"] * 6 + ["test"] * 6
    split.to_csv(made / "split.csv", index=False)
    return made


@pytest.fixture(scope="module")
def shards(folder):
    return MelShards([folder / "0.npy", folder / "1.npy"], [folder / "0.csv", folder / "1.csv"])


TRAIN = [f"{label} {number}" for number in range(6) for label in LABELS]

RUN = """
import sys
from earfield.mel.shards import MelShards
from earfield.models.estimator import predict_with_module
folder, out, options = sys.argv[1], sys.argv[2], eval(sys.argv[3])
predict_with_module(
    module="cdbn", options=options, split=f"{folder}/split.csv", features_paths=[],
    shards=MelShards([f"{folder}/0.npy", f"{folder}/1.npy"], [f"{folder}/0.csv", f"{folder}/1.csv"]),
    predictions_path=out, seed=3,
)
"""


def test_rhythms_are_distinguished_with_any_number_of_workers(folder, shards, monkeypatch):
    monkeypatch.setattr("earfield.network.device.configure", lambda threads: None)  # once in a process
    predictions = []
    for workers in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", workers)
        out = folder / f"predictions with {workers}.csv"
        predict_with_module(
            module="cdbn",
            options=OPTIONS | {"epochs": 3},
            split=folder / "split.csv",
            features_paths=[],
            shards=shards,
            predictions_path=out,
            seed=3,
        )
        predictions.append(out.read_bytes())
    assert predictions[0] == predictions[1]
    table = read_predictions(out)
    assert len(table) == 6 and table.correct.mean() > 0.8


@pytest.mark.nightly
def test_number_of_processors_changes_nothing(folder):
    predictions = []
    for threads in ("1", "2"):
        out = folder / f"predictions {threads}.csv"
        options = repr(OPTIONS)
        environment = os.environ | {"OMP_NUM_THREADS": threads, "PYTHONPATH": str(ROOT / "src")}
        subprocess.run([sys.executable, "-c", RUN, folder, out, options], check=True, env=environment, timeout=600)
        predictions.append(out.read_bytes())
    assert predictions[0] == predictions[1]


def test_another_seed_gives_another_network_of_the_same_shape(shards):
    from earfield.models.cdbn.network import describe, train_cdbn

    one, again, other = (
        train_cdbn(shards, TRAIN, Options(**OPTIONS | {"epochs": 1}), seed=seed, workers=1) for seed in (1, 1, 2)
    )
    assert [layer.weights.shape for layer in one.layers] == [(12, 4, 6), (8, 4, 12)]
    assert [layer.gaussian for layer in one.layers] == [True, False]
    assert [len(history) for history in one.histories] == [1, 1]
    assert np.array_equal(one.layers[1].weights, again.layers[1].weights)
    assert not np.array_equal(one.layers[0].weights, other.layers[0].weights)
    features, counts = describe(one, shards, TRAIN[:3], workers=2)
    assert features.shape == (counts.sum(), 20) and features.dtype == np.float32
    assert (features > 0).all() and (features < 1).all()


def test_whitening_and_layers_see_training_tracks_alone(shards, monkeypatch):
    from earfield.models.cdbn.network import train_cdbn

    read = set()
    track = MelShards.track
    monkeypatch.setattr(MelShards, "track", lambda self, name: read.add(name) or track(self, name))
    train_cdbn(shards, TRAIN, Options(**OPTIONS | {"epochs": 1}), seed=1, workers=1)
    assert read == set(TRAIN)


def test_features_are_means_over_the_segment_of_pooled_probabilities(shards):
    from earfield.models.cdbn.crbm import HiddenInputs, pooled_probabilities
    from earfield.models.cdbn.network import describe, train_cdbn

    network = train_cdbn(shards, TRAIN, Options(**OPTIONS | {"epochs": 1}), seed=1, workers=1)
    features, _ = describe(network, shards, TRAIN[:2], workers=1)
    second = network.whitening(shards.track(TRAIN[0])[None, 24 : 24 + 48])
    for layer, columns in zip(network.layers, (slice(0, 12), slice(12, 20)), strict=True):
        second = pooled_probabilities(layer, HiddenInputs(layer), second)
        assert np.allclose(features[1, columns], second[0].mean(axis=0), rtol=1e-4)
    assert second.shape == (1, 4, 8)  # 48 frames: 15 blocks of the first layer, 4 of the second


def test_segments_cover_a_track_with_its_tail(shards):
    from earfield.models.cdbn.network import segments_of

    tracks, starts, counts = segments_of(shards, ["fast 0", "slow 0"], frames=48, hop=24)
    lengths = shards.index.frames.loc[["fast 0", "slow 0"]].tolist()
    assert lengths == [120, 127]
    assert starts.tolist() == [0, 24, 48, 72, 0, 24, 48, 72, 79]
    assert counts.tolist() == [4, 5] and tracks == ["fast 0"] * 4 + ["slow 0"] * 5


def test_what_cannot_be_built_is_refused_with_the_option_to_change(shards):
    from earfield.models.cdbn.network import train_cdbn

    with pytest.raises(DatasetError, match="track 'fast 0' has 120 frames, fewer than the 500 of the option frames"):
        train_cdbn(shards, TRAIN, Options(**OPTIONS | {"frames": 500}), seed=1, workers=1)
    with pytest.raises(ConfigError, match="Layer 3 .* gets 4 frames, too few for a basis of 4 and a block of 3"):
        train_cdbn(shards, TRAIN, Options(**OPTIONS | {"bases": [4, 4, 4], "epochs": 1}), seed=1, workers=1)
    with pytest.raises(EarfieldError, match="of layer 1 of the convolutional deep belief network diverged in"):
        train_cdbn(shards, TRAIN, Options(**OPTIONS | {"learning_rate": 1e20}), seed=1, workers=1)


def segments(signal, n=40, labels=3, seed=0):
    """Return features of 2 + 3 bases, of which one layer's tell the label, and segments of tracks of 2, 3, ... each."""
    rng = np.random.default_rng(seed)
    x, counts, targets = {}, {}, {}
    for subset in ("train", "validation", "test"):
        targets[subset] = np.arange(n) % labels
        counts[subset] = 2 + np.arange(n) % 3
        truth = np.repeat(targets[subset], counts[subset])
        x[subset] = rng.standard_normal((len(truth), 5))
        if signal is not None:
            x[subset][:, signal] += 3 * np.eye(labels)[truth][:, : x[subset][:, signal].shape[1]]
    return x, counts, targets


@pytest.mark.parametrize(("signal", "expected"), [(slice(0, 2), "layer 1"), (slice(2, 5), "layer 2")])
def test_the_layer_that_tells_most_is_chosen(signal, expected, caplog):
    x, counts, targets = segments(signal)
    with caplog.at_level("INFO"):
        probabilities = classify(x, counts, targets, labels=3, bases=[2, 3], c=[0.1, 1])
    assert np.allclose(probabilities.sum(axis=1), 1) and probabilities.shape == (40, 3)
    assert (probabilities.argmax(axis=1) == targets["test"]).mean() > 0.9
    chosen = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Chosen")]
    assert len(chosen) == 1 and (expected in chosen[0] or "all layers" in chosen[0])


def test_nothing_is_told_apart_where_nothing_differs():
    x, counts, targets = segments(None, n=120)
    probabilities = classify(x, counts, targets, labels=3, bases=[2, 3], c=[0.1])
    assert abs((probabilities.argmax(axis=1) == targets["test"]).mean() - 1 / 3) < 0.2


def test_a_tracks_probability_is_the_mean_over_its_segments():
    x, counts, targets = segments(slice(0, 2))
    whole = classify(x, counts, targets, labels=3, bases=[5], c=[1])
    apart = classify(x, counts | {"test": np.ones(counts["test"].sum(), int)}, targets, labels=3, bases=[5], c=[1])
    parts = np.split(apart, np.cumsum(counts["test"])[:-1])
    assert np.allclose(whole, [part.mean(axis=0) for part in parts])


def test_label_without_training_tracks_has_no_probability():
    x, counts, targets = segments(slice(0, 2))
    probabilities = classify(
        x, counts, {subset: np.where(y == 2, 3, y) for subset, y in targets.items()}, labels=4, bases=[2, 3], c=[1]
    )
    assert (probabilities[:, 2] == 0).all() and (probabilities[:, [0, 1, 3]] > 0).all()


@pytest.mark.parametrize(("given", "expected"), [("3", 3), ("0", None), ("", None), ("many", None)])
def test_a_job_uses_the_processors_that_it_was_given(given, expected, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert processors() == (expected or len(os.sched_getaffinity(0)))


def test_configured_options_are_those_of_the_module():
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    file = module_file("models", "cdbn")
    assert constant(file, "FEATURES") is None
    assert set(config["models"]["cdbn"]["options"]) == set(options_of(file))
    assert config["models"]["cdbn"]["options"]["frames"] == config["segment"]["frames"]


FRONT_END = {"n_mels": 8, "fmin": 0, "fmax": 4000, "hop_length": 256, "sample_rate": 22050}


@pytest.fixture(scope="module")
def drawn_network(shards, folder):
    """Return the data of the figure and the network that it is of."""
    from earfield.figures.deep_belief_data import write_deep_belief_data
    from earfield.models.cdbn.network import train_cdbn
    from earfield.network.device import Device

    run = {"dataset": "demo", "protocol": "stratified", "seed": 1, "model": "cdbn"}
    options = OPTIONS | {"epochs": 2}
    paths = {
        f"{kind}_paths": [folder / f"{n}.{end}" for n in (0, 1)] for kind, end in (("frames", "npy"), ("index", "csv"))
    }
    data = folder / "cdbn.npz"
    write_deep_belief_data(
        split=folder / "split.csv",
        path=data,
        front_end=FRONT_END,
        options=options,
        device=Device(gpu=False, workers=2),
        **paths,
        run=run,
    )
    return data, train_cdbn(shards, TRAIN, Options(**options), seed=1, workers=1)


def test_figure_holds_the_runs_own_bases_in_mel_bands_from_low_to_high(drawn_network):
    data, network = drawn_network
    with np.load(data) as archive:
        shown = dict(archive)
    assert sorted(shown["units"]) == list(range(12)) and shown["bases"].shape == (12, 8, 4)
    assert shown["n_bases"] == 12 and shown["band_hz"].shape == (8,)
    for unit, basis in zip(shown["units"], shown["bases"], strict=True):
        expected = network.layers[0].weights[unit].astype(float) @ network.whitening.to_bands
        assert np.allclose(basis, expected.T, atol=1e-5)
    power = (shown["bases"].astype(float) ** 2).sum(axis=2)
    assert (np.diff(power @ np.arange(8) / power.sum(axis=1)) > -1e-6).all()
    assert np.array_equal(shown["errors"], [history.reconstruction_error for history in network.histories])


def test_bases_that_change_most_are_shown_where_not_all_fit(drawn_network, monkeypatch):
    from earfield.figures import deep_belief_data

    monkeypatch.setattr(deep_belief_data, "MOST_PANELS", 5)
    network = drawn_network[1]
    shown = deep_belief_data.deep_belief_arrays(network, front_end=FRONT_END)
    norms = np.linalg.norm(network.layers[0].weights, axis=(1, 2))
    assert len(shown["units"]) == 5 and shown["n_bases"] == 12
    assert norms[shown["units"]].min() > np.delete(norms, shown["units"]).max()


def test_figure_draws_its_data(drawn_network):
    from earfield.figures.deep_belief import draw_deep_belief

    figure = draw_deep_belief(drawn_network[0])
    with np.load(drawn_network[0]) as archive:
        shown = dict(archive)
    curves, panels = figure.subfigs
    assert [axes.lines[0].get_ydata().tolist() for axes in curves.axes] == shown["errors"].tolist()
    assert [axes.lines[0].get_xdata().tolist() for axes in curves.axes] == [[1, 2]] * 2
    pictures = [axes.images[0].get_array() for axes in panels.axes]
    assert np.allclose(pictures, shown["bases"] / np.abs(shown["bases"]).max(axis=(1, 2), keepdims=True))
    assert [axes.get_title("left") for axes in panels.axes] == [str(unit) for unit in shown["units"]]
    assert "12 of 12 bases" in " ".join(figure.get_suptitle().split())


@pytest.mark.nightly
def test_figure_is_drawn_without_tensorflow(drawn_network, tmp_path):
    code = (
        "import sys; from earfield.figures.deep_belief import draw_deep_belief;"
        "from earfield.figures.style import save_figure;"
        "save_figure(draw_deep_belief(sys.argv[1]), [sys.argv[2]]);"
        "assert not {'tensorflow', 'keras', 'librosa'} & set(sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", code, drawn_network[0], tmp_path / "a.png"], check=True, env=environment)
    assert (tmp_path / "a.png").stat().st_size > 5000
