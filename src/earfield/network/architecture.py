"""The paper's network, and the file that carries it with its labels and its front end."""

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from earfield.files.atomic import write_aside
from earfield.network.context import CONTEXT
from earfield.network.scale import STANDARDISE, Scale, decibels

_ZIP_EPOCH = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the archive's members carry no time, so that equal models are equal files
_CONTEXT_POSITION = 50  # of the seeds of its layers' weights, behind those of the segment's


def build_network(
    *,
    frames: int,
    n_mels: int,
    n_labels: int,
    seed: int,
    conv: Sequence[Mapping[str, Any]],
    dense: Mapping[str, Any],
    dropout: float,
    scale: Scale = "log_power",
    band_mean: Sequence[float] = (),
    band_variance: Sequence[float] = (),
    context: Mapping[str, Any] | None = None,
    tags: bool = False,
) -> keras.Model:
    """Build the network, freshly initialised.

    Parameters
    ----------
    frames, n_mels : int
        Shape of a segment.
    n_labels : int
        Number of outputs.
    seed : int
        Of the initial weights.
    conv : sequence of mappings
        For each convolution `filters`, `kernel` and `pool` (both as [mel bands, frames], the paper's order) and
        `l2`, the weight of the squared kernel in the loss.
    dense : mapping
        `units` and `l2` of the hidden layer.
    dropout : float
        Share of units dropped before and behind the hidden layer.
    scale : str
        "log_power" leaves the input as it is; "decibels" standardises its decibels in each mel band.
    band_mean, band_variance : sequence of float
        Of the decibels in each mel band, from `band_statistics`; of no account to the other scale.
    context : mapping or None
        `frames` of a summary of the whole track that lies behind the segment in the input, and `conv` of its own, as
        above; what comes out of it goes to the hidden layer too.
    tags : bool
        Whether each output has a probability of its own, instead of a share of one.

    Returns
    -------
    keras.Model
        From log-mel segments (batch, frames, n_mels), each with the summary of its track behind it if there is a
        context, to probabilities (batch, n_labels). The layers are named `conv1`, `pool1`, ..., `flatten`, `dense` and
        `output`; those of the context `context`, `context_conv1` and so on.

    Source: Dong (2018); dropout and L2 from the author's published code.
    """
    layers = keras.layers
    behind = context["frames"] if context else 0
    log_mel = keras.Input((frames + behind, n_mels), name="log_mel")

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
    if scale == "decibels":
        statistics = {"mean": list(band_mean), "variance": list(band_variance)}
        y = layers.Normalization(axis=-1, name=STANDARDISE, **statistics)(decibels(log_mel))
    segment, track = (y[:, :frames], y[:, frames:]) if context else (y, None)
    y = convolutions(layers.Reshape((frames, n_mels, 1), name="channel")(segment), conv, "", 0)
    if context:
        whole = layers.Reshape((behind, n_mels, 1), name=CONTEXT)(track)
        whole = convolutions(whole, context["conv"], f"{CONTEXT}_", _CONTEXT_POSITION)
        y = layers.Concatenate(name="both")([y, whole])
    y = layers.Dropout(dropout, name="dropout1")(y)
    y = layers.Dense(dense["units"], activation="relu", name="dense", **weights(98, dense["l2"]))(y)
    y = layers.Dropout(dropout, name="dropout2")(y)
    y = layers.Dense(n_labels, activation="sigmoid" if tags else "softmax", name="output", **weights(99, 0))(y)
    return keras.Model(log_mel, y, name="earfield_cnn")


def save_network(
    model: keras.Model,
    path: str | os.PathLike[str],
    *,
    labels: Sequence[str],
    front_end: Mapping[str, Any],
) -> None:
    """Save a network as a plain `.keras` archive that carries its labels and its front end.

    Parameters
    ----------
    model : keras.Model
        Loads with `keras.models.load_model` and nothing of ours.
    path : path-like
        File to write. Equal models give equal bytes: no time is stored.
    labels : sequence of str
        The meaning of the outputs, in their order.
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
    """Put running numbers for shared objects, where Keras writes their addresses in memory."""
    if isinstance(content, list):
        return [_renumbered(each, numbers) for each in content]
    if not isinstance(content, dict):
        return content
    return {
        key: numbers.setdefault(each, len(numbers)) if key == "shared_object_id" else _renumbered(each, numbers)
        for key, each in content.items()
    }


def read_facts(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what a saved network carries beside its weights, without loading it.

    Parameters
    ----------
    path : path-like
        A file that `save_network` wrote.

    Returns
    -------
    dict
        `labels` (list of str, in the order of the outputs) and `front_end` (dict).
    """
    with zipfile.ZipFile(path) as archive:
        facts: dict[str, Any] = json.loads(archive.read("metadata.json"))["earfield"]
    return facts
