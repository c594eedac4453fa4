"""Data of figure 12: learning curves of the convolutional deep belief network, and the bases of its lowest layer."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.files.arrays import write_arrays
from earfield.files.tables import read_text_csv
from earfield.mel.log_mel import band_edges
from earfield.mel.shards import MelShards
from earfield.models.cdbn.network import Cdbn, train_cdbn
from earfield.models.cdbn.options import Options
from earfield.network.device import Device

MOST_PANELS = 60  # five rows of twelve


def write_deep_belief_data(
    *,
    frames_paths: Sequence[str | os.PathLike[str]],
    index_paths: Sequence[str | os.PathLike[str]],
    split: str | os.PathLike[str],
    path: str | os.PathLike[str],
    front_end: Mapping[str, Any],
    options: Mapping[str, Any],
    run: Mapping[str, str | int],
    device: Device,
) -> None:
    """Train the network of a run again, which gives the same bits, and write what the figure shows of it.

    Parameters
    ----------
    frames_paths, index_paths : sequence of path-like
        The shards, as in `MelShards`.
    split : path-like
        `track, label, subset`.
    path : path-like
        `.npz` to write; see `deep_belief_arrays`, and `dataset`, `protocol`, `seed`, `model`.
    front_end : mapping
        Parameters of `log_mel` that the shards were made with.
    options : mapping
        Of the model.
    run : mapping
        `dataset`, `protocol`, `seed` and `model`.
    device : Device
        Where to compute.
    """
    table = read_text_csv(split)
    network = train_cdbn(
        MelShards(frames_paths, index_paths),
        table.track[table.subset == "train"].tolist(),
        Options(**options),
        seed=int(run["seed"]),
        workers=device.workers,
    )
    write_arrays(path, **deep_belief_arrays(network, front_end=front_end), **{key: str(run[key]) for key in run})


def deep_belief_arrays(network: Cdbn, *, front_end: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the figure shows of a network.

    Parameters
    ----------
    network : Cdbn
    front_end : mapping
        Parameters of `log_mel`.

    Returns
    -------
    dict
        `bases` [shape=(n_shown, n_mels, length)], those of the lowest layer with the largest norm, which change a
        reconstruction most, as log-mel patches, sorted by the mean band of their squares; `units`, their numbers;
        `n_bases`, how many there are; `errors` and `activations` [shape=(n_layers, n_epochs)]; `band_hz` [Hz] and
        `frame_seconds`.
    """
    layer = network.layers[0]
    patches = (layer.weights.astype(float) @ network.whitening.to_bands).transpose(0, 2, 1)
    corners = band_edges(**{key: front_end[key] for key in ("n_mels", "fmin", "fmax")})
    power = (patches**2).sum(axis=2)
    largest = np.sort(np.argsort(-np.linalg.norm(layer.weights, axis=(1, 2)), kind="stable")[:MOST_PANELS])
    place = power @ np.arange(power.shape[1]) / np.maximum(power.sum(axis=1), 1e-300)
    shown = largest[np.argsort(place[largest], kind="stable")]
    return {
        "bases": patches[shown].astype(np.float32),
        "units": shown,
        "n_bases": len(patches),
        "errors": np.array([history.reconstruction_error for history in network.histories], dtype=float),
        "activations": np.array([history.activation for history in network.histories], dtype=float),
        "band_hz": corners[1:-1],
        "frame_seconds": front_end["hop_length"] / front_end["sample_rate"],
    }
