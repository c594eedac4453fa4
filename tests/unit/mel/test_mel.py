"""The front end against librosa, the relations that hold between its outputs, and its shards."""

import re

import librosa
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earfield.audio.frames import frame_count
from earfield.audio.read import read_audio
from earfield.configuration.settings import MelSettings
from earfield.errors import AudioError, DatasetError
from earfield.files.tables import read_text_csv, write_csv
from earfield.mel import log_mel as mel_module
from earfield.mel.log_mel import band_edges, log_mel, write_shard
from earfield.mel.shards import MelShards
from earfield.tracks.audio_files import shard_of

SHARDS = 3

noise = st.builds(
    lambda n, level, seed: (level * np.random.default_rng(seed).standard_normal(n)).astype(np.float32),
    n=st.integers(1, 6000),
    level=st.sampled_from([1e-5, 0.01, 0.3, 1.0]),
    seed=st.integers(0, 2**32),
)


@st.composite
def front_ends(draw):
    """Draw parameters of a front end that its checks would let pass, and some with an odd window."""
    sample_rate = draw(st.sampled_from([8000, 16000, 22050, 44100]))
    n_fft = draw(st.sampled_from([64, 255, 256, 400, 512, 1024]))
    fmin = draw(st.sampled_from([0, 20.5, 300]))
    return {
        "sample_rate": sample_rate,
        "n_fft": n_fft,
        "hop_length": draw(st.integers(16, n_fft)),
        "n_mels": draw(st.integers(1, 40)),
        "fmin": fmin,
        "fmax": draw(st.floats(fmin + 200, sample_rate / 2)),
    }


@pytest.mark.filterwarnings("ignore:Empty filters", "ignore:n_fft=")
@settings(deadline=None, max_examples=30)
@given(y=noise, front_end=front_ends())
def test_log_mel_is_librosas(y, front_end):
    power = librosa.feature.melspectrogram(
        y=y, sr=front_end["sample_rate"], **{k: v for k, v in front_end.items() if k != "sample_rate"}
    )
    ours = log_mel(y, **front_end)
    assert ours.dtype == np.float32 and ours.flags.c_contiguous
    assert ours.shape == power.T.shape
    np.testing.assert_allclose(ours, np.log1p(power).T, rtol=2e-4, atol=1e-6)


def test_papers_front_end_is_librosas_on_half_a_minute(front_end):
    y = np.random.default_rng(0).uniform(-1, 1, 30 * 22050 + 123).astype(np.float32)
    theirs = librosa.feature.melspectrogram(y=y, sr=22050, n_fft=512, hop_length=256, n_mels=64, fmax=10000)
    np.testing.assert_allclose(log_mel(y, **front_end), np.log1p(theirs).T, atol=1e-6)


def test_papers_bands_are_evenly_spaced_below_1_khz_and_13_to_the_octave_above():
    corners = band_edges(n_mels=64, fmin=0, fmax=10000)
    assert corners.shape == (66,)
    assert corners[0] == 0 and corners[-1] == pytest.approx(10000)
    low, high = corners[corners < 1000], corners[corners > 1000]
    assert np.diff(low) == pytest.approx(49.7, abs=0.05)
    assert 1 / np.diff(np.log2(high)) == pytest.approx(13.5, abs=0.1)


def test_bands_peak_at_the_corners_between_them():
    corners = band_edges(n_mels=20, fmin=0, fmax=10000)
    weights = librosa.filters.mel(sr=22050, n_fft=8192, n_mels=20, fmin=0, fmax=10000)
    np.testing.assert_allclose(weights.argmax(axis=1) * 22050 / 8192, corners[1:-1], atol=22050 / 8192)


@settings(deadline=None)
@given(y=noise.filter(lambda y: len(y) > 2048), hops=st.integers(1, 5))
def test_delay_of_whole_hops_shifts_frames(front_end, y, hops):
    late = np.concatenate([np.zeros(hops * 256, np.float32), y])
    np.testing.assert_allclose(log_mel(late, **front_end)[hops:], log_mel(y, **front_end), rtol=1e-4, atol=1e-6)


