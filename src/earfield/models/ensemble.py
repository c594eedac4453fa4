"""Ensemble of linear discriminant analysis and randomised trees on statistics of whole songs, for small data sets."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.models.estimator import Task, choose

log = logging.getLogger(__name__)
FEATURES = "song_statistics"
TAGS = True  # a binary classifier per tag
_SUMMARY = 90  # the first columns: without correlations and modulation, to which trees overfit with few songs
_LEAST = 0.01  # added to the probabilities of each classifier, so that neither can exclude a label alone


def predict(task: Task, *, trees: int, inverse_temperature: Sequence[float]) -> np.ndarray:
    """Fit on training tracks, choose the inverse temperature on validation tracks, refit on both.

    A linear discriminant analysis with a shrunk covariance sees all features, extremely randomised trees see a summary
    of timbre, beats and pitches; with one track per label the trees are used alone. Neither has hyperparameters, so the
    validation tracks, which are needed for the inverse temperature only, are used for the final fit as well.

    Parameters
    ----------
    task : Task
        With features and at least two labels among the training tracks.
    trees : int
        Number of trees.
    inverse_temperature : sequence of float
        To choose from: exponents of the geometric mean of the two classifiers' probabilities.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]

    Source: Ledoit & Wolf (2004), J. Multivariate Analysis 88, 365-411, for the shrinkage; Geurts, Ernst & Wehenkel
    (2006), Machine Learning 63, 3-42, for the trees.
    """
    from scipy.special import log_softmax

    x, y, n = task.features, task.targets, len(task.labels)
    early = _fit(x["train"], y["train"], trees=trees, seed=task.seed)
    heard = _mean_log(early, x["validation"], n)

    def log_probabilities(candidate: Mapping[str, Any]) -> np.ndarray:
        return log_softmax(candidate["inverse_temperature"] * heard, axis=1)

    best = choose({"inverse_temperature": inverse_temperature}, log_probabilities, targets=y["validation"])
    both = [np.concatenate([part["train"], part["validation"]]) for part in (x, y)]
    late = _fit(*both, trees=trees, seed=task.seed)
    return np.exp(log_softmax(best["inverse_temperature"] * _mean_log(late, x["test"], n), axis=1))


def _fit(x: np.ndarray, y: np.ndarray, *, trees: int, seed: int) -> list[Any]:
    """Return the fitted classifiers."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    from threadpoolctl import threadpool_limits

    linear = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    forest = make_pipeline(FunctionTransformer(_summary), ExtraTreesClassifier(trees, random_state=seed))
    members = [linear, forest]
    if len(y) == len(np.unique(y)):
        log.info("One track per label: the variance within labels is unknown, so the trees are used alone.")
        members = [forest]
    with threadpool_limits(1):  # summation order independent of the number of processors
        return [member.fit(x, y) for member in members]


def _summary(x: np.ndarray) -> np.ndarray:
    return x[:, :_SUMMARY]


def _mean_log(members: Sequence[Any], x: np.ndarray, n_labels: int) -> np.ndarray:
    """Return the mean over classifiers of the log probabilities [track, label], bounded from below."""
    found = np.zeros((len(members), len(x), n_labels))  # a label without training tracks has no column
    for own, member in zip(found, members, strict=True):
        own[:, member.classes_] = member.predict_proba(x)
    return np.log(found + _LEAST).mean(axis=0)
