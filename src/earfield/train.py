"""Training: random windows, early stopping on whole validation tracks, resumable and seeded."""

import logging
import math
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from earfield.checkpoint import TrainingState, load_checkpoint, run_fingerprint, save_checkpoint
from earfield.device import Device
from earfield.errors import EarfieldError
from earfield.gradients import GradientStep
from earfield.network import build_network, save_network
from earfield.predict import TrackPredictor
from earfield.shards import MelShards
from earfield.tables import read_text_csv, write_csv
from earfield.windows import plan_epoch, training_batches

log = logging.getLogger(__name__)

_CODE = ["checkpoint.py", "gradients.py", "network.py", "predict.py", "shards.py", "train.py", "windows.py"]
_EPSILON = 1e-7  # keeps the logarithm of a probability finite


def train_network(
    *,
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    split: str,
    model_path: str,
    history_path: str,
    work_folder: str | os.PathLike[str],
    device: Device,
    seed: int,
    front_end: Mapping[str, Any],
    frames: int,
    network: Mapping[str, Any],
    overlap: float,
    optimizer: Mapping[str, Any],
    batch_size: int,
    micro_batch: int,
    windows_per_track: int,
    max_epochs: int,
    patience: int,
    precision: str,
    xla: bool,
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
    work_folder : path-like
        Holds the checkpoint, while training, and TensorBoard's logs.
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
        `conv`, `dense`, `dropout` of `build_network`.
    overlap : float
        Of the windows that validation tracks are cut into.
    optimizer : mapping
        `name` of a Keras optimiser and its arguments.
    batch_size : int
        Segments for each step of the optimiser.
    micro_batch : int
        Segments that a processor works on at a time; a GPU takes the whole batch.
    windows_per_track : int
        Windows drawn from each training track in an epoch.
    max_epochs, patience : int
        Training ends after so many epochs, or after so many without a better one.
    precision : str
        "float32" or "bfloat16".
    xla : bool
        Whether XLA compiles the step.

    Returns
    -------
    pd.DataFrame
        The history: `epoch, segments, train_loss, train_accuracy, validation_loss, validation_accuracy`. An epoch
        is better than another by its validation accuracy, and among equals by its validation loss [nat]; both are
        those of mean probabilities over whole tracks.

    Raises
    ------
    EarfieldError
        If the loss stops being a number.
    """
    shards = MelShards(frames_paths, index_paths)
    table = read_text_csv(split)
    labels = sorted(table.label.unique())
    train, validation = (table[table.subset == subset] for subset in ("train", "validation"))
    names, y = train.track.tolist(), train.label.map(labels.index).to_numpy()
    lengths = shards.index.frames.loc[names].to_numpy()

    model = build_network(frames=frames, n_mels=front_end["n_mels"], n_labels=len(labels), seed=seed, **network)
    rule = keras.optimizers.get(
        {"class_name": optimizer["name"], "config": {k: v for k, v in optimizer.items() if k != "name"}}
    )
    rule.build(model.trainable_variables)
    step = GradientStep(
        model,
        micro_batch=batch_size if device.gpu else micro_batch,
        workers=device.workers,
        precision=precision,
        xla=xla,
    )
    predictor = TrackPredictor(model, device=device, overlap=overlap)

    @tf.function
    def update(gradients: list[tf.Tensor]) -> None:
        rule.apply(gradients, model.trainable_variables)

    settings = {
        "seed": seed, "frames": frames, "network": network, "overlap": overlap, "optimizer": optimizer,
        "batch_size": batch_size, "micro_batch": micro_batch, "windows_per_track": windows_per_track,
        "precision": precision, "xla": xla, "gpu": device.gpu, "keras": keras.__version__, "tf": tf.__version__,
    }  # fmt: skip
    code = [Path(__file__).with_name(name) for name in _CODE]
    fingerprint = run_fingerprint([split, *frames_paths, *index_paths, *code], settings)
    checkpoint = Path(work_folder) / "checkpoint.npz"
    state = load_checkpoint(checkpoint, fingerprint=fingerprint)
    boards = Path(work_folder) / "tensorboard"
    if state is None:
        shutil.rmtree(boards, ignore_errors=True)
        state = TrainingState(model.get_weights(), model.get_weights(), [v.numpy() for v in rule.variables])
    else:
        log.info("Going on after epoch %d of an earlier run.", len(state.history))
        model.set_weights(state.weights)
        for variable, value in zip(rule.variables, state.optimizer, strict=True):
            variable.assign(value)

    def epoch_plan(epoch: int) -> tuple[np.ndarray, np.ndarray]:
        return plan_epoch(
            lengths,
            frames=frames,
            windows_per_track=windows_per_track,
            batch_size=batch_size,
            seed=seed,
            epoch=epoch,
        )

    segments = epoch_plan(0)[0].size
    board = tf.summary.create_file_writer(str(boards))
    bar = tqdm(
        total=max_epochs * segments, initial=len(state.history) * segments, desc=f"train seed {seed}", unit="seg",
        mininterval=0.5 if os.isatty(2) else 30,
    )  # fmt: skip
    waiting, started = 0.0, time.perf_counter()
    while len(state.history) < max_epochs and len(state.history) - 1 - state.best_epoch < patience:
        epoch = len(state.history)
        losses, hits = [], []
        batches = iter(training_batches(shards, names, y, epoch_plan(epoch), frames=frames))
        for number in range(segments // batch_size):
            asked = time.perf_counter()
            x, target = next(batches)
            waiting += time.perf_counter() - asked
            loss, accuracy, gradients = step(x, target, seed=(seed, epoch * (segments // batch_size) + number))
            if not math.isfinite(loss):
                raise EarfieldError(
                    f"The training loss of seed {seed} became {loss} in step {number + 1} of epoch {epoch + 1}; "
                    f"lower train.optimizer.learning_rate (now {optimizer['learning_rate']})."
                )
            update(gradients)
            losses.append(loss)
            hits.append(accuracy)
            bar.update(batch_size)
        row = {
            "epoch": epoch + 1,
            "segments": (epoch + 1) * segments,
            "train_loss": round(float(np.mean(losses)), 6),
            "train_accuracy": round(float(np.mean(hits)), 6),
            **_validate(predictor(shards, validation.track.tolist()), validation.label.map(labels.index).to_numpy()),
        }
        state.history.append(row)
        if state.best_epoch < 0 or _merit(row) > _merit(state.history[state.best_epoch]):
            state.best_epoch, state.best_weights = epoch, model.get_weights()
        state.weights, state.optimizer = model.get_weights(), [v.numpy() for v in rule.variables]
        save_checkpoint(checkpoint, state, fingerprint=fingerprint)
        with board.as_default(step=row["segments"]):
            for name, value in list(row.items())[2:]:
                tf.summary.scalar(name, value)
        best = state.history[state.best_epoch]
        bar.set_postfix(epoch=epoch + 1, loss=f"{row['train_loss']:.2f}", best=f"{best['validation_accuracy']:.1%}")
    bar.close()
    board.close()
    spent = time.perf_counter() - started
    log.info("Best epoch %d of %d.", state.best_epoch + 1, len(state.history))
    log.info("%.1f s, of which %.2f%% waiting for data.", spent, 100 * waiting / max(spent, 1e-9))

    model.set_weights(state.best_weights)
    save_network(model, model_path, labels=labels, front_end=front_end)
    history = pd.DataFrame(state.history)
    write_csv(history, history_path)
    checkpoint.unlink(missing_ok=True)
    return history


def _validate(probabilities: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Score mean probabilities of whole tracks: loss [nat] and accuracy."""
    own = probabilities[np.arange(len(y)), y]
    return {
        "validation_loss": round(float(-np.log(np.maximum(own, _EPSILON)).mean()), 6),
        "validation_accuracy": round(float((probabilities.argmax(axis=1) == y).mean()), 6),
    }


def _merit(row: Mapping[str, Any]) -> tuple[float, float]:
    """Order epochs: validation accuracy first, which few validation tracks leave with many ties, then loss."""
    return row["validation_accuracy"], -row["validation_loss"]
