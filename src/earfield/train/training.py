"""Training: random windows, early stopping on whole validation tracks, resumable and seeded."""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from earfield.configuration.code_dependencies import code_of
from earfield.errors import DatasetError, DivergenceError, EarfieldError
from earfield.files.tables import read_text_csv, write_csv
from earfield.mel.front_end import CONVENTIONS
from earfield.mel.shards import MelShards
from earfield.network.architecture import build_network, save_network
from earfield.network.context import summarise
from earfield.network.device import Device
from earfield.network.scale import band_statistics
from earfield.tracks.tags import tag_matrix, tags_of_all
from earfield.train.checkpoint import load_checkpoint, run_fingerprint, save_checkpoint
from earfield.train.history import best_epoch
from earfield.train.recipes import RECIPES
from earfield.train.segments import training_batches
from earfield.train.trainer import Trainer
from earfield.train.training_log import Curves

log = logging.getLogger(__name__)

_SHUFFLE_STREAM = 3  # of random numbers; others are in use elsewhere
_COLUMNS = ["epoch", "segments", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]


def train_network(
    *,
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    split: str,
    model_path: str,
    history_path: str,
    checkpoint: str | os.PathLike[str],
    tensorboard: str | os.PathLike[str],
    dvclive: str | os.PathLike[str],
    device: Device,
    seed: int,
    front_end: Mapping[str, Any],
    frames: int,
    network: Mapping[str, Any],
    overlap: float,
    recipe: str,
    optimizer: Mapping[str, Any],
    batch_size: int,
    micro_batch: int,
    windows_per_track: int,
    max_epochs: int,
    patience: int,
    precision: str,
    xla: bool,
    shuffled_like: str | None = None,
    tags: bool = False,
) -> pd.DataFrame:
    """Train a network on the training tracks of a split and keep its best weights on the validation tracks.

    Parameters
    ----------
    frames_paths, index_paths : sequence of path-like
        The shards, as in `MelShards`.
    split : path-like
        `track, label, subset`; test tracks are not looked at.
    model_path, history_path : path-like
        `.keras` and `.csv` to write, both when training is over.
    checkpoint : path-like
        `.npz` that holds the state while training goes on; a run of the same settings goes on from it.
    tensorboard, dvclive : path-like
        Folders of the curves, while they grow.
    device : Device
        Where to compute.
    seed : int
        Of initial weights, windows and dropped units. On one machine the same seed gives the same bits, with any
        number of processors.
    front_end : mapping
        Parameters of the log-mel spectrogram, for the model to carry.
    frames : int
        Length of a segment.
    network : mapping
        `conv`, `dense`, `dropout`, `scale` and `context` of `build_network`.
    overlap : float
        Of the windows that validation tracks are cut into.
    recipe : str
        Key of `earfield.train.recipes.RECIPES`.
    optimizer : mapping
        `name` of a Keras optimiser and its arguments.
    batch_size : int
        Segments for each step of the optimiser.
    micro_batch : int
        Segments that a processor works on at a time; a GPU takes the whole batch.
    windows_per_track : int
        Windows drawn from each training track in an epoch.
    max_epochs, patience : int
        Training ends after so many epochs, or after so many without a better one; other recipes read them in their
        own way. No epoch at all leaves the network as it was initialised.
    precision : str
        "float32" or "bfloat16".
    xla : bool
        Whether XLA compiles the step.
    shuffled_like : path-like or None
        History of another run. If given, the training tracks' labels are shuffled among them, and the network is
        trained for as many epochs as that run took to its best one: with no true label there is none to stop by.
    tags : bool
        Whether a label is the text of several tags. The network gives each a probability of its own then, and epochs
        are compared by their loss alone: the history has no accuracy.

    Returns
    -------
    pd.DataFrame
        The history: `epoch, segments, train_loss, train_accuracy, validation_loss, validation_accuracy`. An epoch
        is better than another by its validation accuracy, and among equals by its validation loss [nat]; both are
        those of mean probabilities over whole tracks.

    Raises
    ------
    EarfieldError
        If the loss stops being a number; the checkpoint holds the state after the last epoch in which it was one.
    DatasetError
        If a track of the split is shorter than a segment.
    """
    shards = MelShards(frames_paths, index_paths)
    table = read_text_csv(split)
    labels = tags_of_all(table.label) if tags else sorted(table.label.unique())
    train, validation = (table[table.subset == subset] for subset in ("train", "validation"))
    targets = {
        subset: tag_matrix(rows.label, labels) if tags else rows.label.map(labels.index).to_numpy()
        for subset, rows in table.groupby("subset")
    }
    if shuffled_like:
        targets["train"] = np.random.default_rng([_SHUFFLE_STREAM, seed]).permutation(targets["train"])
        max_epochs = patience = 1 + best_epoch(pd.read_csv(shuffled_like).to_dict("records"))
    lengths = shards.index.frames.loc[table.track]
    _check_lengths(lengths, frames=frames, seconds=front_end["hop_length"] / front_end["sample_rate"])
    plan = RECIPES[recipe](
        lengths=lengths.loc[train.track].to_numpy(),
        shortest=int(lengths[(table.subset != "test").to_numpy()].min()),
        frames=frames,
        windows_per_track=windows_per_track,
        batch_size=batch_size,
        max_epochs=max_epochs,
        patience=patience,
        seed=seed,
    )
    statistics: dict[str, Any] = {}
    if network.get("scale") == "decibels":
        mean, variance = band_statistics(shards.track(name) for name in train.track)
        statistics = {"band_mean": mean, "band_variance": variance}
    shape = {"frames": frames, "n_mels": front_end["n_mels"], "n_labels": len(labels)}
    model = build_network(**shape, seed=seed, **network, **statistics, tags=tags)
    settings: dict[str, Any] = {
        "batch_size": batch_size,
        "micro_batch": micro_batch,
        "precision": precision,
        "xla": xla,
        "tags": tags,
    }
    trainer = Trainer(model, optimizer, device=device, seed=seed, overlap=overlap, **settings)
    settings |= {"seed": seed, "frames": frames, "network": network, "overlap": overlap, "optimizer": optimizer}
    settings |= {"windows_per_track": windows_per_track, "max_epochs": max_epochs, "patience": patience}
    settings |= {"recipe": recipe}
    settings |= {"shuffled": bool(shuffled_like)}
    settings |= {"gpu": device.gpu, "tensorflow": tf.__version__, "keras": keras.__version__}
    code = code_of(Path(__file__))
    fingerprint = run_fingerprint([split, *frames_paths, *index_paths, *code], settings)

    state = load_checkpoint(checkpoint, fingerprint=fingerprint)
    if state is None:
        state = trainer.state([], kept=-1, best=None)
    else:
        log.info("Going on after epoch %d of an earlier run.", len(state.history))
        trainer.restore(state)
    n_batches, size = plan.plan(0)[0].shape
    segments = n_batches * size
    bar = tqdm(
        total=max_epochs * segments,
        initial=len(state.history) * segments,
        desc=f"train, seed {seed}",
        unit="seg",
        mininterval=0.5 if os.isatty(2) else 30,
    )
    inputs: dict[str, Any] = {"frames": frames}
    if network.get("context"):
        inputs["context"] = np.stack(
            [summarise(shards.track(name), frames=network["context"]["frames"]) for name in train.track]
        )
    names = validation.track.tolist()
    started = time.perf_counter()
    with Curves(tensorboard, dvclive, state.history) as curves, bar:
        while not plan.is_over(state.history):
            epoch = len(state.history)
            windows, start = plan.plan(epoch), plan.validation_start(epoch)
            batches = training_batches(shards, train.track.tolist(), targets["train"], windows, **inputs)
            row = {"epoch": epoch + 1, "segments": (epoch + 1) * segments}
            try:
                row |= trainer.run_epoch(batches, epoch, n_batches=n_batches, bar=bar)
                row |= trainer.validate(shards, names, targets["validation"], epoch=epoch, start=start)
            except DivergenceError as error:
                kept = f"The state after epoch {epoch} is in {checkpoint}." if epoch else "No epoch was finished."
                raise EarfieldError(f"{error} {kept}") from None
            history = [*state.history, row]
            state = trainer.state(history, kept=plan.kept(history), best=state)
            save_checkpoint(checkpoint, state, fingerprint=fingerprint)
            curves.add(row)
            best = state.history[state.best_epoch]
            bar.set_postfix(
                epoch=epoch + 1,
                loss=f"{row['train_loss']:.2f}",
                best=f"{best['validation_loss']:.2f}" if tags else f"{best['validation_accuracy']:.1%}",
            )
    spent = time.perf_counter() - started
    if state.history:
        log.info("Epoch %d of %d is kept.", state.best_epoch + 1, len(state.history))
    else:
        log.info("Left as it was initialised.")
    log.info("%.1f s, of which %.2f%% waiting for data.", spent, 100 * trainer.waiting / max(spent, 1e-9))

    model.set_weights(state.weights if shuffled_like else state.best_weights)
    save_network(model, model_path, labels=labels, front_end={**front_end, **CONVENTIONS})
    history = pd.DataFrame(state.history, columns=_COLUMNS)
    write_csv(history, history_path)
    Path(checkpoint).unlink(missing_ok=True)
    return history


def _check_lengths(lengths: pd.Series, *, frames: int, seconds: float) -> None:
    """See that every track holds a segment; `seconds` is the distance between frames."""
    shortest = lengths.idxmin()
    if lengths[shortest] < frames:
        raise DatasetError(
            f"A segment has {frames} frames ({frames * seconds:.1f} s), and the track '{shortest}' only "
            f"{lengths[shortest]} ({lengths[shortest] * seconds:.1f} s); lower segment.frames of the model, leave the "
            "model out, or remove the track."
        )
