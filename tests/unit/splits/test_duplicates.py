"""Repeats among recordings of the demo that were cut, levelled, encoded and resampled; odd sounds; the real tracks."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from earfield.audio.read import read_audio
from earfield.demo.collection import plan, render
from earfield.files.tables import read_text_csv
from earfield.mel.log_mel import log_mel
from earfield.splits.duplicates import find_duplicates, write_duplicates
from earfield.splits.fingerprint import Fingerprints, FrameScale, candidate_pairs, coarse_log_spectrogram, fingerprint
from earfield.splits.grouped_split import duplicate_groups

REAL = Path(__file__).parents[3].parent / "shared" / "gtzan"
RATE, HOP = 22050, 256
SECONDS = 12.0
KNOWN = {
    ("jazz.00033", "jazz.00051"),
    ("jazz.00034", "jazz.00053"),
    ("jazz.00035", "jazz.00055"),
    ("jazz.00036", "jazz.00058"),
    ("jazz.00037", "jazz.00060"),
}


@pytest.fixture(scope="module")
def recordings():
    """Return two recordings of each of six artists, by name, with some seconds after their end to cut later."""
    chosen = plan(artists_per_genre=1, tracks_per_artist=2, n_duplicates=0, seed=1)
    return {recording.track: render(recording, seconds=SECONDS + 8) for recording in chosen[:12]}


@pytest.fixture(scope="module")
def songs(recordings, mel):
    """Return the spectrograms of their first seconds."""
    return {track: mel(cut(y, 0, SECONDS)) for track, y in recordings.items()}


@pytest.fixture(scope="module")
def mel(front_end):
    """Return a function from samples to the paper's spectrogram."""
    return lambda y: log_mel(y, **front_end)


def cut(y, start, seconds):
    return y[round(start * RATE) : round(start * RATE) + round(seconds * RATE)]


def find(tracks, *, workers=2):
    return find_duplicates(tracks, frame_seconds=HOP / RATE, workers=workers)


def pairs(table):
    return set(zip(table.track, table.other, strict=True))


def decibel(level):
    return np.float32(10 ** (level / 20))


CODECS = {
    "wav": {"format": "WAV", "subtype": "PCM_16"},
    "mp3": {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.7},
    "ogg": {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.8},
}


@pytest.mark.parametrize(
    ("start", "level", "codec", "rate"),
    [
        (0.0058, 0, "wav", RATE),  # half a hop
        (6.5, -12, "wav", 48000),
        (3.333, -12, "mp3", RATE),
        (2.0, -3, "ogg", 44100),
        *(
            pytest.param(*each, marks=pytest.mark.nightly)
            for each in (
                (0.0, 0, "wav", RATE),
                (1.7, 12, "wav", RATE),
                (6.5, -12, "wav", RATE),
                (0.0, -6, "mp3", 44100),
                (4.321, 3, "ogg", RATE),
                (0.5, 0, "wav", 44100),
                (0.5, 0, "wav", 48000),
            )
        ),
    ],
)
def test_copies_are_found_and_nothing_else(recordings, songs, mel, tmp_path, start, level, codec, rate):
    copies = {}
    for track, y in list(recordings.items())[::2]:
        # The original as quiet as lets the copy stay below full scale.
        songs = songs | {track: mel(cut(y, 0, SECONDS) * decibel(-max(level, 0)))}
        copy = cut(y, start, SECONDS) * decibel(min(level, 0))
        path = tmp_path / f"copy.{codec}"
        soundfile.write(path, soxr.resample(copy, RATE, rate), rate, **CODECS[codec])
        copies[f"{track} copy"] = mel(read_audio(path, sample_rate=RATE))
    found = find(songs | copies)
    assert pairs(found) == {(copy.removesuffix(" copy"), copy) for copy in copies}
    assert found.correlation.between(0.95, 1.0001).all()
    # An MP3 starts later, by what its coder needs.
    np.testing.assert_allclose(found.offset, start, atol=0.06 if codec == "mp3" else 1.5 * HOP / RATE)
    np.testing.assert_allclose(found.overlap, SECONDS - start, atol=0.08)


