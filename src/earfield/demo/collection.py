"""Recordings of the demo collection and their files."""

import csv
import io
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile

from earfield.demo.artists import Style, artist, style
from earfield.demo.compose import compose
from earfield.demo.filters import SAMPLE_RATE
from earfield.demo.genres import GENRES
from earfield.demo.mix import mix
from earfield.demo.seeds import generator
from earfield.demo.titles import artist_name, title
from earfield.errors import ConfigError
from earfield.files.atomic import write_aside
from earfield.tracks.tags import as_text

SLOW, FAST = 110, 135  # beats per minute: below, above
OFTEN = 0.5  # probability that the drums play in a section
STRAIGHT = 0.55  # where the second half of a beat falls, at most
MAX_PER_GENRE = 100  # artists per genre, and tracks per artist: two digits each in a track's name


@dataclass(frozen=True)
class Recording:
    """One track of the demo, which is rendered independently of all others.

    `start` (s) is the start of the track within the piece, `gain` (dB) is relative to the level of the piece; a
    duplicate differs from the first recording in these two and in its name.
    """

    track: str
    label: str
    artist: str
    title: str
    artist_index: int
    track_index: int
    seed: int
    start: float
    gain: float


def _recording(label: str, artist_index: int, track_index: int, seed: int) -> Recording:
    rng = generator(seed, label, artist_index, track_index, "cut")
    return Recording(
        track=f"{label}.{artist_index:02d}{track_index:02d}",
        label=label,
        artist=artist_name(label, artist_index, seed=seed),
        title=title(label, artist_index, track_index, seed=seed),
        artist_index=artist_index,
        track_index=track_index,
        seed=seed,
        start=float(rng.uniform(0.3, 2.0)),
        gain=0.0,
    )


def _repeated(recording: Recording) -> Recording:
    rng = generator(recording.seed, recording.track, "repeat")
    return replace(
        recording,
        track=f"{recording.track}b",
        start=recording.start + float(rng.uniform(1.0, 2.0)),
        gain=float(rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 3.0)),
    )


def plan(*, artists_per_genre: int, tracks_per_artist: int, n_duplicates: int, seed: int) -> list[Recording]:
    """List the recordings of a demo collection.

    Parameters
    ----------
    artists_per_genre, tracks_per_artist : int
        1 to 100.
    n_duplicates : int
        Number of recordings that are in the collection twice: the copy has `b` appended to its track name, starts one
        to two seconds later and has another level. Duplicates are distributed over the genres.
    seed : int

    Returns
    -------
    list of Recording
        Sorted by track. With more artists or tracks, the list becomes longer and its other entries do not change,
        except the choice of duplicates once every artist has one.

    Raises
    ------
    ConfigError
        If a number is out of its range.
    """
    for name, value in (("artists_per_genre", artists_per_genre), ("tracks_per_artist", tracks_per_artist)):
        if not 1 <= value <= MAX_PER_GENRE:
            raise ConfigError(f"{name} is {value}; use 1 to {MAX_PER_GENRE}.")
    labels = sorted(GENRES)
    n_tracks = len(labels) * artists_per_genre * tracks_per_artist
    if not 0 <= n_duplicates <= n_tracks:
        raise ConfigError(f"n_duplicates is {n_duplicates}; use 0 to {n_tracks}, the number of recordings.")
    recordings = [
        _recording(label, i, j, seed)
        for label in labels
        for i in range(artists_per_genre)
        for j in range(tracks_per_artist)
    ]
    order = generator(seed, "repeats").permutation(len(labels))
    for k in range(n_duplicates):
        turn, place = divmod(k, len(labels))
        j, i = divmod(turn, artists_per_genre)
        recordings.append(_repeated(_recording(labels[order[place]], i, j, seed)))
    return sorted(recordings, key=lambda recording: recording.track)


def _style(recording: Recording) -> Style:
    performer = artist(recording.label, recording.artist_index, seed=recording.seed)
    return style(performer, recording.track_index, seed=recording.seed)


