"""Dump of a layer's output on every segment of the collection, and the mean gradient of each of its units."""

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from earfield.activations.store import DumpFacts, chunk_name
from earfield.configuration.code_dependencies import code_of
from earfield.configuration.settings import ActivationSettings, MelSettings
from earfield.errors import ConfigError, DatasetError
from earfield.files.atomic import move_folder, write_aside
from earfield.files.tables import read_text_csv, write_csv
from earfield.mel.front_end import CONVENTIONS
from earfield.mel.shards import MelShards
from earfield.network.architecture import read_facts
from earfield.network.device import Device
from earfield.network.layers import LayerRunner
from earfield.train.checkpoint import run_fingerprint

log = logging.getLogger(__name__)

_CHUNK_BYTES, _CHUNK_ROWS = 2**26, 1024
# Limit on patch values x units of the mean gradient: all segments of 1,000 tracks at one position of the paper's
# layer; of more, a random sample of patches is averaged.
_GRADIENT_VALUES = 260_000_000


def load_network(path: str | os.PathLike[str], *, front_end: Mapping[str, Any], shards: MelShards) -> keras.Model:
    """Load a network of `save_network` that was trained on spectrograms of these settings.

    Raises
    ------
    ConfigError
        If it was trained on other spectrograms.
    """
    own = read_facts(path)["front_end"]
    for key, value in front_end.items():
        if own.get(key) != value:
            raise ConfigError(
                f"{path} was trained on spectrograms with {key} = {own.get(key)}, and these have {value}; "
                f"set mel.{key} to {own.get(key)}, or train the network again."
            )
    for key, value in CONVENTIONS.items():
        if own.get(key) != value:
            raise ConfigError(
                f"{path} was trained on spectrograms with {key} = {own.get(key)}; train it again on these."
            )
    model = keras.models.load_model(path, compile=False)
    n_mels, found = model.input_shape[2], {shards.track(name).shape[1] for name in shards.index.index[:1]}
    if found - {n_mels}:
        raise ConfigError(
            f"{path} takes {n_mels} mel bands, and the shards hold {found.pop()}; make the shards again, or train the "
            "network again."
        )
    return model


def segment_index(shards: MelShards, split: str | os.PathLike[str], *, frames: int, overlap: float) -> pd.DataFrame:
    """Cut the tracks of a split into segments of `frames`, neighbours overlapping by a fraction of their length.

    Returns
    -------
    pd.DataFrame
        `track, label, subset, start` [frames], one row per segment, in the order of the shards; a track's tail that is
        shorter than a segment is left out.
    """
    hop = max(1, round(frames * (1 - overlap)))
    subsets = read_text_csv(split).set_index("track")
    tracks = shards.index[shards.index.index.isin(subsets.index)]
    starts = [np.arange(0, n - frames + 1, hop) for n in tracks.frames]
    names = np.repeat(tracks.index.to_numpy(), [len(each) for each in starts])
    index = subsets[["label", "subset"]].loc[names].rename_axis("track").reset_index()
    return index.assign(start=np.concatenate(starts) if starts else [])


