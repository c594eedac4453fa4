"""The demo dataset: the same every time, finite, musical in its statistics, with real artist leakage."""

import csv
import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate, stft

from earfield.demo.collection import Recording, plan, render, tags, write_collection
from earfield.demo.drums import KITS
from earfield.demo.genres import GENRES
from earfield.demo.harmony import SCALES, voicing
from earfield.demo.instruments import TIMBRES
from earfield.errors import ConfigError

SMALL = {"artists_per_genre": 2, "tracks_per_artist": 2, "n_duplicates": 3, "seed": 7}


def digest(y: np.ndarray) -> str:
    return hashlib.sha256(y.tobytes()).hexdigest()


def by_name(recordings: list[Recording]) -> dict[str, Recording]:
    return {recording.track: recording for recording in recordings}


@pytest.fixture(scope="module")
def tour() -> dict[str, tuple[Recording, np.ndarray]]:
    """One track of each genre, 4 s."""
    recordings = plan(artists_per_genre=1, tracks_per_artist=1, n_duplicates=0, seed=7)
    return {recording.label: (recording, render(recording, seconds=4)) for recording in recordings}


def test_plan_has_every_artist_and_label():
    recordings = plan(artists_per_genre=3, tracks_per_artist=4, n_duplicates=0, seed=1)
    assert len(recordings) == 10 * 3 * 4
    assert len({recording.track for recording in recordings}) == len(recordings)
    assert {recording.label for recording in recordings} == set(GENRES)
    artists = {recording.artist: recording.label for recording in recordings}
    assert len(artists) == 30
    for recording in recordings:
        assert recording.track.startswith(f"{recording.label}.")
        assert artists[recording.artist] == recording.label
    assert len({(recording.artist, recording.title) for recording in recordings}) == len(recordings)
    assert recordings == sorted(recordings, key=lambda recording: recording.track)


def test_names_stay_distinct_in_the_largest_collection():
    recordings = plan(artists_per_genre=100, tracks_per_artist=1, n_duplicates=0, seed=2)
    assert len({recording.artist for recording in recordings}) == 1000
    many = plan(artists_per_genre=1, tracks_per_artist=100, n_duplicates=0, seed=2)
    assert len({(recording.artist, recording.title) for recording in many}) == len(many)


def test_repeats_are_the_same_recording_under_another_name():
    recordings = plan(artists_per_genre=2, tracks_per_artist=2, n_duplicates=13, seed=3)
    names = by_name(recordings)
    n_duplicates = [recording for recording in recordings if recording.track.endswith("b")]
    assert len(recordings) == 40 + 13 and len(n_duplicates) == 13
    assert len({recording.label for recording in n_duplicates}) == 10
    for repeat in n_duplicates:
        first = names[repeat.track.removesuffix("b")]
        assert (repeat.label, repeat.artist, repeat.title) == (first.label, first.artist, first.title)
        assert 1 <= repeat.start - first.start <= 2
        assert 1 <= abs(repeat.gain - first.gain) <= 3


def test_every_track_has_several_tags_and_most_are_of_several_genres():
    recordings = plan(artists_per_genre=5, tracks_per_artist=5, n_duplicates=0, seed=1)
    found = {recording.track: tags(recording) for recording in recordings}
    assert all(2 <= len(own) <= 4 and len(set(own) & {"slow", "medium", "fast"}) == 1 for own in found.values())
    genres = {}
    for recording in recordings:
        for tag in found[recording.track]:
            genres.setdefault(tag, set()).add(recording.label)
    assert len(genres) >= 12 and sum(len(labels) > 1 for labels in genres.values()) >= 0.8 * len(genres)


def test_more_artists_and_tracks_change_nothing_else():
    few = by_name(plan(artists_per_genre=2, tracks_per_artist=2, n_duplicates=10, seed=5))
    many = by_name(plan(artists_per_genre=4, tracks_per_artist=3, n_duplicates=20, seed=5))
    assert few.items() <= many.items()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"artists_per_genre": 0}, "artists_per_genre is 0"),
        ({"artists_per_genre": 101}, "artists_per_genre is 101"),
        ({"tracks_per_artist": -1}, "tracks_per_artist is -1"),
        ({"n_duplicates": 41}, "n_duplicates is 41; use 0 to 40"),
    ],
)
def test_plan_names_the_wrong_number(wrong, named):
    with pytest.raises(ConfigError, match=named):
        plan(**(SMALL | wrong))


def test_render_names_the_wrong_number():
    with pytest.raises(ConfigError, match="seconds is 0"):
        render(plan(**SMALL)[0], seconds=0)


