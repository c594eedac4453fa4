"""What training reads, keeps and resumes from; the whole of it is tested through the workflow."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earfield.configuration.code_dependencies import code_of
from earfield.configuration.settings import MelSettings, ModelSettings, NetworkSettings, SegmentSettings, TrainSettings
from earfield.mel.shards import MelShards
from earfield.train.checkpoint import TrainingState, load_checkpoint, run_fingerprint, save_checkpoint

SETTINGS = ModelSettings(
    front_end=MelSettings(sample_rate=22050, n_fft=512, hop_length=256, n_mels=8, fmin=0, fmax=10000),
    segment=SegmentSettings(frames=30, overlap=0.5),
    network=NetworkSettings(
        conv=[{"filters": 2, "kernel": [3, 3], "pool": [2, 4], "l2": 0.01}], dense={"units": 4, "l2": 0.0}, dropout=0.2
    ),
    train=TrainSettings(
        recipe="random_segments",
        optimizer={"name": "sgd", "learning_rate": 1e-12},
        batch_size=4,
        micro_batch=3,
        segments_per_track=3,
        max_epochs=9,
        patience=2,
        precision="float32",
        xla=False,
    ),
)


@pytest.fixture
def shards(tmp_path):
    """Five tracks in two shards; each value says which track, frame and band it is."""
    lengths = {"a": 40, "b": 33, "c": 90, "d": 64, "e": 47}
    paths = []
    for number, names in enumerate(("acd", "be")):
        rows, parts, start = [], [], 0
        for name in names:
            frames = np.arange(lengths[name])[:, None] + np.arange(8) / 10 + 1000 * ord(name)
            rows.append((name, "xyz"[ord(name) % 3], start, len(frames)))
            parts.append(frames)
            start += len(frames)
        np.save(tmp_path / f"{number}.npy", np.concatenate(parts).astype(np.float32))
        pd.DataFrame(rows, columns=["track", "label", "start", "frames"]).to_csv(
            tmp_path / f"{number}.csv", index=False
        )
        paths.append(tmp_path / str(number))
    return MelShards([f"{path}.npy" for path in paths], [f"{path}.csv" for path in paths])


@settings(deadline=None)  # the first example pays for the import
@given(
    lengths=st.lists(st.integers(30, 3000), min_size=1, max_size=20),
    segments_per_track=st.integers(1, 7),
    batch_size=st.integers(1, 40),
    seed=st.integers(0, 9),
    epoch=st.integers(0, 3),
)
def test_epoch_has_segments_of_every_track_and_none_beyond_its_end(
    lengths, segments_per_track, batch_size, seed, epoch
):
    from earfield.train.segments import plan_epoch

    lengths = np.array(lengths)
    options = {"frames": 30, "segments_per_track": segments_per_track, "batch_size": batch_size, "seed": seed}
    tracks, starts = plan_epoch(lengths, epoch=epoch, **options)
    assert tracks.shape == starts.shape and tracks.shape[1] == batch_size
    assert tracks.size - batch_size < len(lengths) * segments_per_track <= tracks.size
    counts = np.bincount(tracks.ravel(), minlength=len(lengths))
    assert counts.min() >= segments_per_track and counts.max() - counts.min() <= 1
    assert (starts >= 0).all() and (starts + 30 <= lengths[tracks]).all()
    again = plan_epoch(lengths, epoch=epoch, **options)
    assert np.array_equal(tracks, again[0]) and np.array_equal(starts, again[1])


def test_starts_are_uniform_over_the_track_and_independent_between_segments():
    from earfield.train.segments import plan_epoch

    lengths = np.full(10, 30 + 99)
    _, starts = plan_epoch(lengths, frames=30, segments_per_track=3000, batch_size=100, seed=1, epoch=0)
    counts = np.bincount(starts.ravel(), minlength=100)
    assert counts.size == 100 and (np.abs(counts - 300) < 6 * np.sqrt(300)).all()
    assert abs(np.corrcoef(starts[:, 0], starts[:, 1])[0, 1]) < 0.25
    other = plan_epoch(lengths, frames=30, segments_per_track=3000, batch_size=100, seed=1, epoch=1)
    assert not np.array_equal(starts, other[1])


def test_batches_hold_the_planned_segments(shards):
    from earfield.train.segments import training_batches

    names, labels = list("abcde"), np.array([0, 1, 2, 1, 0])
    plan = np.array([[0, 1, 2], [4, 3, 2]]), np.array([[10, 3, 60], [0, 34, 1]])
    batches = list(training_batches(shards, names, labels, plan, frames=30))
    assert len(batches) == 2
    for (x, y), rows, starts in zip(batches, *plan, strict=True):
        assert y.numpy().tolist() == labels[rows].tolist()
        expected = [1000 * ord(names[row]) + start for row, start in zip(rows, starts, strict=True)]
        assert x.numpy()[:, 0, 0].tolist() == expected
        assert np.array_equal(x.numpy()[:, -1, 0], np.array(expected, np.float32) + 29)


def test_prediction_is_the_mean_over_overlapping_segments_and_the_tail(shards):
    import keras

    from earfield.network.device import Device
    from earfield.network.predict import TrackPredictor

    model = keras.Sequential([keras.Input((32, 8)), keras.layers.Lambda(lambda x: x[:, :2, 0])])
    predict = TrackPredictor(model, device=Device(gpu=False, workers=2), overlap=0.5)
    # Segments of `c` (90 frames) start at 0, 16, 32, 48 and, for the tail, 58; of `b` (33 frames) at 0 and 1.
    expected = [99_000 + np.mean([0, 16, 32, 48, 58]), 98_000 + 0.5]
    assert np.allclose(predict(shards, ["c", "b"]), [[value, value + 1] for value in expected])


@settings(max_examples=20, deadline=None)
@given(n=st.integers(0, 5))
def test_checkpoint_gives_back_what_it_took(tmp_path_factory, n):
    generator = np.random.default_rng(n)
    arrays = [[generator.standard_normal((n, 3)).astype(np.float32)] * count for count in (n, n, 12)]
    state = TrainingState(*arrays, history=[{"epoch": k + 1, "loss": 0.1 * k} for k in range(n)], best_epoch=n - 1)
    path = tmp_path_factory.mktemp("checkpoint") / "checkpoint.npz"
    save_checkpoint(path, state, fingerprint="abc")
    back = load_checkpoint(path, fingerprint="abc")
    assert back.history == state.history and back.best_epoch == state.best_epoch
    for name in ("weights", "best_weights", "optimizer"):
        for a, b in zip(getattr(back, name), getattr(state, name), strict=True):
            assert np.array_equal(a, b)
    assert load_checkpoint(path, fingerprint="other") is None
    assert load_checkpoint(path.with_name("none.npz"), fingerprint="abc") is None


def test_fingerprint_sees_files_and_settings(tmp_path):
    (tmp_path / "a").write_text("1")
    first = run_fingerprint([tmp_path / "a"], {"seed": 1})
    assert run_fingerprint([tmp_path / "a"], {"seed": 1}) == first
    assert run_fingerprint([tmp_path / "a"], {"seed": 2}) != first
    (tmp_path / "a").write_text("2")
    assert run_fingerprint([tmp_path / "a"], {"seed": 1}) != first


def make_trainer(**changes):
    from earfield.network.architecture import build_network
    from earfield.network.device import Device
    from earfield.train.trainer import Trainer

    model = build_network(SETTINGS.network, frames=30, n_mels=8, n_labels=3, seed=1)
    settings = replace(SETTINGS.train, **({"batch_size": 3, "micro_batch": 2} | changes))
    return model, Trainer(model, settings, device=Device(gpu=False, workers=1), seed=1, overlap=0.5)


def test_state_keeps_the_best_weights_by_accuracy_then_loss():
    from earfield.train.history import best_epoch

    model, trainer = make_trainer()
    scores = [(0.5, 1.0), (0.6, 2.0), (0.6, 1.5), (0.6, 1.5), (0.4, 0.1)]
    state, history = trainer.state([], kept=-1, best=None), []
    for epoch, (accuracy, loss) in enumerate(scores):
        model.set_weights([np.full_like(weight, epoch) for weight in model.get_weights()])
        history = [*history, {"validation_accuracy": accuracy, "validation_loss": loss}]
        state = trainer.state(history, kept=best_epoch(history), best=state)
    assert state.best_epoch == 2
    assert all((weight == 2).all() for weight in state.best_weights)
    assert all((weight == 4).all() for weight in state.weights)


def test_without_accuracy_the_best_epoch_is_that_of_least_loss(tmp_path):
    from earfield.train.history import best_epoch

    history = [{"validation_loss": loss} for loss in (3.0, 1.0, 2.0)]
    assert best_epoch(history) == 1
    pd.DataFrame(history, columns=["validation_accuracy", "validation_loss"]).to_csv(tmp_path / "h.csv", index=False)
    assert best_epoch(pd.read_csv(tmp_path / "h.csv").to_dict("records")) == 1


def test_loss_that_is_no_number_stops_with_the_step():
    import tensorflow as tf

    from earfield.errors import EarfieldError

    class Bar:
        def update(self, n):
            pass

    _, trainer = make_trainer(optimizer={"name": "sgd", "learning_rate": 1e30})
    x = np.random.default_rng(0).random((4, 3, 30, 8), dtype=np.float32) * 100
    batches = tf.data.Dataset.from_tensor_slices((x, np.array([[0, 1, 2]] * 4, np.int32)))
    with pytest.raises(EarfieldError, match=r"seed 1 became \w+ in step [234] of epoch 6; lower .* \(now 1e\+30\)"):
        trainer.run_epoch(batches, 5, n_batches=4, bar=Bar())


@pytest.mark.parametrize(
    ("precision", "xla"),
    [("bfloat16", False), ("float32", True), pytest.param("bfloat16", True, marks=pytest.mark.nightly)],
)
def test_options_of_training_train(precision, xla):
    import tensorflow as tf

    class Bar:
        def update(self, n):
            pass

    _, trainer = make_trainer(optimizer={"name": "adam", "learning_rate": 0.01}, precision=precision, xla=xla)
    x = np.random.default_rng(0).random((3, 30, 8), dtype=np.float32)
    batches = tf.data.Dataset.from_tensors((x, np.array([0, 1, 2], np.int32))).repeat(60)
    first = trainer.run_epoch(batches, 0, n_batches=5, bar=Bar())
    last = trainer.run_epoch(batches, 1, n_batches=60, bar=Bar())
    assert last["train_loss"] < first["train_loss"]


@pytest.fixture
def train(shards, tmp_path):
    """Train a small network on five tracks of 33 to 90 frames, with other settings if wanted."""
    from earfield.network.device import Device
    from earfield.train.training import TrainingFiles, train_network

    split = pd.DataFrame({"track": list("abcde"), "label": [*"xyzxy"], "subset": ["train"] * 3 + ["validation"] * 2})
    split.to_csv(tmp_path / "split.csv", index=False)
    files = {"model": "model.keras", "history": "history.csv", "checkpoint": "checkpoint.npz", "curves": "curves"}

    def run(*, frames=30, network=SETTINGS.network, tags=False, **changes):
        return train_network(
            MelShards([tmp_path / "0.npy", tmp_path / "1.npy"], [tmp_path / "0.csv", tmp_path / "1.csv"]),
            tmp_path / "split.csv",
            ModelSettings(
                front_end=SETTINGS.front_end,
                segment=replace(SETTINGS.segment, frames=frames),
                network=network,
                train=replace(SETTINGS.train, **changes),
                tags=tags,
            ),
            files=TrainingFiles(**{key: tmp_path / name for key, name in files.items()}),
            device=Device(gpu=False, workers=2),
            seed=1,
        )

    return run


def test_model_file_and_history_of_a_training(train, tmp_path):
    from earfield.network.architecture import read_facts

    history = train()
    assert read_facts(tmp_path / "model.keras")["labels"] == ["x", "y", "z"]
    # At such a rate nothing changes, so no epoch is better than the first, and patience ends the training.
    assert len(history) == 3
    assert list(history.segments) == [12, 24, 36]
    assert not (tmp_path / "checkpoint.npz").exists()
    assert json.loads(pd.read_csv(tmp_path / "history.csv").to_json()) == json.loads(history.to_json())


def test_tags_have_a_probability_each_and_epochs_no_accuracy(train, tmp_path):
    import keras

    from earfield.network.architecture import read_facts

    labels = ["x;y", "y;z", "z", "x", "y;z"]
    split = pd.DataFrame({"track": list("abcde"), "label": labels, "subset": ["train"] * 3 + ["validation"] * 2})
    split.to_csv(tmp_path / "split.csv", index=False)
    history = train(tags=True)
    assert read_facts(tmp_path / "model.keras")["labels"] == ["x", "y", "z"]
    model = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((4, *model.input_shape[1:]), dtype=np.float32)
    assert model.get_layer("output").activation is keras.activations.sigmoid and model(x).shape == (4, 3)
    assert history.filter(like="accuracy").isna().all(axis=None) and (history.validation_loss > 0).all()


def test_authors_recipe_trains_whole_rounds(train, tmp_path):
    import keras

    optimizer = {"name": "adadelta", "learning_rate": 1.0, "decay": 0.1, "epsilon": 1e-8}
    history = train(recipe="published_code", optimizer=optimizer, patience=20, max_epochs=40)
    assert len(history) in (20, 40) and list(history.segments[:2]) == [2, 4]
    start = [each for each in keras.models.load_model(tmp_path / "model.keras").get_weights() if each.ndim > 1]
    assert all(np.isfinite(each).all() for each in start)


def test_decay_divides_the_rate():
    _, trainer = make_trainer(optimizer={"name": "adadelta", "learning_rate": 2.0, "decay": 0.5})
    rates = [float(trainer._optimizer._learning_rate(step)) for step in (0, 1, 2)]
    assert rates == pytest.approx([2 / 1, 2 / 1.5, 2 / 2])


def test_network_on_decibels_is_standardised_by_training_tracks(train, tmp_path):
    import keras

    from earfield.network.scale import band_statistics

    for number in (0, 1):
        np.save(tmp_path / f"{number}.npy", np.load(tmp_path / f"{number}.npy") / 1e5)
    shards = MelShards([tmp_path / "0.npy", tmp_path / "1.npy"], [tmp_path / "0.csv", tmp_path / "1.csv"])
    train(network=replace(SETTINGS.network, scale="decibels"), max_epochs=1)
    layer = keras.models.load_model(tmp_path / "model.keras").get_layer("standardise")
    mean, variance = band_statistics(shards.track(name) for name in "abc")
    assert np.allclose(layer.mean, mean, rtol=1e-5) and np.allclose(layer.variance, variance, rtol=1e-5)


def test_segment_longer_than_the_shortest_track_is_refused(train, tmp_path):
    from earfield.errors import DatasetError

    with pytest.raises(DatasetError, match=r"A segment has 34 frames \(0\.4 s\), and the track 'b' only 33 \(0\.4 s\)"):
        train(frames=34)
    assert not (tmp_path / "model.keras").exists()


def test_diverging_training_keeps_the_last_good_state(train, tmp_path, monkeypatch):
    from earfield.errors import EarfieldError
    from earfield.train.trainer import Trainer

    good = Trainer.run_epoch

    def spoilt(self, batches, epoch, **options):
        row = good(self, batches, epoch, **options)
        if epoch == 1:  # as after a last step that was too long
            self._model.set_weights([weight * np.nan for weight in self._model.get_weights()])
        return row

    monkeypatch.setattr(Trainer, "run_epoch", spoilt)
    with pytest.raises(
        EarfieldError, match=r"loss of seed 1 became nan at the end of epoch 2; .* after epoch 1 is in .*z"
    ):
        train()
    with np.load(tmp_path / "checkpoint.npz") as archive:
        assert all(np.isfinite(archive[name]).all() for name in archive if name.startswith("weights"))
    assert not (tmp_path / "model.keras").exists()


def test_checkpoint_depends_on_all_inputs_and_all_code(train, tmp_path, monkeypatch):
    from earfield.train import training

    seen = []

    def record(files, settings):
        seen.extend(map(Path, files))
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "run_fingerprint", record)
    with pytest.raises(KeyboardInterrupt):
        train()
    inputs = {tmp_path / name for name in ("split.csv", "0.npy", "0.csv", "1.npy", "1.csv")}
    assert set(seen) == inputs | set(code_of(Path(training.__file__)))
