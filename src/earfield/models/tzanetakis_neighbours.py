"""The labels of the nearest training tracks: the classifier k-NN of Tzanetakis & Cook."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.models.estimator import Task, choose

FEATURES = "tzanetakis_cook"
_HAIR = 5e-8  # of a probability: enough to be the largest, also with nine digits


def predict(task: Task, *, k: Sequence[int], smoothing: Sequence[float]) -> np.ndarray:
    """Let the nearest training tracks vote, choose their number on validation tracks.

    Parameters
    ----------
    task : Task
        With features; they are standardised by the training tracks.
    k : sequence of int
        Numbers of neighbours to choose from; all training tracks where there are fewer.
    smoothing : sequence of float
        Numbers of votes to choose from, more than 0, that are shared out by the labels' shares of training tracks, so
        that no label is left without probability. Where they are many beside `k`, a frequent label outvotes the nearest
        track of a rare one, which the paper's k-NN does not know; validation tracks decide.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
        Labels that draw for the most votes have the same probability, but for a hair more for the one whose track is
        nearest: it decides the draw, which the paper leaves open.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302.
    """
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    assert task.features is not None  # noqa: S101  # the module names them
    x, y = task.features, task.targets
    frequency = np.bincount(y["train"], minlength=len(task.labels)) / len(y["train"])
    scaler = StandardScaler().fit(x["train"])
    # A tree, since a product of matrices would round the distances otherwise on another number of processors.
    tree = NearestNeighbors(algorithm="kd_tree").fit(scaler.transform(x["train"]))

    def probabilities(candidate: Mapping[str, Any], subset: str) -> np.ndarray:
        n_votes = min(candidate["k"], len(y["train"]))
        near = y["train"][tree.kneighbors(scaler.transform(x[subset]), n_votes, return_distance=False)]
        votes = (near[:, :, None] == np.arange(len(task.labels))).sum(axis=1)
        values = (votes + candidate["smoothing"] * frequency) / (n_votes + candidate["smoothing"])
        most = votes == votes.max(axis=1, keepdims=True)
        values = np.where(most, values.mean(axis=1, where=most, keepdims=True), values)
        nearest_of_most = np.take_along_axis(most, near, axis=1).argmax(axis=1, keepdims=True)
        decides = np.take_along_axis(near, nearest_of_most, axis=1) == np.arange(len(task.labels))
        values = values * (1 + _HAIR * decides)
        return values / values.sum(axis=1, keepdims=True)

    def log_probabilities(candidate: Mapping[str, Any]) -> np.ndarray:
        values = probabilities(candidate, "validation")
        return np.log(values, out=np.full_like(values, -np.inf), where=values > 0)

    candidates = [dict(zip(("k", "smoothing"), values, strict=True)) for values in itertools.product(k, smoothing)]
    best = choose(candidates, log_probabilities, targets=y["validation"])
    return probabilities(best, "test")
