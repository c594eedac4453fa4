"""The paper's network, and its `.keras` file with labels and front end in the metadata."""

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from earfield.configuration.settings import NetworkSettings
from earfield.files.atomic import write_aside
from earfield.network.context import CONTEXT
from earfield.network.scale import STANDARDISE, decibels

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # members of the archive carry no time, so that equal models are equal files
_CONTEXT_POSITION = 50  # of the seeds of its layers' weights, behind those of the segment's


def build_network(
    settings: NetworkSettings,
    *,
    frames: int,
    n_mels: int,
    n_labels: int,
    seed: int,
    bands: tuple[Sequence[float], Sequence[float]] | None = None,
    tags: bool = False,
) -> keras.Model:
    """Build the network with initial weights.

    Parameters
    ----------
    settings : NetworkSettings
    frames, n_mels : int
        Shape of a segment.
    n_labels : int
        Number of outputs.
    seed : int
        Of the initial weights.
    bands : tuple of two sequences of float [shape=(n_mels,)] or None
        Mean [dB] and variance [dB²] of each mel band, from `band_statistics`; only the scale "decibels" needs them.
    tags : bool
        Whether each output is an independent probability (sigmoid) instead of one of a distribution (softmax).

    Returns
    -------
    keras.Model
        From log-mel segments (batch, frames, n_mels), each followed by the summary of its track if there is a context,
        to probabilities (batch, n_labels). The layers are named `conv1`, `pool1`, ..., `flatten`, `dense` and
        `output`; those of the context `context`, `context_conv1` and so on.

    Source: Dong (2018); dropout and L2 from the author's published code.
    """
    layers, context = keras.layers, settings.context
    context_frames = context["frames"] if context else 0
    log_mel = keras.Input((frames + context_frames, n_mels), name="log_mel")

    def weights(position: int, l2: float) -> dict[str, Any]:
        return {
            "kernel_initializer": keras.initializers.GlorotUniform(seed=seed * 100 + position),
            "kernel_regularizer": keras.regularizers.L2(l2) if l2 else None,
        }

    def convolutions(y: Any, blocks: Sequence[Mapping[str, Any]], prefix: str, first: int) -> Any:
        for number, block in enumerate(blocks, start=1):
            # Keras gets (frames, bands): time runs along a segment's first axis.
            y = layers.Conv2D(
                block["filters"],
                block["kernel"][::-1],
                activation="relu",
                name=f"{prefix}conv{number}",
                **weights(first + number, block["l2"]),
            )(y)
            y = layers.MaxPooling2D(block["pool"][::-1], name=f"{prefix}pool{number}")(y)
        return layers.Flatten(name=f"{prefix}flatten")(y)

    y = log_mel
    if settings.scale == "decibels":
        if bands is None:
            raise ValueError("scale 'decibels' needs bands, the mean and variance of each mel band")
        mean, variance = map(list, bands)
        y = layers.Normalization(axis=-1, name=STANDARDISE, mean=mean, variance=variance)(decibels(log_mel))
    segment, track = (y[:, :frames], y[:, frames:]) if context else (y, None)
    y = convolutions(layers.Reshape((frames, n_mels, 1), name="channel")(segment), settings.conv, "", 0)
    if context:
        whole = layers.Reshape((context_frames, n_mels, 1), name=CONTEXT)(track)
        whole = convolutions(whole, context["conv"], f"{CONTEXT}_", _CONTEXT_POSITION)
        y = layers.Concatenate(name="both")([y, whole])
    y = layers.Dropout(settings.dropout, name="dropout1")(y)
    dense = settings.dense
    y = layers.Dense(dense["units"], activation="relu", name="dense", **weights(98, dense["l2"]))(y)
    y = layers.Dropout(settings.dropout, name="dropout2")(y)
    y = layers.Dense(n_labels, activation="sigmoid" if tags else "softmax", name="output", **weights(99, 0))(y)
    return keras.Model(log_mel, y, name="earfield_cnn")


def save_network(
    model: keras.Model, path: str | os.PathLike[str], *, labels: Sequence[str], front_end: Mapping[str, Any]
) -> None:
    """Save a network as a standard `.keras` archive with its labels and front end in the metadata.

    Parameters
    ----------
    model : keras.Model
    path : path-like
        File to write; it loads with `keras.models.load_model`, without this package. Equal models give equal bytes.
    labels : sequence of str
        Label of each output.
    front_end : mapping
        Parameters that turn audio into the network's input.
    """
    facts = {"labels": list(labels), "front_end": dict(front_end)}
    with write_aside(path) as aside:
        model.save(aside)
        with zipfile.ZipFile(aside) as archive:
            members = {name: archive.read(name) for name in sorted(archive.namelist())}
        metadata = json.loads(members["metadata.json"]) | {"date_saved": "1980-01-01@00:00:00", "earfield": facts}
        members["metadata.json"] = _canonical(metadata)
        members["config.json"] = _canonical(_renumbered(json.loads(members["config.json"]), {}))
        with zipfile.ZipFile(aside, "w") as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content)


def _canonical(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _renumbered(content: Any, numbers: dict[int, int]) -> Any:
    """Replace the memory addresses that Keras writes for shared objects with running numbers."""
    if isinstance(content, list):
        return [_renumbered(each, numbers) for each in content]
    if not isinstance(content, dict):
        return content
    return {
        key: numbers.setdefault(each, len(numbers)) if key == "shared_object_id" else _renumbered(each, numbers)
        for key, each in content.items()
    }


def read_facts(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read `labels` (in the order of the outputs) and `front_end` of a saved network without loading it."""
    with zipfile.ZipFile(path) as archive:
        facts: dict[str, Any] = json.loads(archive.read("metadata.json"))["earfield"]
    return facts