@settings(deadline=None)
@given(y=noise, gain=st.floats(1.01, 100))
def test_louder_is_never_lower(front_end, y, gain):
    soft, loud = log_mel(y, **front_end), log_mel(np.float32(gain) * y, **front_end)
    assert (loud >= soft).all()
    np.testing.assert_allclose(np.expm1(loud.astype(float)), gain**2 * np.expm1(soft.astype(float)), rtol=2e-3)


@settings(deadline=None, max_examples=20)
@given(frequency=st.floats(200, 9000))
def test_tone_peaks_in_the_band_that_holds_it(front_end, frequency):
    y = np.sin(2 * np.pi * frequency * np.arange(8192) / 22050).astype(np.float32)
    band = log_mel(y, **front_end)[5:-5].mean(axis=0).argmax()
    corners = band_edges(n_mels=64, fmin=0, fmax=10000)
    # A band is barely wider than a bin of the Fourier transform (43 Hz): allow the tone half a bin beyond its corners.
    assert corners[band] - 22 <= frequency <= corners[band + 2] + 22


def test_silence_is_zero(front_end):
    assert not log_mel(np.zeros(5000), **front_end).any()


@pytest.mark.parametrize("n_frames", [3, 4, 5, 8, 9, 12])
def test_blocks_leave_no_seam(front_end, monkeypatch, n_frames):
    y = np.random.default_rng(n_frames).standard_normal((n_frames - 1) * 256).astype(np.float32)
    whole = log_mel(y, **front_end)
    monkeypatch.setattr(mel_module, "_BLOCK", 4)
    np.testing.assert_allclose(log_mel(y, **front_end), whole, rtol=1e-5)


@given(n=st.integers(1, 5000), hop=st.integers(16, 512))
def test_frame_count_is_what_comes_out(n, hop):
    y = np.ones(n, np.float32)
    assert frame_count(n, hop_length=hop) == len(
        log_mel(y, sample_rate=8000, n_fft=64, hop_length=hop, n_mels=2, fmin=0, fmax=4000)
    )


@pytest.mark.parametrize("y", [np.zeros(0), np.zeros((2, 100)), np.zeros((100, 1)), np.float32(1.0) * np.ones(())])
def test_what_is_not_mono_is_refused(front_end, y):
    with pytest.raises(AudioError, match=re.escape(f"shape {y.shape}")):
        log_mel(y, **front_end)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(front_end, value):
    y = np.zeros(1000)
    y[500] = value
    with pytest.raises(AudioError, match="not finite"):
        log_mel(y, **front_end)


@pytest.fixture
def collection(tmp_path, song, tracks_csv):
    """Write nine songs of several rates and lengths, one of them with a problem, and their table."""
    rows = []
    for number in range(9):
        name = f"{'ab'[number % 2]}/Sång {number}"
        path = song(
            tmp_path / f"{name}.wav", seconds=0.2 + 0.07 * number, sample_rate=[22050, 44100][number % 2], seed=number
        )
        rows.append({"track": name, "label": name[0], "path": path, "problem": "is silent" if number == 4 else ""})
    return rows, tracks_csv(rows)


def shards_of(tracks, folder, front_end, shards=SHARDS):
    """Write all shards of a table into a folder and return their paths."""
    paths = [(folder / f"shard-{shard:02}.npy", folder / f"shard-{shard:02}.csv") for shard in range(shards)]
    for shard, (frames_path, index_path) in enumerate(paths):
        table = read_text_csv(tracks)
        of_shard = folder / f"tracks-{shard:02}.csv"
        write_csv(table[[shard_of(track, shards=shards) == shard for track in table.track]], of_shard)
        write_shard(tracks=of_shard, frames_path=frames_path, index_path=index_path, front_end=MelSettings(**front_end))
    return [list(each) for each in zip(*paths, strict=True)]