def render(recording: Recording, *, seconds: float) -> np.ndarray:
    """Render a recording as a waveform.

    Parameters
    ----------
    recording : Recording
        From `plan`.
    seconds : float [s]
        Duration; at least 0.1.

    Returns
    -------
    np.ndarray [shape=(round(seconds * SAMPLE_RATE),), dtype=float32]
        Mono, within ±1; reproducible on one machine.

    Raises
    ------
    ConfigError
        If `seconds` is too small.
    """
    if not seconds >= 0.1:
        raise ConfigError(f"seconds is {seconds}; use at least 0.1.")
    names = (recording.seed, recording.label, recording.artist_index, recording.track_index)
    played = _style(recording)
    first, n_samples = round(recording.start * SAMPLE_RATE), round(seconds * SAMPLE_RATE)
    score = compose(played, seconds=(first + n_samples) / SAMPLE_RATE, names=names)
    y = mix(score, played, n_samples=first + n_samples, names=names)[first:]
    y = y * np.float32(10 ** (recording.gain / 20))
    return np.clip(y, -1, 1).astype(np.float32)


def tags(recording: Recording) -> list[str]:
    """Return the tags of a recording, known from its generator: tempo, scale, drum kit, swing."""
    played = _style(recording)
    tempo = "slow" if played.tempo < SLOW else "fast" if played.tempo > FAST else "medium"
    kit = [f"{played.drums.kits[0]} drums"] if played.drums.presence >= OFTEN else []
    return sorted([tempo, played.scale, *kit, *(["swing"] if played.swing > STRAIGHT else [])])


def _write_track(recording: Recording, path: Path, seconds: float) -> None:
    encoded = io.BytesIO()  # libsndfile would not say why it could not write a file
    soundfile.write(encoded, render(recording, seconds=seconds), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    with write_aside(path) as aside:
        aside.write_bytes(encoded.getvalue())


def write_collection(
    folder: str | os.PathLike[str],
    *,
    artists_per_genre: int,
    tracks_per_artist: int,
    n_duplicates: int,
    seconds: float,
    seed: int,
    workers: int,
) -> Path:
    """Write a demo collection as files.

    Parameters
    ----------
    folder : str or path-like
        Receives `<label>/<track>.flac` (22,050 Hz, 16 bit, mono) and `tracks.csv` with the columns `path`
        (relative to the folder), `label`, `artist`, `title`, `tags` (see `tags`), written last.
    artists_per_genre, tracks_per_artist, n_duplicates, seed : int
        See `plan`.
    seconds : float [s]
        Length of each track.
    workers : int
        Processes that render, at least 1. The files do not depend on it.

    Returns
    -------
    pathlib.Path
        The table's path.

    Raises
    ------
    ConfigError
        If a number is out of its range.
    OSError
        If a file cannot be written. Files under their final names are whole.
    """
    if workers < 1:
        raise ConfigError(f"workers is {workers}; use at least 1.")
    recordings = plan(
        artists_per_genre=artists_per_genre, tracks_per_artist=tracks_per_artist, n_duplicates=n_duplicates, seed=seed
    )
    folder = Path(folder)
    paths = [folder / recording.label / f"{recording.track}.flac" for recording in recordings]
    if workers == 1:
        for recording, path in zip(recordings, paths, strict=True):
            _write_track(recording, path, seconds)
    else:
        # Spawned, not forked: the caller may hold threads, which do not survive a fork.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for _ in pool.map(_write_track, recordings, paths, [seconds] * len(paths), chunksize=4):
                pass
    rows = sorted(
        (path.relative_to(folder).as_posix(), track.label, track.artist, track.title, as_text(tags(track)))
        for track, path in zip(recordings, paths, strict=True)
    )
    table = folder / "tracks.csv"
    with write_aside(table) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "label", "artist", "title", "tags"])
        writer.writerows(rows)
    return table
