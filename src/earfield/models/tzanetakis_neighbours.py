"""k nearest neighbours: the classifier k-NN of Tzanetakis & Cook."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.models.estimator import Task, choose

FEATURES = "tzanetakis_cook"
_TIE_BREAK = 5e-8  # relative increase of a probability: enough to be the largest with nine digits


def predict(task: Task, *, k: Sequence[int], smoothing: Sequence[float]) -> np.ndarray:
    """Classify by the votes of the nearest training tracks in standardised features.

    Parameters
    ----------
    k : sequence of int
        Numbers of neighbours to choose from on validation tracks; all training tracks where there are fewer.
    smoothing : sequence of float
        Numbers of pseudo-votes to choose from, above 0, distributed by the frequencies of the training labels, so that
        no label has probability 0. Where they are many relative to `k`, a frequent label outvotes the nearest track of
        a rare one, unlike in the paper's k-NN; validation tracks decide.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
        Labels tied for the most votes have the same probability, but slightly more for the one whose track is nearest,
        which breaks the tie; the paper does not say how.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302.
    """
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    x, y = task.features, task.targets
    frequency = np.bincount(y["train"], minlength=len(task.labels)) / len(y["train"])
    scaler = StandardScaler().fit(x["train"])
    # A tree: rounding of a matrix product depends on the number of processors.
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
        values = values * (1 + _TIE_BREAK * decides)
        return values / values.sum(axis=1, keepdims=True)

    def log_probabilities(candidate: Mapping[str, Any]) -> np.ndarray:
        values = probabilities(candidate, "validation")
        return np.log(values, out=np.full_like(values, -np.inf), where=values > 0)

    best = choose({"k": k, "smoothing": smoothing}, log_probabilities, targets=y["validation"])
    return probabilities(best, "test")
