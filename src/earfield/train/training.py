"""Training on random segments with early stopping on whole validation tracks; resumable and seeded."""

import dataclasses
import logging
import os
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from earfield.configuration.code_dependencies import code_of
from earfield.configuration.settings import ModelSettings
from earfield.errors import DatasetError, DivergenceError, EarfieldError
from earfield.files.run_paths import run_name
from earfield.files.tables import read_text_csv, write_csv
from earfield.log_levels import RESULT
from earfield.mel.front_end import CONVENTIONS
from earfield.mel.shards import MelShards
from earfield.network.architecture import build_network, save_network
from earfield.network.context import summarise
from earfield.network.device import Device
from earfield.network.scale import band_statistics
from earfield.tracks.tags import targets_of
from earfield.train.checkpoint import load_checkpoint, run_fingerprint, save_checkpoint
from earfield.train.history import best_epoch
from earfield.train.recipes import RECIPES
from earfield.train.segments import training_batches
from earfield.train.trainer import Trainer
from earfield.train.training_log import Curves

log = logging.getLogger(__name__)

_SHUFFLE_STREAM = 3  # of random numbers; others are in use elsewhere
_COLUMNS = ["epoch", "segments", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]


@dataclasses.dataclass(frozen=True)
class TrainingFiles:
    """Files that a training writes; a later run of the same inputs, code and settings resumes from the checkpoint."""

    model: str | os.PathLike[str]  # `.keras`, written when training is over
    history: str | os.PathLike[str]  # `.csv`, likewise
    checkpoint: str | os.PathLike[str]  # `.npz` with the state while training runs
    curves: str | os.PathLike[str]  # folder of the growing training curves, `tensorboard/` and `dvclive/`