def dump_activations(
    shards: MelShards,
    model_path: str | os.PathLike[str],
    split: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str],
    partial: str | os.PathLike[str],
    device: Device,
    front_end: MelSettings,
    settings: ActivationSettings,
) -> DumpFacts:
    """Run every track of a split through a network and dump a layer's output in chunks.

    Parameters
    ----------
    shards : MelShards
    model_path : path-like
        The network.
    split : path-like
        `track, label, subset`.
    folder : path-like
        To make: `facts.json`, `index.csv` (`track, label, subset, start`) and float32 chunks (segments, positions,
        units). It appears when it is whole.
    partial : path-like
        Folder of the chunks until then; a run that was killed resumes from it.
    device : Device
    front_end : MelSettings
        Of the spectrograms.
    settings : ActivationSettings

    Raises
    ------
    ConfigError
        If layer or positions do not exist, the network does not fit the spectrograms, or the disk does not hold the
        dump.

    Source: Dong (2018): segments with 10% overlap, the second layer's output behind its max pooling.
    """
    runner, index = _runner_and_segments(shards, model_path, split, device, front_end, settings)
    row_bytes = 4 * len(runner.positions) * runner.units
    facts = DumpFacts(
        layer=settings.layer,
        units=runner.units,
        positions=[list(position) for position in runner.positions],
        patch_frames=runner.field.frames,
        patch_bands=runner.field.bands,
        frame_step=runner.field.frame_step,
        band_step=runner.field.band_step,
        frames=runner.segment_frames,
        rows=len(index),
        rows_per_chunk=max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // row_bytes)),
        front_end=front_end.as_dict(),
        broken=runner.broken,
    )
    if facts.broken:
        log.warning("%s has weights that are no numbers; %d units are broken.", model_path, len(facts.broken))
    partial = Path(partial)
    fingerprint = run_fingerprint(
        [model_path, split, *shards.files, *code_of(Path(__file__))],
        {
            "facts": facts.to_json(),
            "overlap": settings.overlap,
            "gpu": device.gpu,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    )
    _discard_other_run(partial, fingerprint)
    missing = [chunk for chunk in range(facts.chunks) if not (partial / chunk_name(chunk)).exists()]
    if len(missing) < facts.chunks:
        log.info("Going on after %d of %d chunks of an earlier run.", facts.chunks - len(missing), facts.chunks)
    _check_disk_space(facts, missing, partial)
    for chunk in tqdm(missing, desc=f"activations of {facts.layer}", unit="chunk", mininterval=30, disable=None):
        first = chunk * facts.rows_per_chunk
        with write_aside(partial / chunk_name(chunk)) as aside, open(aside, "wb") as file:
            shape = facts.chunk_shape(chunk)
            np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
            for start in range(first, first + shape[0], _CHUNK_ROWS // 8):
                rows = index.iloc[start : min(start + _CHUNK_ROWS // 8, first + shape[0])]
                segments = shards.gather(rows.track.tolist(), rows.start.tolist(), frames=facts.frames)
                file.write(np.ascontiguousarray(runner(segments), dtype="<f4").data)
    write_csv(index, partial / "index.csv")
    with write_aside(partial / "facts.json") as aside:
        aside.write_text(facts.to_json(), encoding="utf-8")
    (partial / "fingerprint").unlink()
    move_folder(partial, folder)
    log.info("%d segments, %d positions, %d units.", facts.rows, len(facts.positions), facts.units)
    return facts


def _runner_and_segments(
    shards: MelShards,
    model_path: str | os.PathLike[str],
    split: str | os.PathLike[str],
    device: Device,
    front_end: MelSettings,
    settings: ActivationSettings,
) -> tuple[LayerRunner, pd.DataFrame]:
    """Return the layer of a saved network at its positions, and the segments of the split."""
    model = load_network(model_path, front_end=front_end.as_dict(), shards=shards)
    runner = LayerRunner(model, settings.layer, device=device, positions=settings.positions)
    return runner, segment_index(shards, split, frames=runner.segment_frames, overlap=settings.overlap)


def _discard_other_run(partial: Path, fingerprint: str) -> None:
    """Keep the chunks of an earlier run with this fingerprint and remove those of any other."""
    mark = partial / "fingerprint"
    if not mark.exists() or mark.read_text(encoding="utf-8") != fingerprint:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with write_aside(mark) as aside:
            aside.write_text(fingerprint, encoding="utf-8")


def _check_disk_space(facts: DumpFacts, missing: Sequence[int], partial: Path) -> None:
    """Raise a ConfigError if the missing chunks need more space than the disk has."""
    needed = sum(4 * int(np.prod(facts.chunk_shape(chunk))) for chunk in missing)
    free = shutil.disk_usage(partial).free
    if needed > free:
        there = facts.chunks - len(missing)
        if not there:  # chunks of an earlier run stay: the next one goes on from them
            shutil.rmtree(partial)
        already = f" beside the {there} of {facts.chunks} chunks that are there" if there else ""
        raise ConfigError(
            f"The dump of layer '{facts.layer}' at {len(facts.positions):,} positions on {facts.rows:,} segments takes "
            f"{needed / 1e9:,.1f} GB{already}, and {partial.parent} has {free / 1e9:,.1f} GB free; choose fewer "
            "activations.positions, a later activations.layer, or make room."
        )


def write_gradient(
    shards: MelShards,
    model_path: str | os.PathLike[str],
    split: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str],
    device: Device,
    front_end: MelSettings,
    settings: ActivationSettings,
) -> None:
    """Write the mean gradient of each unit with respect to the patch of input that reaches it.

    It is the best linear approximation of a unit, on average over the segments that its filter is fitted to: the
    reference for an estimate from activations alone.

    Parameters
    ----------
    shards, model_path, split, device, front_end, settings
        As in `dump_activations`.
    path : path-like
        `.npz` to write: `gradients` float32 [unit, band, frame] in units of the activation for each unit of the input,
        and `patches`, the number of patches averaged over. Segments of test tracks are left out.

    Raises
    ------
    ConfigError
        As `dump_activations`.
    DatasetError
        If the split has no segment for fitting.
    """
    runner, index = _runner_and_segments(shards, model_path, split, device, front_end, settings)
    index = index[index.subset != "test"]
    field = runner.field
    n_patches = len(index) * len(runner.positions)
    if not n_patches:
        raise DatasetError(f"{split} has no segment outside of the test subset; make it again.")
    limit = max(1, _GRADIENT_VALUES // (field.frames * field.bands * runner.units))
    chosen = np.sort(np.random.default_rng(0).choice(n_patches, min(limit, n_patches), replace=False, shuffle=False))
    names, starts = index.track.to_numpy(), index.start.to_numpy()
    total = np.zeros((runner.units, field.frames, field.bands))
    for first in range(0, len(chosen), _CHUNK_ROWS):
        patches = []
        for row, place in zip(*np.divmod(chosen[first : first + _CHUNK_ROWS], len(runner.positions)), strict=True):
            frames, bands = field.patch(*runner.positions[place])
            start = starts[row]
            patches.append(shards.track(names[row])[start + frames.start : start + frames.stop, bands])
        total += runner.gradient_sum(np.stack(patches))
    with write_aside(path) as aside, open(aside, "wb") as file:
        np.savez(file, gradients=(total / len(chosen)).transpose(0, 2, 1).astype(np.float32), patches=len(chosen))
    log.info("Mean gradient over %d of %d patches.", len(chosen), n_patches)
