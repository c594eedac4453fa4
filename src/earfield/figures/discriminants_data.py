"""Data of figure 5: test segments on discriminant axes of the raw input and of the last hidden layer."""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from earfield.activations.dump import load_network, segment_index
from earfield.configuration.settings import DiscriminantSettings
from earfield.errors import DatasetError, EarfieldError
from earfield.figures.discriminant import MOST_AXES, choose_components, classify, fit_axes
from earfield.files.arrays import write_arrays
from earfield.mel.shards import MelShards
from earfield.network.device import Device
from earfield.network.layers import LayerRunner
from earfield.splits.grouped_split import SUBSETS
from earfield.statistics.intervals import mean_ci, paired_difference_ci

log = logging.getLogger(__name__)

_LAYER = "dense"
_BATCH = 128
_PCA_BYTES = 400_000_000  # for the segments that principal components are fitted on


# Sums over another number of threads are rounded otherwise, and the figure must not depend on the number of cores.
@threadpool_limits.wrap(limits=1, user_api="blas")
def write_discriminants_data(
    *,
    model_path: str,
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    split: str | os.PathLike[str],
    path: str | os.PathLike[str],
    device: Device,
    front_end: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> None:
    """Write the data of figure 5: axes fitted on training tracks, coordinates and accuracy of test tracks.

    Parameters
    ----------
    model_path : str
        A file that `save_network` wrote.
    frames_paths, index_paths : sequence of path-like
        The shards, as in `MelShards`.
    split : path-like
        `track, label, subset`.
    path : path-like
        `.npz` to write. One row per test segment: `track`, `label`, `start_seconds`, and `raw` and `hidden`, its
        coordinates on three axes (0 on those that do not exist). For both spaces `<space>_variance_ratio`, the fraction
        of the variance between labels along each axis (NaN on those that do not exist), and `<space>_segments` and
        `<space>_tracks`, the accuracy of the classifier that knows these axes alone, with the limits of its 95%
        interval; `difference_segments` and `difference_tracks`, hidden minus raw, with its limits. `baseline_segments`
        and `baseline_tracks`, the accuracy of always predicting `naive`, the most frequent label of training segments.
        `components`, the number of principal components, and `components_tried` with the accuracy of each number on
        validation segments; `units` and `live_units` of the hidden layer; `labels`, sorted; `n_segments` and `n_tracks`
        of training, validation and test.
    device : Device
        Where to compute.
    front_end : mapping
        Parameters of `log_mel` that the shards were made with.
    settings : mapping
        Those of `DiscriminantSettings`.

    Raises
    ------
    ConfigError
        If the network was trained with another front end.
    DatasetError
        If a subset is empty, or the training tracks have one label.
    EarfieldError
        If no unit of the hidden layer reacts to the training segments.
    """
    chosen = DiscriminantSettings.parse(settings)
    shards = MelShards(frames_paths, index_paths)
    model = load_network(model_path, front_end=front_end, shards=shards)
    segments = segment_index(shards, split, frames=model.input_shape[1], overlap=chosen.overlap)
    segments = segments.sort_values(["track", "start"])
    rows = {subset: np.flatnonzero(segments.subset == subset) for subset in SUBSETS}
    labels, tracks = (segments[column].to_numpy(str) for column in ("label", "track"))
    for subset in SUBSETS:
        if not rows[subset].size:
            raise DatasetError(f"{split} has no {subset} track, and figure 5 needs some; raise its part of the ratio.")
    train, validation, test = rows.values()
    names, counts = np.unique(labels[train], return_counts=True)
    if len(names) < 2:
        raise DatasetError(f"{split} has only the label '{names[0]}' in training, and figure 5 needs two or more.")

    raw, hidden = _features(model, shards, segments, train, n_components=max(chosen.components), device=device)
    live = np.ptp(hidden[train], axis=0) > 0
    if not live.any():
        raise EarfieldError(
            f"No unit of the layer '{_LAYER}' in {model_path} reacts to the training segments, so it has no "
            "discriminant axes; train the network again with a lower train.optimizer.learning_rate or another seed."
        )
    n_components, tried = choose_components(
        raw[train], labels[train], raw[validation], labels[validation], candidates=chosen.components
    )
    naive = names[counts.argmax()]
    by_track = labels[test][np.unique(tracks[test], return_index=True)[1]]
    content: dict[str, Any] = {
        "labels": np.unique(labels),
        "track": tracks[test],
        "label": labels[test],
        "start_seconds": segments.start.to_numpy()[test] * front_end["hop_length"] / front_end["sample_rate"],
        "naive": naive,
        "baseline_segments": np.mean(labels[test] == naive),
        "baseline_tracks": np.mean(by_track == naive),
        "components": n_components,
        "components_tried": tried,
        "units": hidden.shape[1],
        "live_units": np.count_nonzero(live),
        "n_segments": [len(rows[subset]) for subset in SUBSETS],
        "n_tracks": [len(np.unique(tracks[rows[subset]])) for subset in SUBSETS],
    }
    segments_of, tracks_of = {}, {}
    for space, x in (("raw", raw[:, :n_components]), ("hidden", hidden)):
        axes = fit_axes(x[train], labels[train])
        coordinates = axes.coordinates(x[test])
        missing = MOST_AXES - coordinates.shape[1]
        content[space] = np.pad(coordinates, ((0, 0), (0, missing))).astype(np.float32)
        content[f"{space}_variance_ratio"] = np.pad(axes.variance_ratio, (0, missing), constant_values=np.nan)
        segments_of[space], tracks_of[space] = classify(axes, coordinates, labels=labels[test], tracks=tracks[test])
        content[f"{space}_segments"] = mean_ci(segments_of[space], one_run=True)
        content[f"{space}_tracks"] = mean_ci(tracks_of[space])
    content["difference_segments"] = paired_difference_ci(segments_of["hidden"], segments_of["raw"], one_run=True)
    content["difference_tracks"] = paired_difference_ci(tracks_of["hidden"], tracks_of["raw"])
    write_arrays(path, **content)


def _features(
    model: keras.Model,
    shards: MelShards,
    segments: pd.DataFrame,
    train: np.ndarray,
    *,
    n_components: int,
    device: Device,
) -> tuple[np.ndarray, np.ndarray]:
    """Return all segments' principal components, fitted on training ones, and their hidden layer's outputs."""
    frames, n_mels = model.input_shape[1:]

    def windows(rows: np.ndarray) -> np.ndarray:
        part = segments.iloc[rows]
        return shards.gather(part.track.tolist(), part.start.tolist(), frames=frames)

    fitted = min(len(train), _PCA_BYTES // (4 * frames * n_mels))
    sample = windows(train[np.linspace(0, len(train) - 1, fitted).astype(int)]).reshape(fitted, -1)
    n_components = min(n_components, fitted - 1, sample.shape[1])
    pca = PCA(n_components, copy=False, svd_solver="randomized", random_state=0).fit(sample)
    del sample
    raw = np.empty((len(segments), n_components), np.float32)
    hidden_layer = LayerRunner(model, _LAYER, device=device, positions=[(0, 0)])
    hidden = np.empty((len(segments), hidden_layer.units), np.float32)
    for first in range(0, len(segments), _BATCH):
        rows = np.arange(first, min(first + _BATCH, len(segments)))
        batch = windows(rows)
        raw[rows] = pca.transform(batch.reshape(len(rows), -1))
        hidden[rows] = hidden_layer(batch)[:, 0]
    if hidden_layer.broken:
        log.warning(
            "Weights of %s that are no numbers reach its units %s; they are left out.", _LAYER, hidden_layer.broken
        )
        hidden[:, hidden_layer.broken] = 0
    return raw, hidden
