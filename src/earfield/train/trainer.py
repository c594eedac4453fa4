"""A network, its optimiser and one epoch of training; `earfield.train.training` reads and writes the files."""

import math
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from earfield.configuration.settings import TrainSettings
from earfield.errors import DivergenceError
from earfield.mel.shards import MelShards
from earfield.network.device import Device
from earfield.network.predict import TrackPredictor
from earfield.train.checkpoint import TrainingState
from earfield.train.gradients import GradientStep, library_max_pool, max_pool

_EPSILON = 1e-7  # keeps the logarithm of a probability finite


class Trainer:
    """Runs epochs of training and validation.

    Parameters
    ----------
    model : keras.Model
        Made by `build_network`; trained in place.
    settings : TrainSettings
        Optimiser, batches and precision. With `decay`, the learning rate of step n is divided by 1 + decay * n.
    device : Device
    seed : int
        Of the dropped units.
    overlap : float
        Overlap of the segments that validation tracks are cut into, as a fraction of a segment.
    tags : bool
        As in `ModelSettings`.

    Attributes
    ----------
    waiting : float
        Time spent waiting for training input so far [s].
    """

    def __init__(
        self,
        model: keras.Model,
        settings: TrainSettings,
        *,
        device: Device,
        seed: int,
        overlap: float,
        tags: bool = False,
    ) -> None:
        self.waiting, self._tags = 0.0, tags
        self._model, self._seed, self._learning_rate = model, seed, settings.optimizer["learning_rate"]
        arguments = {key: value for key, value in settings.optimizer.items() if key not in ("name", "decay")}
        if decay := settings.optimizer.get("decay"):
            arguments["learning_rate"] = keras.optimizers.schedules.InverseTimeDecay(
                self._learning_rate, decay_steps=1, decay_rate=decay
            )
        self._optimizer = keras.optimizers.get({"class_name": settings.optimizer["name"], "config": arguments})
        self._optimizer.build(model.trainable_variables)
        self._gradients = GradientStep(
            model,
            micro_batch=settings.batch_size if device.gpu else settings.micro_batch,
            workers=device.workers,
            precision=settings.precision,
            xla=settings.xla,
            pool=library_max_pool if device.gpu else max_pool,
            tags=tags,
        )
        self._predict = TrackPredictor(model, device=device, overlap=overlap)
        self._update = tf.function(lambda gradients: self._optimizer.apply(gradients, model.trainable_variables))

    def run_epoch(self, batches: tf.data.Dataset, epoch: int, *, n_batches: int, bar: "tqdm[Any]") -> dict[str, float]:
        """Train on the batches of one epoch.

        Parameters
        ----------
        batches : tf.data.Dataset
            From `training_batches`.
        epoch : int
            Its number, from 0; each drops other units.
        n_batches : int
            Batches in an epoch.
        bar : tqdm
            Progress, in segments.

        Returns
        -------
        dict
            `train_loss` [nat] and, without tags, `train_accuracy`: means over the epoch's segments, with units dropped.

        Raises
        ------
        DivergenceError
            If the loss stops being a number.
        """
        scores, source = [], iter(batches)
        for number in range(n_batches):
            asked = time.perf_counter()
            x, y = next(source)
            self.waiting += time.perf_counter() - asked
            loss, accuracy, gradients = self._gradients(x, y, seed=(self._seed, epoch * n_batches + number))
            if not math.isfinite(loss):
                raise self._diverged(f"training loss of seed {self._seed} became {loss} in step {number + 1}", epoch)
            self._update(gradients)
            scores.append((loss, accuracy))
            bar.update(len(y))
        loss, accuracy = np.mean(scores, axis=0)
        found = {"train_loss": round(float(loss), 6), "train_accuracy": round(float(accuracy), 6)}
        return {"train_loss": found["train_loss"]} if self._tags else found

    def validate(
        self, shards: MelShards, names: Sequence[str], y: np.ndarray, *, epoch: int, start: int | None = None
    ) -> dict[str, float]:
        """Score the network on whole tracks, or on the one segment of each that begins at frame `start`.

        Parameters
        ----------
        shards, names
            Validation tracks.
        y : np.ndarray [shape=(n_tracks,), dtype=int] or [shape=(n_tracks, n_tags), dtype=bool]
            Their labels, or which tags they have.
        epoch : int
            Number of the epoch that was trained last, from 0.

        Returns
        -------
        dict
            `validation_loss` [nat] and `validation_accuracy`, both of mean probabilities over a track's segments. For
            tags only the loss, summed over them.

        Raises
        ------
        DivergenceError
            If the loss stops being a number.
        """
        probabilities = self._predict(shards, names) if start is None else self._predict.at(shards, names, start=start)
        if self._tags:
            own = np.where(y, probabilities, 1 - probabilities)
            loss = float(-np.log(np.maximum(own, _EPSILON)).sum(axis=1).mean())
        else:
            own = probabilities[np.arange(len(y)), y]
            loss = float(-np.log(np.maximum(own, _EPSILON)).mean())
        if not math.isfinite(loss):
            raise self._diverged(f"validation loss of seed {self._seed} became {loss} at the end", epoch)
        if self._tags:
            return {"validation_loss": round(loss, 6)}
        return {
            "validation_loss": round(loss, 6),
            "validation_accuracy": round(float((probabilities.argmax(axis=1) == y).mean()), 6),
        }

    def _diverged(self, what: str, epoch: int) -> DivergenceError:
        return DivergenceError(
            f"The {what} of epoch {epoch + 1}; lower train.optimizer.learning_rate (now {self._learning_rate})."
        )

    def state(self, history: list[dict[str, Any]], *, kept: int, best: TrainingState | None) -> TrainingState:
        """Return the state that the next epoch depends on.

        Parameters
        ----------
        history : list of dict
            Rows of all epochs so far, including the last.
        kept : int
            Row of the epoch whose weights are kept.
        best : TrainingState or None
            The state before the last epoch; its best weights stay unless those of the last epoch are kept.
        """
        weights = self._model.get_weights()
        variables = [variable.numpy() for variable in self._optimizer.variables]
        best_weights = weights if best is None or kept == len(history) - 1 else best.best_weights
        return TrainingState(weights, best_weights, variables, history, kept)

    def restore(self, state: TrainingState) -> None:
        """Go back to a state."""
        self._model.set_weights(state.weights)
        for variable, value in zip(self._optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
