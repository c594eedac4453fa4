"""The labels of the nearest training tracks: the classifier k-NN of Tzanetakis & Cook."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.model import Task, choose

FEATURES = "tzanetakis_cook"


def predict(task: Task, *, k: Sequence[int], smoothing: Sequence[float]) -> np.ndarray:
    """Let the nearest training tracks vote, choose their number on validation tracks.

    Parameters
    ----------
    task : Task
        With features; they are standardised by the training tracks.
    k : sequence of int
        Numbers of neighbours to choose from; all training tracks where there are fewer.
    smoothing : sequence of float
        Numbers of votes to choose from, more than 0, that are shared out by the labels' shares of training tracks. They
        leave no label without probability and give the commoner label the vote where neighbours are in a draw, which
        the paper leaves open.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302.
    """
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    assert task.features is not None  # noqa: S101  # the module names them
    x, y = task.features, task.targets
    frequency = np.bincount(y["train"], minlength=len(task.labels)) / len(y["train"])

    def probabilities(candidate: Mapping[str, Any], subset: str) -> np.ndarray:
        n_votes = min(candidate["k"], len(y["train"]))
        # A tree, since a product of matrices would round the distances otherwise on another number of processors.
        machine = make_pipeline(StandardScaler(), KNeighborsClassifier(n_votes, algorithm="kd_tree"))
        votes = np.zeros((len(x[subset]), len(task.labels)))
        votes[:, np.unique(y["train"])] = n_votes * machine.fit(x["train"], y["train"]).predict_proba(x[subset])
        return (votes + candidate["smoothing"] * frequency) / (n_votes + candidate["smoothing"])

    def log_probabilities(candidate: Mapping[str, Any]) -> np.ndarray:
        values = probabilities(candidate, "validation")
        return np.log(values, out=np.full_like(values, -np.inf), where=values > 0)

    candidates = [dict(zip(("k", "smoothing"), values, strict=True)) for values in itertools.product(k, smoothing)]
    best = choose(candidates, log_probabilities, targets=y["validation"])
    return probabilities(best, "test")
