"""Interface of models that are modules: their input and output, and the choice of hyperparameters."""

import importlib
import itertools
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from earfield.configuration.code_dependencies import module_name
from earfield.errors import ConfigError, DatasetError
from earfield.features.shards import read_features
from earfield.files.tables import read_text_csv
from earfield.mel.shards import MelShards
from earfield.models.predictions import write_predictions
from earfield.tracks.tags import targets_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """Input of a model, by subset: train, validation, test."""

    labels: list[str]  # sorted; a target is an index into this list
    tracks: Mapping[str, list[str]]  # names of the tracks of each subset
    targets: Mapping[str, np.ndarray]  # [shape=(n_tracks,), dtype=int] of train and validation, not of test
    features: Mapping[str, np.ndarray]  # [shape=(n_tracks, n_features), dtype=float64]; empty if the module names none
    shards: MelShards | None  # the log-mel spectrograms; None if the module names features
    seed: int


# From a task and the options of the configuration to probabilities [shape=(n_test_tracks, n_labels)].
Predict = Callable[..., np.ndarray]


def predict_with_module(
    *,
    module: str,
    options: Mapping[str, Any],
    split: str | os.PathLike[str],
    features_paths: Sequence[str | os.PathLike[str]],
    shards: MelShards | None,
    predictions_path: str | os.PathLike[str],
    seed: int,
    tags: bool = False,
) -> None:
    """Fit a model on the training tracks of a split and write its probabilities for the test tracks.

    Parameters
    ----------
    module : str
        Module of `earfield.models`. Its `predict` takes a `Task` and the options, and returns probabilities
        [shape=(n_test_tracks, n_labels)]. A constant FEATURES names the module of `earfield.features` that it needs.
    options : mapping
        For `predict`.
    split : path-like
        `track, label, subset`.
    features_paths : sequence of path-like
        Shards of the features that the module names; empty if it names none.
    shards : MelShards or None
        The spectrograms; None if the module names features.
    predictions_path : path-like
        `.csv` to write.
    seed : int
        Of the model.
    tags : bool
        Whether a label is the text of several tags. The module, which has a constant TAGS = True, is then fitted to
        each tag separately, as a binary classifier.

    Raises
    ------
    DatasetError
        If the probabilities have another shape or do not add up to 1.
    """
    table = read_text_csv(split)
    parts = dict(iter(table.groupby("subset")))
    labels, targets = targets_of(table, tags=tags)
    described = read_features(features_paths) if features_paths else None
    task = Task(
        labels=labels,
        tracks={subset: rows.track.tolist() for subset, rows in parts.items()},
        targets={subset: own for subset, own in targets.items() if subset != "test"},
        features={}
        if described is None
        else {subset: described.loc[rows.track].to_numpy(dtype=float) for subset, rows in parts.items()},
        shards=shards,
        seed=seed,
    )
    predict: Predict = importlib.import_module(module_name("models", module)).predict

    def probabilities_of(task: Task) -> np.ndarray:
        probabilities = predict(task, **options)
        expected = (len(parts["test"]), len(task.labels))
        if probabilities.shape != expected or not np.allclose(probabilities.sum(axis=1), 1, atol=1e-6):
            raise DatasetError(
                f"earfield.models.{module} returned probabilities of shape {probabilities.shape} that add up to "
                f"{probabilities.sum(axis=-1).min():g} to {probabilities.sum(axis=-1).max():g} per track; it has to "
                f"return shape {expected}, each row adding up to 1."
            )
        return probabilities

    probabilities = _one_by_one(task, probabilities_of) if tags else probabilities_of(task)
    write_predictions(predictions_path, tracks=parts["test"], labels=labels, probabilities=probabilities, tags=tags)


def _one_by_one(task: Task, probabilities_of: Callable[[Task], np.ndarray]) -> np.ndarray:
    """Return the probability of each tag [track, tag], from one binary classifier per tag."""
    columns = []
    for place, tag in enumerate(task.labels):
        own = {subset: has[:, place].astype(int) for subset, has in task.targets.items()}
        if len(set(own["train"])) == 1:  # only one class
            columns.append(np.full(len(task.tracks["test"]), float(own["train"][0])))
            continue
        log.info("The tag '%s':", tag)
        columns.append(probabilities_of(replace(task, labels=[f"not {tag}", tag], targets=own))[:, 1])
    return np.column_stack(columns)


def choose(
    grid: Mapping[str, Iterable[Any]],
    log_probabilities: Callable[[Mapping[str, Any]], np.ndarray],
    *,
    targets: np.ndarray,
) -> Mapping[str, Any]:
    """Choose hyperparameters on validation tracks.

    Parameters
    ----------
    grid : mapping of str to iterable
        Values to try of each hyperparameter; all combinations are tried, the last one varying fastest.
    log_probabilities : callable
        From hyperparameters by name to log probabilities of the validation tracks [shape=(n_tracks, n_labels)], of a
        model fitted on training tracks.
    targets : np.ndarray [shape=(n_tracks,), dtype=int]
        Labels of the validation tracks.

    Returns
    -------
    mapping
        The combination with the highest accuracy; ties, frequent with few validation tracks, go to the lowest log loss,
        then to the first.

    Raises
    ------
    ConfigError
        If there is no value of a hyperparameter.
    """
    trials = []
    for values in itertools.product(*grid.values()):
        candidate = dict(zip(grid, values, strict=True))
        likelihood = log_probabilities(candidate)
        accuracy = float((likelihood.argmax(axis=1) == targets).mean())
        loss = float(-likelihood[np.arange(len(targets)), targets].mean())
        trials.append((accuracy, -loss, candidate))
        log.info("%s: %.1f%% of %d validation tracks, log loss %.3f nat", candidate, 100 * accuracy, len(targets), loss)
    if not trials:
        raise ConfigError("An option in models.<name>.options is an empty list; give it a value to choose.")
    best = max(trials, key=lambda trial: trial[:2])[2]
    log.info("Chosen: %s", best)
    return best
