"""Predictions of a saved network for the test tracks of a split, from all of each track and from less."""

import os
from collections.abc import Sequence

import keras
import numpy as np
import pandas as pd

from earfield.files.tables import read_text_csv, write_csv
from earfield.mel.shards import MelShards
from earfield.models.predictions import write_predictions
from earfield.network.architecture import read_facts
from earfield.network.device import Device
from earfield.network.predict import TrackPredictor


def predict_test_tracks(
    *,
    model_path: str | os.PathLike[str],
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    split: str | os.PathLike[str],
    predictions_path: str | os.PathLike[str],
    heard_path: str | os.PathLike[str],
    device: Device,
    overlap: float,
    frame_seconds: float,
    tags: bool = False,
) -> None:
    """Write a network's mean probabilities for the test tracks, and how often less of a track is enough.

    Parameters
    ----------
    model_path : path-like
        A file that `save_network` wrote.
    frames_paths, index_paths : sequence of path-like
        The shards, as in `MelShards`.
    split : path-like
        `track, label, subset`.
    predictions_path : path-like
        `.csv` to write; see `write_predictions`.
    heard_path : path-like
        `.csv` to write: `track, label, seconds, positions, hits`: of so many stretches of so many seconds of the
        track, in how many the mean probability is largest for its label.
    device : Device
        Where to compute.
    overlap : float
        Overlap of the windows of a track, as a share; 0.5 in the paper.
    frame_seconds : float
        Distance between frames [s].
    tags : bool
        Whether a label is the text of several tags; no track has a label to be recognised by then, and the table of
        stretches has no row.
    """
    table = read_text_csv(split)
    tracks = table[table.subset == "test"]
    labels = read_facts(model_path)["labels"]
    predictor = TrackPredictor(keras.models.load_model(model_path), device=device, overlap=overlap)
    shards = MelShards(frames_paths, index_paths)
    windows = predictor.windows(shards, tracks.track.tolist())
    probabilities = np.stack([of_track.mean(axis=0, dtype=np.float64) for of_track in windows])
    write_predictions(predictions_path, tracks=tracks, labels=labels, probabilities=probabilities, tags=tags)
    rows = []
    for track, of_track in zip(tracks.itertuples(), windows, strict=True) if not tags else ():
        # Windows at equal distances: the last one may have been moved to end with the track.
        n = 1 + (len(shards.track(track.track)) - predictor.frames) // predictor.hop
        for size, positions, hits in hits_by_length(of_track[:n], target=labels.index(track.label)):
            frames = predictor.frames + (size - 1) * predictor.hop
            seconds = round(frames * frame_seconds, 2)
            rows.append((track.track, track.label, seconds, positions, hits))
    write_csv(pd.DataFrame(rows, columns=["track", "label", "seconds", "positions", "hits"]), heard_path)


def hits_by_length(probabilities: np.ndarray, *, target: int) -> list[tuple[int, int, int]]:
    """Count from how many stretches of a track its label is recognised.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n_windows, n_labels)]
        Of the windows of one track, in their order.
    target : int
        The track's label.

    Returns
    -------
    list of (int, int, int)
        Windows in a stretch, how many such stretches there are, and in how many of them the mean probability is
        largest for the target. Lengths grow by a half or by a third: 1, 2, 3, 4, 6, 8, 12, 16 windows and so on.
    """
    sums = np.concatenate([np.zeros((1, probabilities.shape[1])), np.cumsum(probabilities, axis=0, dtype=np.float64)])
    found, size = [], 1
    while size <= len(probabilities):
        predicted = (sums[size:] - sums[:-size]).argmax(axis=1)
        found.append((size, len(predicted), int((predicted == target).sum())))
        size = size + 1 if size < 3 else size * 4 // 3 if size & (size - 1) else size * 3 // 2
    return found
