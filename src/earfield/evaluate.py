"""Predictions of a saved network for the test tracks of a split."""

import os
from collections.abc import Sequence

import keras

from earfield.device import Device
from earfield.network import read_facts
from earfield.predict import TrackPredictor
from earfield.score import write_predictions
from earfield.shards import MelShards
from earfield.tables import read_text_csv


def predict_test_tracks(
    *,
    model_path: str | os.PathLike[str],
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    split: str | os.PathLike[str],
    predictions_path: str | os.PathLike[str],
    device: Device,
    overlap: float,
) -> None:
    """Write a network's mean probabilities for the test tracks.

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
    device : Device
        Where to compute.
    overlap : float
        Overlap of the windows of a track, as a share; 0.5 in the paper.
    """
    table = read_text_csv(split)
    tracks = table[table.subset == "test"]
    predictor = TrackPredictor(keras.models.load_model(model_path), device=device, overlap=overlap)
    probabilities = predictor(MelShards(frames_paths, index_paths), tracks.track.tolist())
    write_predictions(
        predictions_path, tracks=tracks, labels=read_facts(model_path)["labels"], probabilities=probabilities
    )
