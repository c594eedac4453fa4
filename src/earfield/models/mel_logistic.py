"""Logistic regression on a song's long-term spectrum."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.models.estimator import Task, choose

FEATURES = "mel_mean"
TAGS = True  # a binary classifier per tag


def predict(task: Task, *, c: Sequence[float]) -> np.ndarray:
    """Fit on training tracks, choose the inverse regularisation strength `c` on validation tracks.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    x, y = task.features, task.targets

    def log_probabilities(candidate: Mapping[str, Any], subset: str = "validation") -> np.ndarray:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=candidate["c"], max_iter=5000))
        with threadpool_limits(1):  # summation order independent of the number of processors
            model.fit(x["train"], y["train"])
        # A label without training tracks has no column.
        likelihood = np.full((len(x[subset]), len(task.labels)), -np.inf)
        likelihood[:, model.classes_] = model.predict_log_proba(x[subset])
        return likelihood

    best = choose({"c": c}, log_probabilities, targets=y["validation"])
    return np.exp(log_probabilities(best, "test"))
