"""From a network and shards to a dump, and from the dump to filters."""

import json
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LassoCV
from threadpoolctl import threadpool_info

from earfield.activations.store import ActivationDump, chunk_name
from earfield.configuration.code_dependencies import code_of
from earfield.configuration.settings import ActivationSettings, FilterSettings, MelSettings, NetworkSettings
from earfield.errors import ConfigError, DatasetError
from earfield.filters.estimate import fold_of_rows, patches, write_filters
from earfield.filters.strf import measure_strfs
from earfield.mel.log_mel import band_edges
from earfield.mel.shards import MelShards

FRONT_END = {"sample_rate": 22050, "n_fft": 512, "hop_length": 256, "n_mels": 20, "fmin": 0, "fmax": 10000}
NETWORK = {
    "conv": [
        {"filters": 4, "kernel": [3, 3], "pool": [2, 2], "l2": 0.0},
        {"filters": 6, "kernel": [3, 3], "pool": [2, 2], "l2": 0.0},
    ],
    "dense": {"units": 5, "l2": 0.0},
    "dropout": 0.1,
}
FRAMES, N_TRACKS = 30, 24


def build(seed=1):
    from earfield.network.architecture import build_network

    return build_network(NetworkSettings(**NETWORK), frames=FRAMES, n_mels=20, n_labels=3, seed=seed)


def save(model, path, **front_end):
    from earfield.mel.front_end import CONVENTIONS
    from earfield.network.architecture import save_network

    save_network(model, path, labels=["x", "y", "z"], front_end=FRONT_END | CONVENTIONS | front_end)


class Collection:
    """Shards, a split and a network in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def make(self):
        generator = np.random.default_rng(0)
        rows, parts, start, split = [], [], 0, []
        for number in range(N_TRACKS):
            n = 200 + 7 * number
            mel = generator.gamma(1.0, size=(n + 4, 24)).astype(np.float32)
            # Neighbours resemble each other.
            mel = sum(mel[i : i + n, j : j + 20] for i in range(5) for j in range(5)) / 5
            rows.append((f"t{number:02d}", "xyz"[number % 3], start, n))
            split.append((*rows[-1][:2], ("train", "train", "validation", "test")[number // 3 % 4]))
            parts.append(mel)
            start += n
        self.write_mel(np.concatenate(parts))
        pd.DataFrame(rows, columns=["track", "label", "start", "frames"]).to_csv(self.folder / "shard.csv", index=False)
        pd.DataFrame(split, columns=["track", "label", "subset"]).to_csv(self.folder / "split.csv", index=False)
        save(build(), self.folder / "model.keras")

    def copy(self, folder):
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Collection(folder)

    def write_mel(self, mel):
        np.save(self.folder / "shard.npy", mel)

    @property
    def shards(self):
        return MelShards([self.folder / "shard.npy"], [self.folder / "shard.csv"])

    def arguments(self, **changes):
        from earfield.network.device import Device

        settings = {"layer": "pool2", "positions": "centre", "overlap": 0.1} | changes
        return {
            "shards": self.shards,
            "model_path": self.folder / "model.keras",
            "split": self.folder / "split.csv",
            "device": Device(gpu=False, workers=2),
            "front_end": MelSettings(**FRONT_END),
            "settings": ActivationSettings(**settings),
        }

    def dump(self, *, name="activations", **changes):
        from earfield.activations.dump import dump_activations

        folders = {"folder": self.folder / name, "partial": self.folder / f"{name}.partial"}
        return dump_activations(**folders, **self.arguments(**changes))

    def gradient(self, **changes):
        from earfield.activations.dump import write_gradient

        write_gradient(path=self.folder / "gradient.npz", **self.arguments(**changes))

    def filters(self, *, threads=2, folds=4, alphas=20):
        arguments = {
            "dump": self.folder / "activations",
            "gradient": self.folder / "gradient.npz",
            "frames_paths": [self.folder / "shard.npy"],
            "index_paths": [self.folder / "shard.csv"],
            "folder": self.folder,
            "seed": 1,
            "threads": threads,
            "settings": FilterSettings(folds=folds, alphas=alphas, min_active=10),
        }
        return write_filters(**arguments), self.arrays()

    def arrays(self):
        with np.load(self.folder / "filters.npz") as archive:
            return dict(archive)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Return a collection of which nothing is computed, for reading only."""
    made = Collection(tmp_path_factory.mktemp("template"))
    made.make()
    return made


