"""Features of the tracks of one shard as a table."""

import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from earfield.audio.song import Song
from earfield.configuration.code_dependencies import module_name
from earfield.errors import AudioError, DatasetError, no_longer_usable
from earfield.files.tables import read_text_csv, usable_tracks, write_csv
from earfield.mel.shards import MelShards


def write_features(
    *,
    features: str,
    tracks: str | os.PathLike[str],
    frames_path: str | os.PathLike[str],
    index_path: str | os.PathLike[str],
    path: str | os.PathLike[str],
    front_end: Mapping[str, Any],
) -> None:
    """Write the features of one shard of tracks.

    Parameters
    ----------
    features : str
        Module of `earfield.features` whose `describe` takes a `Song` and returns numbers by name, the same names for
        every song.
    tracks : path-like
        The shard's table of tracks; those with a problem are skipped.
    frames_path, index_path : path-like
        The shard's log-mel spectrograms.
    path : path-like
        `.csv` to write: `track` and a column for each feature.
    front_end : mapping
        What made the spectrograms.

    Raises
    ------
    DatasetError
        If a feature is not a finite number, or a track can no longer be read as it could when the table was made.
    """
    describe = importlib.import_module(module_name("features", features)).describe
    shards = MelShards([frames_path], [index_path])
    rows = []
    for track in usable_tracks(tracks, some=False).itertuples():
        try:
            described = describe(Song(track.track, track.path, shards.track(track.track), front_end))
        except AudioError as error:
            raise no_longer_usable(track.path, error, tracks=tracks) from None
        rows.append({"track": track.track, **described})
    table = pd.DataFrame(rows) if rows else pd.DataFrame({"track": pd.Series(dtype=str)})
    broken = table.set_index("track").isin([float("nan"), float("inf"), float("-inf")])
    if broken.any(axis=None):
        track, name = broken.stack().idxmax()
        raise DatasetError(
            f"The feature '{name}' of '{track}' is no finite number; remove the track or fix earfield.features."
            f"{features}."
        )
    write_csv(table, path)


def read_features(paths: Sequence[str | os.PathLike[str]]) -> pd.DataFrame:
    """Read every shard's features of a collection: one row per track, indexed by `track`."""
    tables = [read_text_csv(path).set_index("track") for path in paths]
    return pd.concat([table for table in tables if len(table)] or tables)