def test_planted_repeats_are_found_and_nothing_else(mel):
    planned = plan(artists_per_genre=1, tracks_per_artist=2, n_duplicates=4, seed=5)
    names = {recording.track for recording in planned}
    starts = {recording.track: recording.start for recording in planned}
    found = find({recording.track: mel(render(recording, seconds=8)) for recording in planned})
    assert pairs(found) == {(name, f"{name}b") for name in names if f"{name}b" in names}
    assert len(found) == 4
    expected = [starts[other] - starts[track] for track, other in zip(found.track, found.other, strict=True)]
    np.testing.assert_allclose(found.offset, expected, atol=1.5 * HOP / RATE)


def test_tracks_of_an_artist_are_no_repeats(mel):
    """They share tempo, instruments and drums."""
    base = plan(artists_per_genre=1, tracks_per_artist=8, n_duplicates=0, seed=2)
    band = [recording for recording in base if recording.label in ("four_floor", "backbeat")]
    assert len(band) == 16
    assert find({recording.track: mel(render(recording, seconds=10)) for recording in band}).empty


@pytest.mark.parametrize(("seconds", "overlap", "there"), [(12, 5.5, True), (12, 3.5, False), (4, 2.2, True)])
def test_least_overlap(recordings, mel, seconds, overlap, there):
    tracks = {}
    for track, y in list(recordings.items())[::2]:
        tracks |= {track: mel(cut(y, 0, seconds)), f"{track} later": mel(cut(y, seconds - overlap, seconds))}
    found = find(tracks)
    assert pairs(found) == ({(track, f"{track} later") for track in list(recordings)[::2]} if there else set())


def test_offset_tells_which_began_earlier(recordings, mel):
    y = next(iter(recordings.values()))
    early, late = mel(cut(y, 0, 8)), mel(cut(y, 2, 8))
    assert find({"a": early, "b": late}).offset[0] == pytest.approx(2, abs=0.02)
    assert find({"a": late, "b": early}).offset[0] == pytest.approx(-2, abs=0.02)


def test_three_copies_are_three_pairs(recordings, songs, mel):
    y = next(iter(recordings.values()))
    found = find(songs | {"x": mel(cut(y, 1, 9)), "y": mel(cut(y, 2.5, 9) / 2), "z": mel(cut(y, 2.5, 9) / 2)})
    first = next(iter(recordings))
    assert pairs(found) == {(first, "x"), (first, "y"), (first, "z"), ("x", "y"), ("x", "z"), ("y", "z")}
    same = found[found.track == "y"].iloc[0]
    assert same.offset == 0 and same.correlation == pytest.approx(1)


@pytest.mark.parametrize("period", [0.5, 1.0, 1.037])
def test_loops(recordings, songs, mel, period):
    """A loop is no repeat of itself, and what is heard once tells where its copy begins."""
    y = next(iter(recordings.values()))
    loop = np.resize(cut(y, 2, period), round(SECONDS * RATE))
    assert find(songs | {"loop": mel(loop)}).empty
    twice = find(songs | {"loop": mel(loop), "same": mel(loop / 2)})
    assert pairs(twice) == {("loop", "same")}
    assert twice.offset[0] == 0
    melody = loop + cut(list(recordings.values())[4], 0, SECONDS)
    later = find(songs | {"melody": mel(melody / 2), "melody later": mel(melody[3 * RATE :] / 2)})
    assert ("melody", "melody later") in pairs(later)
    assert later.set_index(["track", "other"]).offset["melody", "melody later"] == pytest.approx(3, abs=0.02)