@pytest.fixture(scope="module")
def done(template, tmp_path_factory):
    """Return a collection with its dump, gradient and filters, for reading only, and the table of filters."""
    made = template.copy(tmp_path_factory.mktemp("done"))
    made.dump()
    made.gradient()
    table, _ = made.filters()
    return made, table


@pytest.fixture
def collection(template, tmp_path):
    return template.copy(tmp_path)


@pytest.fixture
def dumped(done, tmp_path):
    """Return a collection with its dump, gradient and filters, to change."""
    return done[0].copy(tmp_path)


def rows_of(collection):
    """Return patches [row, position, frame, band], activations [row, position, unit], and the index, from the dump."""
    dump = ActivationDump(collection.folder / "activations")
    windows = collection.shards.gather(dump.index.track, dump.index.start, frames=FRAMES)
    y = np.concatenate([dump.chunk(number) for number in range(dump.facts.chunks)])
    return patches(windows, dump.facts), y.astype(float), dump.index


def interrupted_after(calls):
    """Return what a runner does until it is interrupted."""
    from earfield.network.layers import LayerRunner

    left, run = iter(range(calls)), LayerRunner.__call__

    def call(self, windows):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return run(self, windows)

    return call


def test_dump_holds_every_segment_of_every_track(collection):
    from earfield.network.device import Device
    from earfield.network.layers import LayerRunner

    facts = collection.dump(positions="all")
    _, y, index = rows_of(collection)
    for name, n in collection.shards.index.frames.items():
        assert index.start[index.track == name].tolist() == list(range(0, n - FRAMES + 1, 27))  # 10% of 30 overlap
    windows = collection.shards.gather(index.track, index.start, frames=FRAMES)
    runner = LayerRunner(build(), "pool2", device=Device(gpu=False, workers=1), positions="all")
    np.testing.assert_allclose(y, runner(windows), rtol=1e-4, atol=1e-6)
    assert (facts.rows, len(facts.positions), facts.units) == y.shape
    subsets = pd.read_csv(collection.folder / "split.csv").set_index("track").subset
    assert (index.subset == subsets.loc[index.track].to_numpy()).all()


def test_interrupted_dump_continues_from_its_last_chunk(dumped, monkeypatch):
    from earfield.activations import dump as activations

    runner, calls = activations.LayerRunner.__call__, []
    monkeypatch.setattr(activations, "_CHUNK_ROWS", 32)
    folders = {"folder": dumped.folder / "again", "partial": dumped.folder / "again.partial"}
    with monkeypatch.context() as patch:
        patch.setattr(activations.LayerRunner, "__call__", interrupted_after(12))
        with pytest.raises(KeyboardInterrupt):
            dumped.dump(name="again")
    there = len(list(folders["partial"].glob("chunk-*")))
    assert 0 < there < 8 and not folders["folder"].exists()

    def counted(self, windows):
        calls.append(len(windows))
        return runner(self, windows)

    monkeypatch.setattr(activations.LayerRunner, "__call__", counted)
    facts = dumped.dump(name="again")
    assert sum(calls) == facts.rows - 32 * there
    again, whole = ActivationDump(folders["folder"]), ActivationDump(dumped.folder / "activations")
    pieces = np.concatenate([again.chunk(number) for number in range(again.facts.chunks)])
    np.testing.assert_allclose(pieces, whole.chunk(0), rtol=1e-5, atol=1e-6)
    assert again.index.equals(whole.index) and not folders["partial"].exists()


