"""Reader of the log-mel shards, which are memory-mapped."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from earfield.files.tables import read_text_csv


class MelShards:
    """The log-mel spectrograms of a collection, by track.

    Parameters
    ----------
    frames_paths, index_paths : sequence of path-like
        The `.npy` and `.csv` of every shard, in the same order.

    Attributes
    ----------
    index : pd.DataFrame
        `label, start, frames, shard`, one row per track, indexed by `track`.
    files : list of path-like
        All files that are read.
    """

    def __init__(
        self, frames_paths: Sequence[str | os.PathLike[str]], index_paths: Sequence[str | os.PathLike[str]]
    ) -> None:
        self.files = [*frames_paths, *index_paths]
        frames = [np.load(path, mmap_mode="r") for path in frames_paths]
        parts = [read_text_csv(path).assign(shard=number) for number, path in enumerate(index_paths)]
        # An empty shard's columns have no type of their own.
        self.index = pd.concat(parts).set_index("track").astype({"start": int, "frames": int})
        places = zip(self.index.index, self.index.start, self.index.frames, self.index.shard, strict=True)
        self._tracks = {name: frames[shard][start : start + n] for name, start, n, shard in places}

    def track(self, name: str) -> np.ndarray:
        """Return one track's spectrogram [shape=(n_frames, n_mels), dtype=float32], a view of the file."""
        return self._tracks[name]

    def gather(self, names: Sequence[str], starts: Sequence[int], *, frames: int) -> np.ndarray:
        """Return segments of tracks.

        Parameters
        ----------
        names, starts : sequence
            The track of each segment, and its first frame, counted from the start of the track.
        frames : int
            Length of all segments.

        Returns
        -------
        np.ndarray [shape=(n_segments, frames, n_mels), dtype=float32]
        """
        return np.stack([self.track(name)[start : start + frames] for name, start in zip(names, starts, strict=True)])


def window_starts(n_frames: int, *, frames: int, hop: int) -> np.ndarray:
    """Return the first frames of segments that cover a track of `n_frames`.

    Parameters
    ----------
    n_frames : int
    frames, hop : int
        Length of a segment and distance between segments [frames].

    Returns
    -------
    np.ndarray [shape=(n_segments,), dtype=int]
        Multiples of `hop`, and a last segment that ends with the track if those leave a tail.

    Raises
    ------
    ValueError
        If the track is shorter than a segment.
    """
    if n_frames < frames:
        raise ValueError(f"a track of {n_frames} frames has no window of {frames}")
    tail = n_frames - frames
    starts = np.arange(0, tail + 1, hop)
    return starts if starts[-1] == tail else np.append(starts, tail)