def odd_sounds(mel):
    n = round(8 * RATE)
    noise = [np.random.default_rng(seed).normal(0, 0.1, n).astype(np.float32) for seed in range(3)]
    tone = np.sin(2 * np.pi * 440 * np.arange(n) / RATE).astype(np.float32)
    return {
        "silence": mel(np.zeros(n, np.float32)),
        "another silence": mel(np.zeros(n // 2, np.float32)),
        "noise": mel(noise[0]),
        "another noise": mel(noise[1]),
        "quiet noise": mel(noise[2] * np.float32(1e-4)),
        "tone": mel(tone * np.float32(0.5)),
        "quiet tone": mel(tone * np.float32(0.01)),
        "a sample": mel(np.ones(1, np.float32)),
        "another sample": mel(np.ones(1, np.float32)),
        "short": mel(noise[0][:4000]),
        "no frame": np.zeros((0, 64), np.float32),
    }


def test_odd_sounds_repeat_nothing(songs, mel):
    assert find(songs | odd_sounds(mel)).empty


def test_noise_repeats_its_copy(mel):
    noise = np.random.default_rng(7).normal(0, 0.1, 10 * RATE).astype(np.float32)
    found = find(odd_sounds(mel) | {"once": mel(noise), "twice": mel(noise[86 * HOP :])})
    assert pairs(found) == {("once", "twice")}


def test_silence_in_the_same_places_is_no_repeat(recordings, mel):
    gap = np.zeros(3 * RATE, np.float32)
    songs = {track: mel(np.concatenate([gap, cut(y, 0, 4), gap, cut(y, 4, 4)])) for track, y in recordings.items()}
    assert find(songs).empty


@pytest.mark.parametrize("n", [0, 1])
def test_few_tracks(songs, n):
    found = find(dict(list(songs.items())[:n]))
    assert found.empty
    assert list(found) == ["track", "other", "offset", "overlap", "correlation"]


def test_other_front_ends(recordings):
    for front_end in (
        {"sample_rate": 22050, "n_fft": 1024, "hop_length": 512, "n_mels": 128, "fmin": 0, "fmax": 11025},
        {"sample_rate": 16000, "n_fft": 400, "hop_length": 160, "n_mels": 40, "fmin": 50, "fmax": 8000},
        {"sample_rate": 8000, "n_fft": 256, "hop_length": 256, "n_mels": 10, "fmin": 0, "fmax": 4000},
    ):
        rate = front_end["sample_rate"]
        tracks = {}
        for track, y in list(recordings.items())[::2]:
            for name, start in ((track, 0), (f"{track} later", 2.2)):
                tracks[name] = log_mel(soxr.resample(cut(y, start, 8), RATE, rate), **front_end)
        found = find_duplicates(tracks, frame_seconds=front_end["hop_length"] / rate, workers=2)
        assert pairs(found) == {(track, f"{track} later") for track in list(recordings)[::2]}


def test_result_depends_on_neither_workers_nor_order(recordings, songs, mel):
    tracks = songs | {f"{track} later": mel(cut(y, 2.2, SECONDS)) for track, y in recordings.items()}
    one = find(tracks, workers=1)
    assert len(one) == len(recordings)
    pd.testing.assert_frame_equal(find(dict(reversed(tracks.items())), workers=3), one, check_exact=True)


def write_shards(folder, tracks, *, shards):
    for shard in range(shards):
        own = dict(list(tracks.items())[shard::shards])
        lengths = np.array([len(frames) for frames in own.values()], dtype=int)
        np.save(folder / f"{shard}.npy", np.concatenate([np.zeros((0, 64), np.float32), *own.values()]))
        index = pd.DataFrame({"track": list(own), "label": "x", "start": np.cumsum(lengths) - lengths})
        index.assign(frames=lengths).to_csv(folder / f"{shard}.csv", index=False)
    return [folder / f"{shard}.npy" for shard in range(shards)], [folder / f"{shard}.csv" for shard in range(shards)]


def test_file_holds_pairs_of_different_shards(recordings, songs, mel, tmp_path):
    first = next(iter(recordings))
    tracks = songs | {"later": mel(cut(recordings[first], 2, SECONDS))}
    for folder, shards in ((tmp_path / "two", 2), (tmp_path / "thirty", 30)):
        folder.mkdir()
        frames, index = write_shards(folder, tracks, shards=shards)
        path = folder / "repeats.csv"
        write_duplicates(frames_paths=frames, index_paths=index, path=path, hop_length=HOP, sample_rate=RATE, workers=2)
    assert path.read_bytes() == (tmp_path / "two" / "repeats.csv").read_bytes()
    table = read_text_csv(path)
    assert pairs(table) == {(first, "later")}
    assert table.offset[0] == pytest.approx(2, abs=0.02)
    assert table.overlap[0] == pytest.approx(SECONDS - 2, abs=0.03)


def test_file_without_repeats_is_a_header(songs, tmp_path):
    frames, index = write_shards(tmp_path, songs, shards=1)
    path = tmp_path / "repeats.csv"
    write_duplicates(frames_paths=frames, index_paths=index, path=path, hop_length=HOP, sample_rate=RATE, workers=1)
    assert path.read_text() == "track,other,offset,overlap,correlation\n"
    assert (duplicate_groups(read_text_csv(path), list(songs)) == np.arange(len(songs))).all()


@settings(max_examples=5, deadline=None)
@given(level=st.floats(-40, 40))
def test_coarse_spectrogram_does_not_depend_on_the_level(recordings, mel, level):
    y = cut(next(iter(recordings.values())), 0, 2)
    scale = FrameScale.of(HOP / RATE)
    loud = coarse_log_spectrogram(mel(y * decibel(level)), scale=scale)
    np.testing.assert_allclose(loud, coarse_log_spectrogram(mel(y), scale=scale), atol=2e-3)


def test_many_equal_hashes_take_no_quadratic_time():
    """Each hash is compared with a bounded number of others, though all are the same."""
    n = 2000
    prints = Fingerprints(np.full(2 * n, 7, np.uint64), np.repeat(np.arange(n), 2), np.tile([0, 50], n))
    found = candidate_pairs(prints)
    assert n - 1 <= len(found) <= 64 * n
    assert (found[:, 0] < found[:, 1]).all()


def test_segments_agree_only_at_one_offset():
    hashes = np.arange(1, 5, dtype=np.uint64) * np.uint64(0x1234567890ABCDEF)
    both = {"hashes": np.tile(hashes, 2), "tracks": np.repeat([0, 1], 4)}
    assert len(candidate_pairs(Fingerprints(**both, frames=np.array([0, 20, 40, 60, 5, 25, 45, 65])))) == 1
    assert len(candidate_pairs(Fingerprints(**both, frames=np.array([0, 20, 40, 60, 5, 30, 60, 90])))) == 0


def test_hashes_of_a_copy_are_nearly_the_same(recordings, mel):
    y = next(iter(recordings.values()))
    with ThreadPoolExecutor(1) as pool:
        prints = fingerprint([mel(y), mel(y[HOP // 2 :])], scale=FrameScale.of(HOP / RATE), pool=pool)
    frames, other = (prints.frames[prints.tracks == track] for track in (0, 1))
    shared = np.intersect1d(frames, np.concatenate([other, other + 1]))
    assert len(shared) > 0.8 * len(frames)
    assert 2 < len(frames) / (SECONDS + 8) < 6


names = st.sampled_from("abcdefgh")


@given(edges=st.lists(st.tuples(names, names)), tracks=st.lists(names, unique=True))
def test_groups_are_connected_components(edges, tracks):
    found = duplicate_groups(pd.DataFrame(edges, columns=["track", "other"], dtype=object), tracks)
    rows, columns = ([ord(pair[side]) - ord("a") for pair in edges] for side in (0, 1))
    _, components = connected_components(coo_array((np.ones(len(edges)), (rows, columns)), shape=(8, 8)), False)
    expected = components[[ord(track) - ord("a") for track in tracks]] if tracks else np.zeros(0)
    assert len(found) == len(tracks)
    assert ((found[:, None] == found) == (expected[:, None] == expected)).all()
    assert list(dict.fromkeys(found.tolist())) == list(range(len(set(found.tolist()))))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real tracks in {REAL}")
def test_real_tracks_repeat_as_known(mel):
    files = sorted((REAL / "audio").glob("*/*.flac"))
    tracks = {file.stem: mel(read_audio(file, sample_rate=RATE)) for file in files}
    found = find(tracks)
    assert len(tracks) == 130
    assert pairs(found) == KNOWN
    assert (found.correlation > 0.99).all()
    assert (found.offset == 0).all()