@pytest.mark.nightly
def test_killed_dump_continues_from_its_last_chunk(collection):
    collection.dump()
    whole = [collection.folder / "activations" / name for name in ("index.csv", "facts.json", chunk_name(0))]
    whole = {path.name: path.read_bytes() for path in whole}
    script = textwrap.dedent(
        f"""
        import os, signal, sys
        from earfield.network.device import configure
        device = configure(2)
        from earfield.activations import dump as activations
        from earfield.configuration.settings import ActivationSettings, MelSettings
        from earfield.mel.shards import MelShards
        activations._CHUNK_ROWS = 32
        class Killed(activations.LayerRunner):
            calls = 0
            def __call__(self, windows):
                Killed.calls += 1
                if Killed.calls > int(sys.argv[1]):
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().__call__(windows)
        activations.LayerRunner = Killed
        facts = activations.dump_activations(
            MelShards(["shard.npy"], ["shard.csv"]), "model.keras", "split.csv", folder="again",
            partial="again.partial", device=device, front_end=MelSettings(**{FRONT_END!r}),
            settings=ActivationSettings(layer="pool2", positions="centre", overlap=0.1),
        )
        print(Killed.calls)
        """
    )
    run = [sys.executable, "-c", script]
    killed = subprocess.run([*run, "12"], cwd=collection.folder, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (collection.folder / "again").exists()
    there = sorted(path.name for path in (collection.folder / "again.partial").glob("chunk-*"))
    assert 0 < len(there) < 8
    done = subprocess.run([*run, "999"], cwd=collection.folder, capture_output=True, check=True, text=True)
    facts = json.loads((collection.folder / "again/facts.json").read_text())
    assert int(done.stdout) == -(-facts["rows"] // 4) - 8 * len(there)  # 4 segments a call, 32 a chunk
    dump = ActivationDump(collection.folder / "again")
    pieces = np.concatenate([dump.chunk(number) for number in range(dump.facts.chunks)])
    np.testing.assert_allclose(pieces, np.load(collection.folder / "activations" / chunk_name(0)), rtol=1e-5, atol=1e-6)
    assert (collection.folder / "again/index.csv").read_bytes() == whole["index.csv"]
    assert not (collection.folder / "again.partial").exists()


def test_chunks_of_another_network_are_not_taken(collection):
    partial = collection.folder / "activations.partial"
    partial.mkdir()
    (partial / "fingerprint").write_text("of another network")
    np.save(partial / chunk_name(0), np.full((3, 1, 6), 7.0, dtype=np.float32))
    collection.dump()
    _, y, _ = rows_of(collection)
    assert y.max() < 7 and len(y) > 100


def test_dump_larger_than_the_disk_is_refused_before_it_starts(collection):
    from earfield.network.architecture import build_network

    wide = [{"filters": 400_000, "kernel": [1, 1], "pool": [1, 1], "l2": 0.0}, NETWORK["conv"][1] | {"filters": 1}]
    settings = NetworkSettings(**(NETWORK | {"conv": wide}))
    model = build_network(settings, frames=FRAMES, n_mels=20, n_labels=3, seed=1)
    save(model, collection.folder / "model.keras")  # almost a GB of output for each of thousands of segments
    with pytest.raises(
        ConfigError, match=r"'conv1' at 600 positions on 6,\d{3} segments takes 5,\d{3}\.\d GB, and .* free"
    ):
        collection.dump(layer="conv1", positions="all", overlap=0.97)
    assert not list(collection.folder.glob("activations*"))


def test_network_of_other_spectrograms_is_refused(collection):
    save(build(), collection.folder / "model.keras", hop_length=128)
    with pytest.raises(ConfigError, match="hop_length = 128, and these have 256; set mel.hop_length to 128"):
        collection.dump()


@pytest.mark.parametrize(
    ("layer", "positions", "bands"),
    [
        ("pool2", "all", slice(4, 14)),  # three positions along the bands
        ("conv1", [[5, 9], [0, 0], [3, 1], [9, 9]], slice(1, 4)),
    ],
)
def test_filters_are_those_of_scikit_learn_on_the_raw_rows(collection, layer, positions, bands):
    collection.dump(layer=layer, positions=positions)
    collection.gradient(layer=layer, positions=positions)
    table, filters = collection.filters(alphas=8)
    centres = band_edges(n_mels=20, fmin=0, fmax=10000)[1:-1]
    np.testing.assert_allclose(filters["band_hz"], centres[bands])  # of the middle position
    x, y, index = rows_of(collection)
    groups = np.repeat(fold_of_rows(index, folds=4, seed=1), x.shape[1])
    x, y = x.reshape(len(groups), -1).astype(float), y.reshape(len(groups), -1)
    fit, test = groups < 4, groups == 4
    scale = x[fit].std(axis=0)
    x_fit, x_test = ((x[rows] - x[fit].mean(axis=0)) / scale for rows in (fit, test))
    cv = [(np.flatnonzero(groups[fit] != fold), np.flatnonzero(groups[fit] == fold)) for fold in range(4)]
    fitted = table[table.status == "fitted"]
    assert len(fitted) > 1
    for row in fitted[:2].itertuples():
        theirs = LassoCV(alphas=8, cv=cv, tol=1e-10, max_iter=100_000).fit(x_fit, y[fit, row.unit])
        ours = filters["filters"][row.unit].T.ravel() * scale
        np.testing.assert_allclose(ours, theirs.coef_, rtol=0, atol=1e-5 * np.abs(theirs.coef_).max())
        assert row.alpha == pytest.approx(theirs.alpha_)
        assert row.nonzeros == np.count_nonzero(filters["filters"][row.unit])
        assert row.r2_held_out == pytest.approx(theirs.score(x_test, y[test, row.unit]), abs=1e-5)
        assert row.r2_fit == pytest.approx(theirs.score(x_fit, y[fit, row.unit]), abs=1e-5)


def test_pooling_bands_of_unequal_spacing_is_said(collection, caplog):
    positions = [[5, 0], [5, 9], [5, 17]]
    collection.dump(layer="conv1", positions=positions)
    collection.gradient(layer="conv1", positions=positions)
    _, filters = collection.filters(alphas=2)
    assert "Positions are pooled whose bands are" in caplog.text
    centres = band_edges(n_mels=20, fmin=0, fmax=10000)[1:-1]
    np.testing.assert_allclose(filters["band_hz"], centres[9:12])  # of the middle one


def test_gradients_are_measured_as_filters_are(done):
    collection, table = done
    filters = collection.arrays()
    gradients = pd.read_csv(collection.folder / "gradients.csv")
    fitted = (table.status == "fitted").to_numpy()
    assert list(gradients) == list(table) and gradients.r2_held_out.isna().all()
    axes = {"band_hz": filters["band_hz"], "frame_seconds": float(filters["frame_seconds"])}
    expected = measure_strfs(filters["gradients"][fitted], **axes)
    np.testing.assert_allclose(gradients.separability[fitted], expected.separability, atol=1e-5)
    assert {"window_octaves", "window_ms", "lowest_rate_hz", "lowest_scale_cpo"} <= set(table)


def test_chunks_of_another_overlap_are_not_taken(collection, monkeypatch):
    """Two overlaps may cut equally many segments: 10% and 11% of 256 frames do, of songs of 30 s."""
    import earfield.activations.dump
    from earfield.activations.dump import segment_index

    split = collection.folder / "split.csv"
    tracks = pd.read_csv(split)
    tracks[tracks.track.isin(["t00", "t01"])].to_csv(split, index=False)
    cuts = [segment_index(collection.shards, split, frames=FRAMES, overlap=overlap) for overlap in (0.1, 0.15)]
    assert len(cuts[0]) == len(cuts[1]) and not cuts[0].equals(cuts[1])
    monkeypatch.setattr(earfield.activations.dump, "_CHUNK_ROWS", 8)

    collection.dump(overlap=0.15)
    whole = rows_of(collection)[1]
    with monkeypatch.context() as patch:
        patch.setattr(earfield.activations.dump.LayerRunner, "__call__", interrupted_after(8))
        with pytest.raises(KeyboardInterrupt):
            collection.dump(overlap=0.1)
    assert list((collection.folder / "activations.partial").glob("chunk-*"))
    collection.dump(overlap=0.15)
    np.testing.assert_array_equal(rows_of(collection)[1], whole)


def test_dump_depends_on_all_inputs_and_all_code(collection, monkeypatch):
    import earfield.activations.dump

    seen = []

    def record(files, settings):
        seen.extend(map(Path, files))
        raise KeyboardInterrupt

    monkeypatch.setattr(earfield.activations.dump, "run_fingerprint", record)
    with pytest.raises(KeyboardInterrupt):
        collection.dump()
    inputs = {collection.folder / name for name in ("model.keras", "split.csv", "shard.npy", "shard.csv")}
    assert set(seen) == inputs | set(code_of(Path(earfield.activations.dump.__file__)))


def test_sums_are_made_on_one_thread(dumped, monkeypatch):
    """How a product of matrices is rounded depends on the number of threads that share it."""
    import earfield.filters.estimate

    fit, seen = earfield.filters.estimate.lasso_cv, []

    def recorded(*arguments, **options):
        seen.extend(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")
        return fit(*arguments, **options)

    monkeypatch.setattr(earfield.filters.estimate, "lasso_cv", recorded)
    dumped.filters(threads=2)
    assert seen and set(seen) == {1}


def test_test_tracks_touch_neither_fit_nor_penalty(done, collection):
    before, filters = done[1], done[0].arrays()
    index = collection.shards.index
    tests = pd.read_csv(collection.folder / "split.csv").query("subset == 'test'").track
    mel = np.load(collection.folder / "shard.npy")
    for name in tests:
        rows = slice(index.start[name], index.start[name] + index.frames[name])
        mel[rows] = mel[rows] * 0.3 + np.random.default_rng(1).gamma(1.0, size=mel[rows].shape)
    collection.write_mel(mel)
    collection.dump()
    collection.gradient()
    after, changed = collection.filters()
    for name in ("filters", "gradients", "intercepts"):
        np.testing.assert_array_equal(filters[name], changed[name])
    pd.testing.assert_frame_equal(before.drop(columns="r2_held_out"), after.drop(columns="r2_held_out"))
    assert (before.r2_held_out - after.r2_held_out).abs().max() > 0.01


def test_tracks_stay_whole_and_labels_are_spread_over_folds():
    index = pd.DataFrame(
        {
            "track": np.repeat([f"t{n}" for n in range(40)], 3),
            "label": np.repeat(["x", "y"], 60),
            "subset": np.repeat(["train", "train", "validation", "test"] * 10, 3),
        }
    )
    folds = fold_of_rows(index, folds=5, seed=3)
    assert index.assign(fold=folds).groupby("track").fold.nunique().eq(1).all()
    assert ((folds == 5) == (index.subset == "test")).all()
    counts = index.assign(fold=folds)[folds < 5].drop_duplicates("track").groupby(["fold", "label"]).size()
    assert counts.tolist() == [3] * 10
    assert not np.array_equal(folds, fold_of_rows(index, folds=5, seed=4))


def test_units_without_filter_say_why_and_the_others_get_theirs(collection):
    model = build()
    kernel, bias = model.get_layer("conv2").get_weights()
    kernel[..., 0], bias[0] = 0, -1  # dead
    bias[1] = np.nan
    kernel[..., 2], bias[2] = 0, 3  # says the same whatever it hears
    model.get_layer("conv2").set_weights([kernel, bias])
    x = model.get_layer("conv2")
    save(model, collection.folder / "model.keras")
    collection.dump()
    _, y, index = rows_of(collection)
    fit = (index.subset != "test").to_numpy()
    bias[3] += 1e-6 - np.sort(y[fit, 0, 3])[-6]  # leaves about five segments above zero
    x.set_weights([kernel, bias])
    save(model, collection.folder / "model.keras")
    collection.dump()
    collection.gradient()
    table, filters = collection.filters()
    assert table.status.tolist()[:4] == ["dead", "nan", "flat", "rare"]
    assert (table.status[4:] == "fitted").all()
    assert "active on none of" in table.problem[0]
    assert "not a number" in table.problem[1]
    assert f"active on {table.active[3]} of" in table.problem[3] and "filters.min_active = 10" in table.problem[3]
    assert not filters["filters"][:4].any() and filters["filters"][4:].any(axis=(1, 2)).all()
    assert np.isfinite(filters["filters"]).all()
    assert table.loc[:3, ["separability", "rate_hz", "gabor_r2"]].isna().all(axis=None)
    assert table.loc[4:, ["separability", "rate_hz", "gabor_r2", "gradient_correlation"]].notna().all(axis=None)


def test_inputs_that_never_change_get_no_weight(collection):
    mel = np.load(collection.folder / "shard.npy")
    mel[:, 9] = 0.1
    collection.write_mel(mel)
    collection.dump()
    collection.gradient()
    _, filters = collection.filters()
    facts = ActivationDump(collection.folder / "activations").facts
    band = 9 - facts.patch(facts.positions[0])[1].start
    expected = np.zeros(filters["constant"].shape, dtype=bool)
    expected[band] = True
    np.testing.assert_array_equal(filters["constant"], expected)
    assert not filters["filters"][:, band].any() and filters["filters"].any()


def test_dump_that_is_cut_short_is_refused(dumped):
    collection = dumped
    chunk = collection.folder / "activations" / chunk_name(0)
    whole = chunk.read_bytes()
    chunk.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match=r"chunk-00000\.npy is missing or cut short"):
        collection.filters()
    chunk.unlink()
    with pytest.raises(DatasetError, match="cut short"):
        collection.filters()
    chunk.write_bytes(whole)
    index = collection.folder / "activations" / "index.csv"
    index.write_text("".join(index.read_text().splitlines(keepends=True)[:-3]))
    with pytest.raises(DatasetError, match=r"index\.csv has \d+ rows instead of"):
        collection.filters()


def test_fewer_tracks_than_folds_are_refused(dumped):
    with pytest.raises(ConfigError, match=r"filters\.folds is 50, and there are 18 tracks"):
        dumped.filters(folds=50)


def test_patch_of_more_inputs_than_memory_holds_is_refused(dumped):
    path = dumped.folder / "activations/facts.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"patch_frames": 60_000}))
    with pytest.raises(ConfigError, match="inputs reach a unit of layer 'pool2', and their Gram matrices take"):
        dumped.filters()


def test_gradient_leaves_test_tracks_out_and_averages_over_positions(collection):
    collection.gradient(layer="conv1", positions=[[0, 0], [5, 5]])
    with np.load(collection.folder / "gradient.npz") as archive:
        gradients, n = archive["gradients"], int(archive["patches"])
    collection.dump(layer="conv1", positions=[[0, 0], [5, 5]])
    _, y, index = rows_of(collection)
    fit = (index.subset != "test").to_numpy()
    assert n == 2 * fit.sum()
    # The gradient of a rectified linear unit is its kernel on the share of segments where it is active.
    kernel = build().get_layer("conv1").get_weights()[0][:, :, 0].transpose(2, 1, 0)
    share = (y[fit] > 0).mean(axis=(0, 1))
    np.testing.assert_allclose(gradients, kernel * share[:, None, None], rtol=1e-4, atol=1e-6)
