"""Majority-class baseline: the frequencies of the training labels, for every track."""

import numpy as np

from earfield.models.estimator import Task

TAGS = True  # the frequency of each tag


def predict(task: Task) -> np.ndarray:
    """Return the frequencies of the training labels, the same for every test track.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
    """
    frequencies = np.bincount(task.targets["train"], minlength=len(task.labels)) / len(task.targets["train"])
    return np.tile(frequencies, (len(task.tracks["test"]), 1))
