"""What a layer does with every segment of the collection, and the mean gradient of each of its units."""

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
from earfield.errors import ConfigError, DatasetError
from earfield.files.atomic import move_folder, write_aside
from earfield.files.tables import read_text_csv, write_csv
from earfield.mel.front_end import CONVENTIONS
from earfield.mel.shards import MelShards
from earfield.network.architecture import read_facts
from earfield.network.device import Device
from earfield.network.layers import LayerRunner, Positions
from earfield.train.checkpoint import run_fingerprint

log = logging.getLogger(__name__)

_CHUNK_BYTES, _CHUNK_ROWS = 2**26, 1024
# Values of patch x unit that the mean gradient is taken over at most: all segments of 1,000 tracks at one position of
# the paper's layer, and a draw of what is larger, where each costs as much as it tells less.
_GRADIENT_VALUES = 260_000_000


def load_network(path: str, *, front_end: Mapping[str, Any], shards: MelShards) -> keras.Model:
    """Load a network and see that the spectrograms at hand are what it was trained on.

    Parameters
    ----------
    path : path-like
        `.keras` of `earfield.network.architecture.save_network`.
    front_end : mapping
        Parameters of the spectrograms.
    shards : MelShards

    Returns
    -------
    keras.Model

    Raises
    ------
    ConfigError
        If the network was trained on other spectrograms.
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
    """Cut the tracks of a split into segments.

    Parameters
    ----------
    shards : MelShards
        Where the tracks lie.
    split : path-like
        `track, label, subset`.
    frames : int
        Length of a segment.
    overlap : float
        Overlap of neighbouring segments, as a share of their length.

    Returns
    -------
    pd.DataFrame
        `track, label, subset, start` [frames], one row a segment, in the order of the shards; a track's tail that is
        shorter than a segment is left out.
    """
    hop = max(1, round(frames * (1 - overlap)))
    subsets = read_text_csv(split).set_index("track")
    tracks = shards.index[shards.index.index.isin(subsets.index)]
    starts = [np.arange(0, n - frames + 1, hop) for n in tracks.frames]
    names = np.repeat(tracks.index.to_numpy(), [len(each) for each in starts])
    index = pd.DataFrame({"track": names, "start": np.concatenate(starts) if starts else []})
    return pd.DataFrame(
        {
            "track": index.track,
            "label": subsets.label.loc[index.track].to_numpy(),
            "subset": subsets.subset.loc[index.track].to_numpy(),
            "start": index.start,
        }
    )


def dump_activations(
    *,
    model_path: str,
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    split: str,
    folder: str | os.PathLike[str],
    partial: str | os.PathLike[str],
    device: Device,
    front_end: Mapping[str, Any],
    layer: str,
    positions: Positions,
    overlap: float,
) -> DumpFacts:
    """Run every track of a split through a network and dump a layer's output, a chunk at a time.

    Parameters
    ----------
    model_path : path-like
        The network.
    frames_paths, index_paths : sequence of path-like
        The shards, as in `MelShards`.
    split : path-like
        `track, label, subset`.
    folder : path-like
        To make: `facts.json`, `index.csv` (`track, label, subset, start`) and float32 chunks (segments, positions,
        units). It appears when it is whole.
    partial : path-like
        Folder of the chunks until then; a run that was killed goes on from it.
    device : Device
        Where to compute.
    front_end : mapping
        Parameters of the spectrograms.
    layer : str
        Name of the layer.
    positions : str or sequence of (frame, band)
        "centre", "all", or positions on the layer's map.
    overlap : float
        Overlap of neighbouring segments, as a share of their length.

    Returns
    -------
    DumpFacts

    Raises
    ------
    ConfigError
        If layer or positions do not exist, the network does not fit the spectrograms, or the disk does not hold the
        dump.

    Source: Dong (2018): segments with 10% overlap, the second layer's output behind its max pooling.
    """
    shards = MelShards(frames_paths, index_paths)
    model = load_network(model_path, front_end=front_end, shards=shards)
    runner = LayerRunner(model, layer, device=device, positions=positions)
    frames = model.input_shape[1]
    index = segment_index(shards, split, frames=frames, overlap=overlap)
    row_bytes = 4 * len(runner.positions) * runner.units
    facts = DumpFacts(
        layer=layer,
        units=runner.units,
        positions=[list(position) for position in runner.positions],
        patch_frames=runner.field.frames,
        patch_bands=runner.field.bands,
        frame_step=runner.field.frame_step,
        band_step=runner.field.band_step,
        frames=frames,
        rows=len(index),
        rows_per_chunk=max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // row_bytes)),
        front_end=dict(front_end),
        broken=runner.broken,
    )
    if facts.broken:
        log.warning("%s has weights that are no numbers; %d units are broken.", model_path, len(facts.broken))
    partial = Path(partial)
    code = code_of(Path(__file__))
    settings = {"facts": facts.to_json(), "overlap": overlap, "gpu": device.gpu}
    settings |= {"tensorflow": tf.__version__, "keras": keras.__version__}
    fingerprint = run_fingerprint([model_path, split, *frames_paths, *index_paths, *code], settings)
    _take_up(partial, fingerprint)
    missing = [chunk for chunk in range(facts.chunks) if not (partial / chunk_name(chunk)).exists()]
    if len(missing) < facts.chunks:
        log.info("Going on after %d of %d chunks of an earlier run.", facts.chunks - len(missing), facts.chunks)
    _refuse_what_does_not_fit(facts, missing, partial)
    for chunk in tqdm(missing, desc=f"activations of {layer}", unit="chunk", mininterval=30, disable=None):
        first = chunk * facts.rows_per_chunk
        with write_aside(partial / chunk_name(chunk)) as aside, open(aside, "wb") as file:
            shape = facts.chunk_shape(chunk)
            np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
            for start in range(first, first + shape[0], _CHUNK_ROWS // 8):
                rows = index.iloc[start : min(start + _CHUNK_ROWS // 8, first + shape[0])]
                windows = shards.gather(rows.track.tolist(), rows.start.tolist(), frames=frames)
                file.write(np.ascontiguousarray(runner(windows), dtype="<f4").data)
    write_csv(index, partial / "index.csv")
    with write_aside(partial / "facts.json") as aside:
        aside.write_text(facts.to_json(), encoding="utf-8")
    (partial / "fingerprint").unlink()
    move_folder(partial, folder)
    log.info("%d segments, %d positions, %d units.", facts.rows, len(facts.positions), facts.units)
    return facts


def _take_up(partial: Path, fingerprint: str) -> None:
    """Keep what an earlier run of the same work left, and nothing of any other."""
    mark = partial / "fingerprint"
    if not mark.exists() or mark.read_text(encoding="utf-8") != fingerprint:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with write_aside(mark) as aside:
            aside.write_text(fingerprint, encoding="utf-8")


def _refuse_what_does_not_fit(facts: DumpFacts, missing: Sequence[int], partial: Path) -> None:
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
    *,
    model_path: str,
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    split: str,
    path: str | os.PathLike[str],
    device: Device,
    front_end: Mapping[str, Any],
    layer: str,
    positions: Positions,
    overlap: float,
) -> None:
    """Write the mean gradient of each unit with respect to the patch of input that reaches it.

    It is the best linear approximation that a unit has on average over the segments that its filter is fitted to: what
    an estimate from activations alone should come close to.

    Parameters
    ----------
    model_path, frames_paths, index_paths, split, device, front_end, layer, positions, overlap
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
    shards = MelShards(frames_paths, index_paths)
    model = load_network(model_path, front_end=front_end, shards=shards)
    runner = LayerRunner(model, layer, device=device, positions=positions)
    index = segment_index(shards, split, frames=model.input_shape[1], overlap=overlap)
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
