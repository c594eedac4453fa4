"""The commonest training label for every track: what any model has to beat."""

import numpy as np

from earfield.models.estimator import Task

TAGS = True  # the frequency of each tag


def predict(task: Task) -> np.ndarray:
    """Return the shares of the labels among the training tracks, the same for every test track.

    Parameters
    ----------
    task : Task
        Of which only the training labels are looked at.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
    """
    shares = np.bincount(task.targets["train"], minlength=len(task.labels)) / len(task.targets["train"])
    return np.tile(shares, (len(task.tracks["test"]), 1))