def test_shards_hold_each_usable_track_once(collection, tmp_path, front_end):
    rows, tracks = collection
    frames_paths, index_paths = shards_of(tracks, tmp_path / "mel", front_end)
    shards = MelShards(frames_paths, index_paths)
    assert sorted(shards.index.index) == sorted(row["track"] for row in rows if not row["problem"])
    for row in rows:
        if not row["problem"]:
            wanted = log_mel(read_audio(row["path"], sample_rate=22050), **front_end)
            assert np.array_equal(shards.track(row["track"]), wanted)
            assert shards.index.label[row["track"]] == row["label"]
    for frames_path, index_path in zip(frames_paths, index_paths, strict=True):
        index, frames = pd.read_csv(index_path), np.load(frames_path)
        assert list(index.columns) == ["track", "label", "start", "frames"]
        assert frames.dtype == np.float32 and frames.shape == (index.frames.sum(), 64)
        assert (index.start == index.frames.cumsum() - index.frames).all()


def test_shard_is_a_plain_npy_file(collection, tmp_path, front_end):
    frames_paths, _ = shards_of(collection[1], tmp_path / "mel", front_end)
    for path in frames_paths:
        np.save(tmp_path / "again.npy", np.load(path))
        assert path.read_bytes() == (tmp_path / "again.npy").read_bytes()


def test_empty_shards_can_be_read_with_the_others(collection, tmp_path, front_end):
    frames_paths, index_paths = shards_of(collection[1], tmp_path / "mel", front_end, shards=20)
    empty = [path for path in frames_paths if np.load(path).shape == (0, 64)]
    assert empty
    shards = MelShards(frames_paths, index_paths)
    assert len(shards.index) == 8
    assert shards.index.start.dtype == int and shards.index.frames.dtype == int
    assert len(MelShards(empty[:1], [empty[0].with_suffix(".csv")]).index) == 0


def test_new_track_touches_one_shard(collection, tmp_path, song, tracks_csv, front_end):
    rows, tracks = collection
    before = shards_of(tracks, tmp_path / "before", front_end)
    name = "b/one more"
    more = tracks_csv([{"track": name, "label": "b", "path": song(tmp_path / "b/one more.wav")}, *rows], "more.csv")
    after = shards_of(more, tmp_path / "after", front_end)
    changed = {
        shard
        for old, new in zip(before, after, strict=True)
        for shard in range(SHARDS)
        if old[shard].read_bytes() != new[shard].read_bytes()
    }
    assert changed == {shard_of(name, shards=SHARDS)}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 100))
def test_every_name_has_a_shard(track, shards):
    assert 0 <= shard_of(track, shards=shards) < shards


def test_shard_of_a_track_is_the_same_on_every_machine():
    assert [shard_of(track, shards=8) for track in ("blues/blues.00000", "Dvořák/Größe", "")] == [0, 2, 4]


def test_tracks_spread_evenly_over_shards():
    counts = np.bincount([shard_of(f"genre/{number}", shards=8) for number in range(4000)], minlength=8)
    assert counts.min() > 400 and counts.max() < 600


def test_vanished_file_is_named_and_leaves_no_shard(collection, tmp_path, front_end):
    rows, tracks = collection
    rows[0]["path"].unlink()
    frames_path, index_path = tmp_path / "mel" / "shard.npy", tmp_path / "mel" / "shard.csv"
    with pytest.raises(DatasetError) as caught:
        write_shard(tracks=tracks, frames_path=frames_path, index_path=index_path, front_end=MelSettings(**front_end))
    assert str(caught.value) == (
        f"'{rows[0]['path']}' does not exist, but was usable when {tracks} was made; "
        f"put the file back, or delete {tracks} and run again."
    )
    assert not (tmp_path / "mel").exists() or not list((tmp_path / "mel").iterdir())


def test_shard_that_does_not_fit_on_the_disk_leaves_nothing(collection, tmp_path, front_end, largest_file):
    frames_path, index_path = tmp_path / "mel" / "shard.npy", tmp_path / "mel" / "shard.csv"
    largest_file(20_000)
    with pytest.raises(OSError) as caught:
        write_shard(
            tracks=collection[1], frames_path=frames_path, index_path=index_path, front_end=MelSettings(**front_end)
        )
    assert (caught.value.strerror, caught.value.filename) == ("File too large", str(frames_path))
    assert list((tmp_path / "mel").iterdir()) == []
