"""Table of tracks: listing the songs of a collection and inspecting each file."""

import hashlib
import logging
import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
from tqdm import tqdm

from earfield.audio.frames import frame_count
from earfield.audio.read import PCM16_STEP, read_audio
from earfield.errors import AudioError, DatasetError
from earfield.files.markdown import listed
from earfield.files.tables import TRACK_COLUMNS, read_text_csv, write_csv
from earfield.files.user_csv import read_user_csv
from earfield.log_levels import RESULT
from earfield.tracks.audio_files import is_song, shard_of, track_names
from earfield.tracks.task import label_by_artist, label_by_tags, tags_from_columns

log = logging.getLogger(__name__)

_SHOWN = 20  # problems that an error or a log line spells out
_LABELLED_BY = {"artist": label_by_artist, "tags": label_by_tags}
_NOTHING_KNOWN: dict[str, object] = {"seconds": np.nan, "sample_rate": 0, "channels": 0, "sha256": "", "problem": ""}


def list_folder(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """List the songs of a folder `<label>/<file>`, at any depth; hidden files and other suffixes are skipped.

    Returns
    -------
    pd.DataFrame
        With the columns `track, label, path, artist, title`. A track is named by its path below `folder` without
        the suffix.

    Raises
    ------
    DatasetError
        If the folder is missing, holds no song, or holds songs whose names are not UTF-8.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise DatasetError(f"The folder '{folder}' does not exist; correct datasets.<name>.path in the configuration.")
    paths = sorted(path for path in folder.glob("*/**/*") if is_song(path.relative_to(folder)) and path.is_file())
    if not paths:
        raise DatasetError(f"The folder '{folder}' holds no audio file in a sub-folder; put songs in <label>/<file>.")
    return pd.DataFrame(
        {
            "track": track_names(path.relative_to(folder) for path in paths),
            "label": [unicodedata.normalize("NFC", path.relative_to(folder).parts[0]) for path in paths],
            "path": [str(path) for path in paths],
            "artist": "",
            "title": "",
        }
    )


def list_csv(path: str | os.PathLike[str], *, tags: Sequence[str] = ()) -> pd.DataFrame:
    """List the songs of a CSV with the columns `path, label` and, if known, `artist, title`.

    Parameters
    ----------
    path : path-like
        Its relative paths are relative to its own folder.
    tags : sequence of str
        Columns with tags. They are listed too, and the column `label` is optional.

    Returns
    -------
    pd.DataFrame
        With the columns `track, label, path, artist, title`. A track is named by its path as written, without the
        suffix.

    Raises
    ------
    DatasetError
        If the file is missing, is no CSV in UTF-8, lacks a column, or has a row without path or label.
    """
    path = Path(path).expanduser()
    table = read_user_csv(path, fix="datasets.<name>.path in the configuration")
    needed = ("path",) if tags else ("path", "label")
    if missing := [f"'{column}'" for column in needed if column not in table]:
        raise DatasetError(f"'{path}' lacks the column {' and '.join(missing)} (it has {', '.join(table)}); add it.")
    for column in needed:
        if len(blank := table.index[table[column].str.strip() == ""] + 2):
            raise DatasetError(f"'{path}' has no {column} in line {listed(blank)}; fill it in or remove the row.")
    for column in {"path", "label", *tags} & set(table):
        if table[column].str.contains("\0", regex=False).any():
            raise DatasetError(f"'{path}' cannot be read as a CSV in UTF-8 (it holds the character NUL).")
    if table.empty:
        raise DatasetError(f"'{path}' lists no song; add rows.")
    return pd.DataFrame(
        {
            "track": track_names(Path(name) for name in table.path),
            "label": [unicodedata.normalize("NFC", label.strip()) for label in table.get("label", [""] * len(table))],
            "path": [str(path.parent / os.path.expanduser(name)) for name in table.path],
            "artist": list(table.get("artist", [""] * len(table))),
            "title": list(table.get("title", [""] * len(table))),
        }
        | {column: list(table[column]) for column in tags if column in table and column not in TRACK_COLUMNS}
    )


def list_songs(path: str | os.PathLike[str], *, tags: Sequence[str] = ()) -> pd.DataFrame:
    """List the songs of a folder or of a CSV; see `list_folder` and `list_csv`."""
    return list_csv(path, tags=tags) if str(path).lower().endswith(".csv") else list_folder(path)


def inspect(path: str | os.PathLike[str], *, sample_rate: int, hop_length: int, frames: int) -> dict[str, object]:
    """Return the audio properties of a file and, if it is unusable, the reason.

    Parameters
    ----------
    path : path-like
    sample_rate, hop_length : int
        Rate that the front end works at [Hz], distance between its frames [samples].
    frames : int
        Length of a segment [frames], the minimum length of a track.

    Returns
    -------
    dict
        `seconds`, `sample_rate`, `channels`, `sha256` (of the file's bytes) and `problem` (empty when usable).
    """
    facts = dict(_NOTHING_KNOWN)
    try:
        with open(path, "rb") as file:
            facts["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        y = read_audio(path)
        header = soundfile.info(path)
    except AudioError as error:
        return facts | {"problem": str(error)}
    except OSError as error:
        return facts | {"problem": f"cannot be opened ({os.strerror(error.errno or 0)})"}
    seconds = len(y) / header.samplerate
    facts |= {"seconds": round(seconds, 6), "sample_rate": header.samplerate, "channels": header.channels}
    if frame_count(len(y) * sample_rate // header.samplerate, hop_length=hop_length) < frames:
        needed = (frames - 1) * hop_length / sample_rate
        facts["problem"] = f"ends after {seconds:.2f} s of audio; {needed:.2f} s are needed"
    elif np.abs(y).max() < PCM16_STEP:
        facts["problem"] = "is silent"
    return facts


def write_tracks_shard(
    songs: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    shard: int,
    shards: int,
    sample_rate: int,
    hop_length: int,
    frames: int,
    tags: Sequence[str] = (),
) -> None:
    """Inspect the songs of one shard and write their table.

    Parameters
    ----------
    songs : pd.DataFrame
        With the columns `track, label, path, artist, title`, and `problem` if something is known already; songs of
        other shards are skipped.
    path : path-like
        Table to write, with the columns `TRACK_COLUMNS`, sorted by track.
    shard, shards : int
        Which shard of how many.
    sample_rate, hop_length, frames
        As in `inspect`.
    tags : sequence of str
        Columns of `songs` whose tags replace the label; see `tags_from_columns`.

    Raises
    ------
    DatasetError
        If two tracks have one name, or a column of tags is missing; the table is not written.
    """
    songs = tags_from_columns(songs, tags) if tags else songs
    double = songs[songs.track.duplicated(keep=False)].groupby("track").path
    if len(double):
        several = (f"'{track}' ({listed(map(repr, paths))})" for track, paths in double)
        raise DatasetError(f"Several files give one track: {listed(several)}; rename or remove all but one of each.")
    songs = songs[[shard_of(track, shards=shards) == shard for track in songs.track]]
    songs = songs.sort_values("track", kind="stable").reset_index(drop=True)
    known = songs["problem"] if "problem" in songs else pd.Series("", index=songs.index)

    def facts(row: int) -> dict[str, object]:
        if known[row]:
            return _NOTHING_KNOWN | {"problem": known[row]}
        return inspect(songs.path[row], sample_rate=sample_rate, hop_length=hop_length, frames=frames)

    rows = [facts(row) for row in tqdm(range(len(songs)), desc="tracks", unit="track", disable=None)]
    inspected = pd.DataFrame(rows, columns=list(_NOTHING_KNOWN))
    table = pd.concat([songs.drop(columns="problem", errors="ignore"), inspected], axis=1)[TRACK_COLUMNS]
    write_csv(table, path)


def write_tracks(
    shard_paths: Sequence[str | os.PathLike[str]],
    path: str | os.PathLike[str],
    *,
    max_unusable: float,
    task: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Write the tables of all shards as one, sorted by track, and return it.

    Parameters
    ----------
    shard_paths : sequence of path-like
        What `write_tracks_shard` wrote.
    path : path-like
        `tracks.csv` to write.
    max_unusable : float
        Largest accepted fraction of unusable tracks, 0 to 1.
    task : mapping, optional
        `kind`, "artist" or "tags", and `min_tracks`, see `label_by_artist` and `label_by_tags`; without a task, labels
        are the collection's. Tracks that the task leaves out are not counted as unusable.

    Raises
    ------
    DatasetError
        If more than `max_unusable` of the tracks cannot be used, or the task leaves fewer than two labels; the table
        is not written.
    """
    shards = [table for table in map(read_text_csv, shard_paths) if len(table)]
    table = pd.concat(shards).sort_values("track").reset_index(drop=True)
    unusable = table[table.problem != ""]
    if len(unusable) > max_unusable * len(table):
        raise DatasetError(
            f"{len(unusable)} of {len(table)} tracks cannot be used, more than tracks.max_unusable = {max_unusable:g} "
            f"allows; fix or remove them, or raise the limit:\n{describe_problems(unusable)}"
        )
    if task:
        table = _LABELLED_BY[task["kind"]](table, min_tracks=task["min_tracks"])
    write_csv(table, path)
    usable = table[table.problem == ""]
    log.log(RESULT, "tracks: %d of %d usable, %d labels", len(usable), len(table), usable.label.nunique())
    return table


def describe_problems(unusable: pd.DataFrame) -> str:
    """Return one line per unusable track, with file and reason; long lists are shortened."""
    lines = [f"  '{row.path or row.track}' {row.problem}" for row in unusable.head(_SHOWN).itertuples()]
    if len(unusable) > _SHOWN:
        lines.append(f"  ... and {len(unusable) - _SHOWN} more")
    return "\n".join(lines)
