"""Linear discriminant axes of labelled segments, and the classifier that knows these axes alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_AXES = 3


@dataclass(frozen=True)
class DiscriminantAxes:
    """The first axes of a linear discriminant analysis, with the classifier that knows these axes alone.

    Attributes
    ----------
    labels : np.ndarray [shape=(n_labels,), dtype=str]
        Sorted.
    origin : np.ndarray [shape=(n_features,)]
        The point that has all coordinates 0.
    weights : np.ndarray [shape=(n_features, n_axes)]
        From features to coordinates; in these the labels' common covariance is the identity on the training
        segments. Features that vary within no label have weight 0.
    variance_ratio : np.ndarray [shape=(n_axes,)]
        Fraction of the variance between labels along each axis, descending.
    means : np.ndarray [shape=(n_labels, n_axes)]
        Mean coordinates of each label's training segments.
    prior : np.ndarray [shape=(n_labels,)]
        Fraction of the training segments that have each label.
    """

    labels: np.ndarray
    origin: np.ndarray
    weights: np.ndarray
    variance_ratio: np.ndarray
    means: np.ndarray
    prior: np.ndarray

    def coordinates(self, x: np.ndarray) -> np.ndarray:
        """Project segments on the axes.

        Parameters
        ----------
        x : np.ndarray [shape=(n_segments, n_features)]

        Returns
        -------
        np.ndarray [shape=(n_segments, n_axes), dtype=float64]
        """
        return (x - self.origin) @ self.weights

    def posterior(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the posterior probability of each label, given the coordinates alone.

        Parameters
        ----------
        coordinates : np.ndarray [shape=(n_segments, n_axes)]
            From `coordinates`.

        Returns
        -------
        np.ndarray [shape=(n_segments, n_labels)]
            Bayes' rule with one normal distribution per label, around its mean and with the common covariance.

        Source: Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, section 4.3.3.
        """
        distances = np.square(coordinates[:, None] - self.means).sum(axis=2)
        logarithm = np.log(self.prior) - distances / 2
        likelihood = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
        return likelihood / likelihood.sum(axis=1, keepdims=True)


def fit_axes(x: np.ndarray, labels: np.ndarray) -> DiscriminantAxes:
    """Fit the axes of largest variance between labels, relative to the variance within labels.

    Parameters
    ----------
    x : np.ndarray [shape=(n_segments, n_features)]
        Training segments.
    labels : np.ndarray [shape=(n_segments,), dtype=str]
        The label of each.

    Returns
    -------
    DiscriminantAxes
        With `MOST_AXES` axes, or fewer where there are fewer labels less one, or linearly independent features.

    Raises
    ------
    ValueError
        If there are fewer than two labels, or no feature varies within a label.

    Source: Fisher (1936), Annals of Eugenics 7, 179-188; Rao (1948), J. Royal Statistical Society B 10, 159-203.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    names, codes = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"discriminant axes need two or more labels, not {len(names)}")
    # Units that are always off have no variance within labels; rounding must not lend them one.
    varying = np.any([np.ptp(x[codes == code], axis=0) > 0 for code in range(len(names))], axis=0)
    if not varying.any():
        raise ValueError("discriminant axes need a feature that varies within a label")
    analysis = LinearDiscriminantAnalysis().fit(x[:, varying].astype(np.float64), codes)
    found = min(MOST_AXES, analysis.scalings_.shape[1])
    weights = np.zeros((x.shape[1], found))
    weights[varying] = analysis.scalings_[:, :found]
    origin = np.zeros(x.shape[1])
    origin[varying] = analysis.xbar_
    return DiscriminantAxes(
        labels=names,
        origin=origin,
        weights=weights,
        variance_ratio=analysis.explained_variance_ratio_[:found],
        means=(analysis.means_ - analysis.xbar_) @ analysis.scalings_[:, :found],
        prior=analysis.priors_,
    )


def choose_components(
    train: np.ndarray,
    train_labels: np.ndarray,
    validation: np.ndarray,
    validation_labels: np.ndarray,
    *,
    candidates: Sequence[int],
) -> tuple[int, np.ndarray]:
    """Choose how many principal components the axes are fitted on, by accuracy on validation segments.

    Parameters
    ----------
    train, validation : np.ndarray [shape=(n_segments, n_components)]
        Principal components, the largest first.
    train_labels, validation_labels : np.ndarray [shape=(n_segments,), dtype=str]
        The label of each segment.
    candidates : sequence of int
        Numbers to try; those above `n_components` count as `n_components`.

    Returns
    -------
    n : int
        The number with the highest accuracy; the smallest of several.
    tried : np.ndarray [shape=(n_candidates, 2)]
        Each number that was tried, and its accuracy.
    """
    tried = []
    for n in sorted({min(candidate, train.shape[1]) for candidate in candidates}):
        axes = fit_axes(train[:, :n], train_labels)
        posterior = axes.posterior(axes.coordinates(validation[:, :n]))
        tried.append((n, np.mean(axes.labels[posterior.argmax(axis=1)] == validation_labels)))
    table = np.array(tried)
    return int(table[table[:, 1].argmax(), 0]), table


def classify(
    axes: DiscriminantAxes, coordinates: np.ndarray, *, labels: np.ndarray, tracks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Classify segments, and whole tracks, by their coordinates alone.

    Parameters
    ----------
    axes : DiscriminantAxes
        Fitted on other tracks.
    coordinates : np.ndarray [shape=(n_segments, n_axes)]
        The segments on the axes.
    labels, tracks : np.ndarray [shape=(n_segments,), dtype=str]
        The true label and the track of each segment.

    Returns
    -------
    segments : np.ndarray [shape=(n_tracks, most segments of a track)]
        1 if correct, 0 if not, of the segments of each track in their order; NaN beyond a track's last. Tracks are
        sorted.
    whole : np.ndarray [shape=(n_tracks, 1)]
        The same for each track as a whole, whose label is that of the largest mean probability over its segments.
    """
    posterior = axes.posterior(coordinates)
    names, first, rows, counts = np.unique(tracks, return_index=True, return_inverse=True, return_counts=True)
    total = np.zeros((len(names), len(axes.labels)))
    np.add.at(total, rows, posterior)
    order = np.argsort(rows, kind="stable")
    segments = np.full((len(names), counts.max()), np.nan)
    segments[np.arange(counts.max()) < counts[:, None]] = (axes.labels[posterior.argmax(axis=1)] == labels)[order]
    whole = axes.labels[total.argmax(axis=1)] == labels[first]
    return segments, whole[:, None].astype(float)
