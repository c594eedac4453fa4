"""Gaussians of each label, one or a mixture: the classifiers GS and GMM of Tzanetakis & Cook."""

import copy
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.models.estimator import Task, choose

FEATURES = "tzanetakis_cook"
_STARTS = 5  # of k-means
_LEAST_VARIANCE = 1e-3  # of standardised features, so that no component shrinks onto one track


def predict(
    task: Task, *, components: Sequence[int], prior_tracks: Sequence[float], sharpness: Sequence[float]
) -> np.ndarray:
    """Fit densities of training tracks, choose their number and how far to trust them on validation tracks.

    Parameters
    ----------
    task : Task
        With features; they are standardised by the training tracks.
    components : sequence of int
        Gaussians of a label to choose from. One has a full covariance; several have diagonal ones and start from
        k-means. A label of fewer different tracks has as many as tracks.
    prior_tracks : sequence of float
        Numbers to choose from of tracks that the spread within all labels counts for, beside those of a component:
        with n of them, a covariance is n / (n + prior) its own and the rest the pooled variances, on the diagonal.
        A label of fewer tracks than features has no other covariance that can be inverted, and one of a single track
        has the pooled one alone, somewhat narrowed by a zero of its own. The paper, of 100 tracks a label, has nothing
        of the kind.
    sharpness : sequence of float
        Factors of the log densities to choose from. A density of thirty features is too sure of itself; the factor
        leaves the decision as it is.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
        Labels weigh by their shares of training tracks.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302; Fraley & Raftery (2007),
    J. Classification 24, 155-181, for a prior on covariances.
    """
    from scipy.special import log_softmax
    from sklearn.mixture import GaussianMixture
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    assert task.features is not None  # noqa: S101  # the module names them
    scaler = StandardScaler().fit(task.features["train"])
    x, y = {subset: scaler.transform(values) for subset, values in task.features.items()}, task.targets
    learned = np.unique(y["train"])
    tracks = {label: x["train"][y["train"] == label] for label in learned}
    pooled = _pooled_variances(list(tracks.values()))
    fitted: dict[int, dict[int, Any]] = {}

    def fit(own: np.ndarray, n_components: int) -> Any:
        mixture = GaussianMixture(
            min(n_components, len(np.unique(own, axis=0))),
            covariance_type="full" if n_components == 1 else "diag",
            reg_covar=_LEAST_VARIANCE,
            max_iter=1000,
            n_init=_STARTS if n_components > 1 else 1,
            random_state=task.seed,
        )
        return mixture.fit(own if len(own) > 1 else own.repeat(2, axis=0))  # it refuses one track, not the same twice

    def log_densities(candidate: Mapping[str, Any], subset: str) -> np.ndarray:
        number = candidate["components"]
        if number not in fitted:
            fitted[number] = {label: fit(own, number) for label, own in tracks.items()}
        values = np.full((len(x[subset]), len(task.labels)), -np.inf)
        for label, mixture in fitted[number].items():
            n_tracks = len(tracks[label])
            leaning = _lean(mixture, pooled, n_tracks=n_tracks, prior=candidate["prior_tracks"])
            values[:, label] = leaning.score_samples(x[subset]) + np.log(n_tracks / len(y["train"]))
        return values

    def log_probabilities(candidate: Mapping[str, Any], subset: str = "validation") -> np.ndarray:
        return log_softmax(candidate["sharpness"] * log_densities(candidate, subset), axis=1)

    candidates = [
        dict(zip(("components", "prior_tracks", "sharpness"), values, strict=True))
        for values in itertools.product(components, prior_tracks, sharpness)
    ]
    with threadpool_limits(1):  # sums in an order that the number of processors does not change
        best = choose(candidates, log_probabilities, targets=y["validation"])
        return np.exp(log_probabilities(best, "test"))


def _pooled_variances(tracks: Sequence[np.ndarray]) -> np.ndarray:
    """Return the variances within labels [shape=(n_features,)]; 1, that of all tracks, counts as one track more."""
    squares = sum(((own - own.mean(axis=0)) ** 2).sum(axis=0) for own in tracks)
    return np.asarray((squares + 1) / (sum(len(own) - 1 for own in tracks) + 1))


def _lean(mixture: Any, variances: np.ndarray, *, n_tracks: int, prior: float) -> Any:
    """Return a mixture whose covariances lean on given variances, the more the fewer tracks they come from."""
    leaning = copy.copy(mixture)
    share = prior / (n_tracks * mixture.weights_ + prior)
    if mixture.covariance_type == "diag":
        share = share[:, None]
        leaning.covariances_ = (1 - share) * mixture.covariances_ + share * variances
        leaning.precisions_cholesky_ = 1 / np.sqrt(leaning.covariances_)
    else:
        share = share[:, None, None]
        leaning.covariances_ = (1 - share) * mixture.covariances_ + share * np.diag(variances)
        leaning.precisions_cholesky_ = np.linalg.inv(np.linalg.cholesky(leaning.covariances_)).transpose(0, 2, 1)
    return leaning