def train_network(
    shards: MelShards,
    split: str | os.PathLike[str],
    settings: ModelSettings,
    *,
    files: TrainingFiles,
    device: Device,
    seed: int,
    shuffled_like: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Train a network on the training tracks of a split and keep its best weights on the validation tracks.

    Parameters
    ----------
    shards : MelShards
    split : path-like
        `track, label, subset`; test tracks are not used.
    settings : ModelSettings
        Of the network and its training. `max_epochs: 0` leaves the network with its initial weights. With tags, epochs
        are compared by their loss alone, and the history has no accuracy.
    files : TrainingFiles
        What is written.
    device : Device
    seed : int
        Of initial weights, segments and dropped units. On one machine the same seed gives the same bits, with any
        number of processors.
    shuffled_like : path-like or None
        History of another run. If given, the labels of the training tracks are permuted, and the network is trained
        for as many epochs as that run took to its best one, because without true labels there is no epoch to stop at.

    Returns
    -------
    pd.DataFrame
        The history: `epoch, segments, train_loss, train_accuracy, validation_loss, validation_accuracy`. An epoch
        is better than another by its validation accuracy, and among equals by its validation loss [nat]; both are
        those of mean probabilities over whole tracks.

    Raises
    ------
    EarfieldError
        If the loss becomes NaN or infinite; the checkpoint holds the state after the last finite epoch.
    DatasetError
        If a track of the split is shorter than a segment.
    """
    name, table = f"train {run_name(files.model)}", read_text_csv(split)
    train, validation = (table[table.subset == subset] for subset in ("train", "validation"))
    labels, targets = targets_of(table, tags=settings.tags)
    if shuffled_like:
        targets["train"] = np.random.default_rng([_SHUFFLE_STREAM, seed]).permutation(targets["train"])
        epochs = 1 + best_epoch(pd.read_csv(shuffled_like).to_dict("records"))
        changed = dataclasses.replace(settings.train, max_epochs=epochs, patience=epochs)
        settings = dataclasses.replace(settings, train=changed)
    lengths = shards.index.frames.loc[table.track]
    _check_lengths(lengths, settings)
    plan = RECIPES[settings.train.recipe](
        lengths=lengths.loc[train.track].to_numpy(),
        shortest=int(lengths[(table.subset != "test").to_numpy()].min()),
        frames=settings.segment.frames,
        settings=settings.train,
        seed=seed,
    )
    decibels = settings.network.scale == "decibels"
    model = build_network(
        settings.network,
        frames=settings.segment.frames,
        n_mels=settings.front_end.n_mels,
        n_labels=len(labels),
        seed=seed,
        bands=band_statistics(shards.track(name) for name in train.track) if decibels else None,
        tags=settings.tags,
    )
    trainer = Trainer(
        model, settings.train, device=device, seed=seed, overlap=settings.segment.overlap, tags=settings.tags
    )
    fingerprint = run_fingerprint(
        [split, *shards.files, *code_of(Path(__file__))],
        {
            **dataclasses.asdict(settings),
            "seed": seed,
            "shuffled": bool(shuffled_like),
            "gpu": device.gpu,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    )
    state = load_checkpoint(files.checkpoint, fingerprint=fingerprint)
    if state is None:
        state = trainer.state([], kept=-1, best=None)
    else:
        log.log(RESULT, "%s: going on after epoch %d of an earlier run", name, len(state.history))
        trainer.restore(state)
    n_batches, size = plan.plan(0)[0].shape
    n_segments = n_batches * size
    bar = tqdm(
        total=settings.train.max_epochs * n_segments,
        initial=len(state.history) * n_segments,
        desc=name,
        unit="seg",
        mininterval=0.5,
        disable=None,
    )
    inputs: dict[str, Any] = {"frames": settings.segment.frames}
    if context := settings.network.context:
        inputs["context"] = np.stack([summarise(shards.track(name), frames=context["frames"]) for name in train.track])
    names = validation.track.tolist()
    started = time.perf_counter()
    with Curves(Path(files.curves, "tensorboard"), Path(files.curves, "dvclive"), state.history) as curves, bar:
        while not plan.is_over(state.history):
            epoch = len(state.history)
            batches = training_batches(shards, train.track.tolist(), targets["train"], plan.plan(epoch), **inputs)
            row = {"epoch": epoch + 1, "segments": (epoch + 1) * n_segments}
            start = plan.validation_start(epoch)
            try:
                row |= trainer.run_epoch(batches, epoch, n_batches=n_batches, bar=bar)
                row |= trainer.validate(shards, names, targets["validation"], epoch=epoch, start=start)
            except DivergenceError as error:
                left = f"The state after epoch {epoch} is in {files.checkpoint}." if epoch else "No epoch was finished."
                raise EarfieldError(f"{error} {left}") from None
            history = [*state.history, row]
            state = trainer.state(history, kept=plan.kept(history), best=state)
            save_checkpoint(files.checkpoint, state, fingerprint=fingerprint)
            curves.add(row)
            log.info("%s", row)
            best = state.history[state.best_epoch]
            score = f"{best['validation_loss']:.2f}" if settings.tags else f"{best['validation_accuracy']:.1%}"
            bar.set_postfix(epoch=epoch + 1, loss=f"{row['train_loss']:.2f}", best=score)
    spent = time.perf_counter() - started
    last = len(state.history)
    kept = f"epoch {last if shuffled_like else state.best_epoch + 1} of {last} kept" if last else "initial weights kept"
    log.log(RESULT, "%s: %s, %.0f s", name, kept, spent)
    log.info("%.2f%% of the time was spent waiting for data.", 100 * trainer.waiting / max(spent, 1e-9))

    model.set_weights(state.weights if shuffled_like else state.best_weights)
    save_network(model, files.model, labels=labels, front_end=settings.front_end.as_dict() | CONVENTIONS)
    history = pd.DataFrame(state.history, columns=_COLUMNS)
    write_csv(history, files.history)
    Path(files.checkpoint).unlink(missing_ok=True)
    return history


def _check_lengths(lengths: pd.Series, settings: ModelSettings) -> None:
    """Raise a DatasetError if a track is shorter than a segment."""
    frames, seconds = settings.segment.frames, settings.front_end.hop_length / settings.front_end.sample_rate
    shortest = lengths.idxmin()
    if lengths[shortest] < frames:
        raise DatasetError(
            f"A segment has {frames} frames ({frames * seconds:.1f} s), and the track '{shortest}' only "
            f"{lengths[shortest]} ({lengths[shortest] * seconds:.1f} s); lower segment.frames of the model, leave the "
            "model out, or remove the track."
        )
