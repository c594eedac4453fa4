"""Support vector machine on statistics of MFCCs, hand-crafted features."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.models.estimator import Task, choose

FEATURES = "mfcc"
TAGS = True  # a binary classifier per tag


def predict(
    task: Task, *, c: Sequence[float], gamma: Sequence[float], inverse_temperature: Sequence[float]
) -> np.ndarray:
    """Fit on training tracks, choose penalty and width of the kernel on validation tracks.

    Parameters
    ----------
    task : Task
        With features and at least two labels among the training tracks.
    c : sequence of float
        Inverse regularisation strengths to choose from.
    gamma : sequence of float
        To choose from: inverse squared widths of the Gaussian kernel, times the number of features, which are
        standardised.
    inverse_temperature : sequence of float
        To choose from. Probabilities are the softmax of the scaled decision values, which does not change the decision
        and needs no labels other than those of the validation tracks.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]

    Source: Guo et al. (2017), "On calibration of modern neural networks", for temperature scaling.
    """
    from scipy.special import log_softmax
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y = task.features, task.targets
    learned = np.unique(y["train"])
    machines: dict[tuple[float, float], Any] = {}

    def decisions(candidate: Mapping[str, Any], subset: str) -> np.ndarray:
        key = candidate["c"], candidate["gamma"]
        if key not in machines:
            machine = SVC(C=key[0], gamma=key[1] / x["train"].shape[1])
            machines[key] = make_pipeline(StandardScaler(), machine).fit(x["train"], y["train"])
        values = np.full((len(x[subset]), len(task.labels)), -np.inf)
        own = machines[key].decision_function(x[subset])
        values[:, learned] = np.column_stack([-own, own]) if len(learned) == 2 else own
        return values

    def log_probabilities(candidate: Mapping[str, Any], subset: str = "validation") -> np.ndarray:
        return log_softmax(candidate["inverse_temperature"] * decisions(candidate, subset), axis=1)

    grid = {"c": c, "gamma": gamma, "inverse_temperature": inverse_temperature}
    best = choose(grid, log_probabilities, targets=y["validation"])
    return np.exp(log_probabilities(best, "test"))
