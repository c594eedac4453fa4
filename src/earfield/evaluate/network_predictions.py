"""Predictions of a saved network for the test tracks of a split, from whole tracks and from excerpts."""

import os

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
    shards: MelShards,
    model_path: str | os.PathLike[str],
    split: str | os.PathLike[str],
    *,
    predictions_path: str | os.PathLike[str],
    excerpts_path: str | os.PathLike[str],
    device: Device,
    overlap: float,
    tags: bool = False,
) -> None:
    """Write a network's mean probabilities for the test tracks, and how often shorter excerpts suffice.

    Parameters
    ----------
    shards : MelShards
        Spectrograms of the tracks.
    model_path : path-like
        A file that `save_network` wrote.
    split : path-like
        `track, label, subset`.
    predictions_path : path-like
        `.csv` to write; see `write_predictions`.
    excerpts_path : path-like
        `.csv` to write: `track, label, seconds, positions, hits`: of the `positions` excerpts of this length in the
        track, the number whose mean probability is largest for its label.
    device : Device
        Where to compute.
    overlap : float
        Overlap of the segments of a track, as a fraction of a segment; 0.5 in the paper.
    tags : bool
        Whether a label is the text of several tags; the table of excerpts then has no rows.
    """
    table = read_text_csv(split)
    tracks = table[table.subset == "test"]
    facts = read_facts(model_path)
    labels, front_end = facts["labels"], facts["front_end"]
    frame_seconds = front_end["hop_length"] / front_end["sample_rate"]
    predictor = TrackPredictor(keras.models.load_model(model_path), device=device, overlap=overlap)
    of_segments = predictor.segments(shards, tracks.track.tolist())
    probabilities = np.stack([each.mean(axis=0, dtype=np.float64) for each in of_segments])
    write_predictions(predictions_path, tracks=tracks, labels=labels, probabilities=probabilities, tags=tags)
    rows = []
    for track, each in zip(tracks.itertuples(), of_segments, strict=True) if not tags else ():
        # Only segments at equal distances: the last one may have been moved to end with the track.
        n = 1 + (len(shards.track(track.track)) - predictor.frames) // predictor.hop
        for size, positions, hits in hits_by_length(each[:n], target=labels.index(track.label)):
            frames = predictor.frames + (size - 1) * predictor.hop
            rows.append((track.track, track.label, round(frames * frame_seconds, 2), positions, hits))
    write_csv(pd.DataFrame(rows, columns=["track", "label", "seconds", "positions", "hits"]), excerpts_path)


def hits_by_length(probabilities: np.ndarray, *, target: int) -> list[tuple[int, int, int]]:
    """Count the excerpts of a track that are classified correctly, by their length.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n_segments, n_labels)]
        Of the segments of one track, in their order.
    target : int
        The track's label.

    Returns
    -------
    list of (int, int, int)
        Number of segments in an excerpt, number of such excerpts, and number of those whose mean probability is
        largest for the target. Lengths grow by a half or by a third: 1, 2, 3, 4, 6, 8, 12, 16 segments and so on.
    """
    sums = np.concatenate([np.zeros((1, probabilities.shape[1])), np.cumsum(probabilities, axis=0, dtype=np.float64)])
    found, size = [], 1
    while size <= len(probabilities):
        predicted = (sums[size:] - sums[:-size]).argmax(axis=1)
        found.append((size, len(predicted), int((predicted == target).sum())))
        size = size + 1 if size < 3 else size * 4 // 3 if size & (size - 1) else size * 3 // 2
    return found
