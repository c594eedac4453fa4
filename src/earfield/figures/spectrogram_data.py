"""Data of figure 1: waveform and log-mel spectrogram of one track, and the position of one segment."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.audio.read import read_audio
from earfield.errors import ConfigError
from earfield.files.arrays import write_arrays
from earfield.files.tables import usable_tracks
from earfield.mel.log_mel import band_edges
from earfield.mel.shards import MelShards

_ENVELOPE_POINTS = 2000  # more than a printed page resolves


def write_spectrogram_data(
    *,
    tracks: str | os.PathLike[str],
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    path: str | os.PathLike[str],
    front_end: Mapping[str, Any],
    frames: int,
    track: str | None,
    start: float,
) -> None:
    """Write the data of figure 1.

    Parameters
    ----------
    tracks : path-like
        The table of tracks.
    frames_paths, index_paths : sequence of path-like
        The shards, as in `MelShards`.
    path : path-like
        `.npz` to write: `track`, `label`, `envelope_seconds`, `envelope_low`, `envelope_high` (the waveform's
        extremes in short intervals), `mel` (frames, bands), `hop_seconds`, `band_edges` [Hz], `segment` (first
        frame and number of frames).
    front_end : mapping
        Parameters of `log_mel`.
    frames : int
        Length of the segment.
    track : str or None
        Track to show; None shows the first of the table.
    start : float
        Start of the segment [s].

    Raises
    ------
    ConfigError
        If the track is not in the table, or the segment does not fit into it.
    """
    table = usable_tracks(tracks)
    rows = table[table.track == track] if track else table.head(1)
    if rows.empty:
        raise ConfigError(
            f"figures.spectrogram.track is '{track}', which {tracks} does not contain; name a track that it contains."
        )
    row = next(rows.itertuples())
    rate = front_end["sample_rate"]
    y = read_audio(row.path, sample_rate=rate)
    mel = MelShards(frames_paths, index_paths).track(row.track)
    hop_seconds = front_end["hop_length"] / rate
    # A segment that would run over the track's end moves back to it: the default suits short and long tracks.
    first = min(round(start / hop_seconds), len(mel) - frames)
    length = max(1, len(y) // _ENVELOPE_POINTS)
    pieces = y[: len(y) // length * length].reshape(-1, length)
    write_arrays(
        path,
        track=row.track,
        label=row.label,
        envelope_seconds=(np.arange(len(pieces)) + 0.5) * length / rate,
        envelope_low=pieces.min(axis=1),
        envelope_high=pieces.max(axis=1),
        mel=mel,
        hop_seconds=hop_seconds,
        band_edges=band_edges(**{key: front_end[key] for key in ("n_mels", "fmin", "fmax")}),
        segment=(first, frames),
    )
