"""One Gaussian or a Gaussian mixture per label: the classifiers GS and GMM of Tzanetakis & Cook."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.models.estimator import Task, choose

FEATURES = "tzanetakis_cook"
_STARTS = 5  # of k-means
_LEAST_VARIANCE = 1e-3  # of standardised features, so that no component collapses onto one track


def predict(
    task: Task, *, components: Sequence[int], prior_tracks: Sequence[float], inverse_temperature: Sequence[float]
) -> np.ndarray:
    """Fit densities to training tracks, choose their number, prior and inverse temperature on validation tracks.

    Parameters
    ----------
    components : sequence of int
        Numbers of Gaussians per label to choose from. One has a full covariance; several have diagonal ones and are
        initialised by k-means. A label with fewer distinct tracks has one per track.
    prior_tracks : sequence of float
        Weights of the pooled within-label variances to choose from, in tracks: the covariance of a component of n
        tracks is shrunk to n / (n + prior) of its own and prior / (n + prior) of the pooled diagonal one. Without it
        the covariance of a label with fewer tracks than features is singular. The paper, with 100 tracks per label,
        has no such prior.
    inverse_temperature : sequence of float
        To choose from: factors of the log densities, which are overconfident with thirty features.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
        Priors of labels are their frequencies among training tracks.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302; Fraley & Raftery (2007),
    J. Classification 24, 155-181, for a prior on covariances.
    """
    from scipy.special import log_softmax
    from sklearn.mixture import GaussianMixture
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

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
            shrunk = _shrink(mixture, pooled, n_tracks=n_tracks, prior=candidate["prior_tracks"])
            values[:, label] = shrunk.score_samples(x[subset]) + np.log(n_tracks / len(y["train"]))
        return values

    def log_probabilities(candidate: Mapping[str, Any], subset: str = "validation") -> np.ndarray:
        return log_softmax(candidate["inverse_temperature"] * log_densities(candidate, subset), axis=1)

    grid = {"components": components, "prior_tracks": prior_tracks, "inverse_temperature": inverse_temperature}
    with threadpool_limits(1):  # summation order independent of the number of processors
        best = choose(grid, log_probabilities, targets=y["validation"])
        return np.exp(log_probabilities(best, "test"))


def _pooled_variances(tracks: Sequence[np.ndarray]) -> np.ndarray:
    """Return the pooled variances within labels [shape=(n_features,)]; the total, 1, counts as one more track."""
    squares = sum(((own - own.mean(axis=0)) ** 2).sum(axis=0) for own in tracks)
    return np.asarray((squares + 1) / (sum(len(own) - 1 for own in tracks) + 1))


def _shrink(mixture: Any, variances: np.ndarray, *, n_tracks: int, prior: float) -> Any:
    """Shrink the covariances of a mixture towards given variances, the more the fewer tracks they come from."""
    shrunk = copy.copy(mixture)
    weight = prior / (n_tracks * mixture.weights_ + prior)
    diagonal = mixture.covariance_type == "diag"
    weight, towards = (weight[:, None], variances) if diagonal else (weight[:, None, None], np.diag(variances))
    shrunk.covariances_ = (1 - weight) * mixture.covariances_ + weight * towards
    if diagonal:
        shrunk.precisions_cholesky_ = 1 / np.sqrt(shrunk.covariances_)
    else:
        shrunk.precisions_cholesky_ = np.linalg.inv(np.linalg.cholesky(shrunk.covariances_)).transpose(0, 2, 1)
    return shrunk