@pytest.mark.parametrize("label", sorted(GENRES))
def test_a_track_is_sound(tour, label):
    _, y = tour[label]
    assert y.dtype == np.float32 and y.shape == (4 * 22050,)
    assert np.isfinite(y).all()
    assert 0.05 < np.abs(y).max() <= 1
    assert -35 < 20 * np.log10(np.sqrt(np.mean(y**2))) < -8
    assert abs(y.mean()) < 0.01
    # In 16 bit no stretch of 50 ms may be all zeros: a log-mel front end would see a hole.
    quantised = np.round(y * 32767).astype(int)
    blocks = quantised[: len(quantised) // 1102 * 1102].reshape(-1, 1102)
    assert np.abs(blocks).max(axis=1).min() > 0


def test_tracks_move_and_fill_the_spectrum(tour):
    """No test tones: energy over many octaves, a spectrum that changes, and onsets."""
    for label, (_, y) in tour.items():
        power = np.abs(stft(y, fs=22050, nperseg=512)[2]) ** 2
        decibels = 10 * np.log10(power + 1e-12)
        octaves = [10 * np.log10(power[low : 2 * low].sum()) for low in (2, 4, 8, 16, 32)]
        assert max(octaves) - min(octaves) < 55, label
        assert np.maximum(np.diff(decibels, axis=1), 0).mean() > 0.8, label
        spectra = power / power.sum(axis=0, keepdims=True)
        assert np.abs(spectra - spectra.mean(axis=1, keepdims=True)).sum(axis=0).mean() > 0.3, label


def test_render_is_deterministic_in_one_process(tour):
    for label in ("waltz", "gallop"):
        recording, y = tour[label]
        assert digest(render(recording, seconds=4)) == digest(y)


def test_another_seed_is_another_collection(tour):
    other = plan(artists_per_genre=1, tracks_per_artist=1, n_duplicates=0, seed=8)[0]
    assert digest(render(other, seconds=4)) != digest(tour[other.label][1])


def best_correlation(a: np.ndarray, b: np.ndarray) -> tuple[float, int]:
    """Highest correlation of `b` with the same length of `a` from the lag on, and that lag."""
    n = len(a) // 2
    head = b[:n] - b[:n].mean()
    products = correlate(a, head, mode="valid", method="fft")
    energy = np.cumsum(np.concatenate([[0.0], a.astype(float) ** 2]))
    norms = np.sqrt((energy[n:] - energy[:-n]) * np.sum(head.astype(float) ** 2))
    scores = products / norms
    return float(scores.max()), int(scores.argmax())


def test_a_repeat_is_found_by_correlation_and_other_titles_are_not():
    recordings = plan(artists_per_genre=1, tracks_per_artist=2, n_duplicates=10, seed=4)
    names = by_name(recordings)
    for label in ("jingle", "waltz"):
        first = names[f"{label}.0000"]
        repeat = names[f"{label}.0000b"]
        y, again = render(first, seconds=5), render(repeat, seconds=5)
        score, lag = best_correlation(y, again)
        assert score > 0.97, label
        assert lag == pytest.approx((repeat.start - first.start) * 22050, abs=2)
        assert abs(20 * np.log10(np.std(again) / np.std(y))) > 0.3
        # A single bass note that both tracks hold explains some likeness, but never this much.
        other, _ = best_correlation(y, render(names[f"{label}.0001"], seconds=5))
        assert other < 0.7, label


def read(table: Path) -> list[dict[str, str]]:
    with open(table, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_write_collection(tmp_path, monkeypatch):
    wanted = {"artists_per_genre": 1, "tracks_per_artist": 1, "n_duplicates": 2, "seconds": 1.0, "seed": 6}
    table = write_collection(tmp_path / "one", **wanted, workers=1)
    # Processes with another hash seed and another number of threads than here write the same bytes.
    for name, value in (("PYTHONHASHSEED", "12345"), ("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")):
        monkeypatch.setenv(name, value)
    other = write_collection(tmp_path / "two", **wanted, workers=2)
    assert table == tmp_path / "one" / "tracks.csv"
    rows = read(table)
    recordings = plan(artists_per_genre=1, tracks_per_artist=1, n_duplicates=2, seed=6)
    assert [row["path"] for row in rows] == sorted(f"{r.label}/{r.track}.flac" for r in recordings)
    planned = {f"{r.label}/{r.track}.flac": (r.label, r.artist, r.title, ";".join(tags(r))) for r in recordings}
    for row in rows:
        assert (row["label"], row["artist"], row["title"], row["tags"]) == planned[row["path"]]
        info = soundfile.info(tmp_path / "one" / row["path"])
        assert (info.samplerate, info.channels, info.frames, info.subtype) == (22050, 1, 22050, "PCM_16")
    assert b"\r" not in table.read_bytes()

    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert [path.as_posix() for path in files] == sorted([row["path"] for row in rows] + ["tracks.csv"])
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()
    assert other.read_bytes() == table.read_bytes()

    y, _ = soundfile.read(tmp_path / "one" / rows[0]["path"], dtype="float32")
    expected = render(by_name(recordings)[Path(rows[0]["path"]).stem], seconds=1.0)
    assert np.abs(y - expected).max() <= 1 / 32768


def test_a_failed_write_leaves_no_half_files(tmp_path, largest_file):
    largest_file(5_000)
    with pytest.raises(OSError) as caught:
        write_collection(
            tmp_path, artists_per_genre=1, tracks_per_artist=1, n_duplicates=0, seconds=1.0, seed=6, workers=1
        )
    assert caught.value.strerror == "File too large" and caught.value.filename.startswith(str(tmp_path))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_write_collection_refuses_no_workers(tmp_path):
    with pytest.raises(ConfigError, match="workers is 0"):
        write_collection(
            tmp_path, artists_per_genre=1, tracks_per_artist=1, n_duplicates=0, seconds=1.0, seed=6, workers=0
        )


def spectral_statistics(y: np.ndarray) -> np.ndarray:
    """Mean and spread over time of the level in 18 logarithmic bands [dB]."""
    power = np.abs(stft(y, fs=22050, nperseg=1024)[2]) ** 2
    edges = np.unique(np.geomspace(2, 460, 19).astype(int))
    bands = np.stack([power[low:high].mean(axis=0) for low, high in pairwise(edges)])
    decibels = 10 * np.log10(bands + 1e-10)
    return np.concatenate([decibels.mean(axis=1), decibels.std(axis=1)])


def test_artist_leakage_is_real():
    """Tracks lie nearest to their artist's, then to their genre's, then to the others'."""
    recordings = plan(artists_per_genre=3, tracks_per_artist=2, n_duplicates=0, seed=1)
    statistics = np.array([spectral_statistics(render(recording, seconds=2)) for recording in recordings])
    statistics = (statistics - statistics.mean(axis=0)) / statistics.std(axis=0)
    distances = np.sqrt(np.mean((statistics[:, None] - statistics[None]) ** 2, axis=2))
    artists = np.array([recording.artist for recording in recordings])
    labels = np.array([recording.label for recording in recordings])
    same_artist = artists[:, None] == artists[None]
    same_label = labels[:, None] == labels[None]
    itself = np.eye(len(recordings), dtype=bool)
    near = distances[same_artist & ~itself].mean()
    middle = distances[same_label & ~same_artist].mean()
    far = distances[~same_label].mean()
    assert near < 0.85 * middle
    assert middle < 0.92 * far
    # Looking for the nearest track profits from the artist, and is not always right without it.
    nearest = np.where(itself, np.inf, distances).argmin(axis=1)
    elsewhere = np.where(same_artist, np.inf, distances).argmin(axis=1)
    assert np.mean(labels[nearest] == labels) > np.mean(labels[elsewhere] == labels) + 0.1
    assert 0.1 < np.mean(labels[elsewhere] == labels) < 0.9


def test_the_table_of_genres_is_whole():
    """Every pattern fills its beats, every instrument, kit and neighbour exists."""
    assert len(GENRES) == 10
    for genre in GENRES.values():
        assert set(genre.neighbours) <= set(GENRES) - {genre.name}
        assert set(genre.drums.kits) <= set(KITS)
        assert set(genre.harmony.scales) <= set(SCALES)
        for groove in genre.drums.grooves:
            for _, strokes in groove.strokes:
                assert len(strokes) % groove.beats == 0 and set(strokes) <= set("Xxo."), genre.name
        for part in (genre.bass, genre.comp, genre.pad):
            assert set(part.timbres) <= set(TIMBRES)
            for beats, steps in part.patterns:
                assert len(steps) % beats == 0, (genre.name, steps)
        assert set(genre.lead.timbres) <= set(TIMBRES)


def test_voices_move_little():
    c_major, g_major = (0, 4, 7), (7, 11, 14)
    first = voicing(c_major, previous=(), register=60)
    second = voicing(g_major, previous=first, register=60)
    assert {pitch % 12 for pitch in second} == {7, 11, 2}
    assert max(abs(a - b) for a, b in zip(sorted(first), sorted(second), strict=True)) <= 5
    assert abs(np.mean(second) - 60) <= 7
