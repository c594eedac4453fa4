"""Linear discriminant axes of labelled segments, and how well those axes alone tell new segments apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from earfield.statistics.proportions import wilson_interval

_RESAMPLES, _SEED = 10_000, 0
_DRAWN_AT_ONCE = 2**20  # tracks


@dataclass(frozen=True)
class DiscriminantAxes:
    """The first axes of a linear discriminant analysis, with the classifier that knows nothing but them.

    Attributes
    ----------
    labels : np.ndarray [shape=(n_labels,), dtype=str]
        Sorted.
    origin : np.ndarray [shape=(n_features,)]
        The point that has all coordinates 0.
    weights : np.ndarray [shape=(n_features, n_axes)]
        From features to coordinates; in these the labels' common covariance is the identity on the training
        segments. Features that vary within no label have weight 0.
    share : np.ndarray [shape=(n_axes,)]
        Share of the variance between labels along each axis, which falls from axis to axis.
    means : np.ndarray [shape=(n_labels, n_axes)]
        Mean coordinates of each label's training segments.
    prior : np.ndarray [shape=(n_labels,)]
        Share of each label among the training segments.
    """

    labels: np.ndarray
    origin: np.ndarray
    weights: np.ndarray
    share: np.ndarray
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
        """Return each label's probability, given the coordinates alone.

        Parameters
        ----------
        coordinates : np.ndarray [shape=(n_segments, n_axes)]
            From `coordinates`.

        Returns
        -------
        np.ndarray [shape=(n_segments, n_labels)]
            Bayes' rule for one normal distribution a label, around its mean and with the common covariance.

        Source: Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, section 4.3.3.
        """
        distances = np.square(coordinates[:, None] - self.means).sum(axis=2)
        logarithm = np.log(self.prior) - distances / 2
        likelihood = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
        return likelihood / likelihood.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Answers:
    """What the axes alone say of tracks that took no part in fitting them.

    Attributes
    ----------
    tracks : np.ndarray [shape=(n_tracks,), dtype=str]
        Sorted.
    segments, right_segments : np.ndarray [shape=(n_tracks,)]
        Segments of each track, and those given the right label.
    right : np.ndarray [shape=(n_tracks,)]
        1 where the track as a whole is given the right label, that of the largest mean probability over segments.
    """

    tracks: np.ndarray
    segments: np.ndarray
    right_segments: np.ndarray
    right: np.ndarray


class Share(NamedTuple):
    """A share, or a difference of shares, with the limits of its 95% interval."""

    share: float
    low: float
    high: float


def fit_axes(x: np.ndarray, labels: np.ndarray, *, n_axes: int = 3) -> DiscriminantAxes:
    """Fit the axes along which labels lie furthest apart, in units of their spread.

    Parameters
    ----------
    x : np.ndarray [shape=(n_segments, n_features)]
        Training segments.
    labels : np.ndarray [shape=(n_segments,), dtype=str]
        The label of each.
    n_axes : int
        Axes to return. There are fewer if there are fewer than `n_axes` + 1 labels, or than `n_axes` features that
        are linearly independent.

    Returns
    -------
    DiscriminantAxes

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
    # Units that are always off have no spread to measure distances by; rounding must not lend them one.
    varying = np.any([np.ptp(x[codes == code], axis=0) > 0 for code in range(len(names))], axis=0)
    if not varying.any():
        raise ValueError("discriminant axes need a feature that varies within a label")
    analysis = LinearDiscriminantAnalysis().fit(x[:, varying].astype(np.float64), codes)
    found = min(n_axes, analysis.scalings_.shape[1])
    weights = np.zeros((x.shape[1], found))
    weights[varying] = analysis.scalings_[:, :found]
    origin = np.zeros(x.shape[1])
    origin[varying] = analysis.xbar_
    return DiscriminantAxes(
        labels=names,
        origin=origin,
        weights=weights,
        share=analysis.explained_variance_ratio_[:found],
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
    n_axes: int = 3,
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
    n_axes : int
        Axes that may be used to tell the labels apart.

    Returns
    -------
    n : int
        The number with the highest accuracy; the smallest of several.
    tried : np.ndarray [shape=(n_candidates, 2)]
        Each number that was tried, and its accuracy.
    """
    tried = []
    for n in sorted({min(candidate, train.shape[1]) for candidate in candidates}):
        axes = fit_axes(train[:, :n], train_labels, n_axes=n_axes)
        posterior = axes.posterior(axes.coordinates(validation[:, :n]))
        tried.append((n, np.mean(axes.labels[posterior.argmax(axis=1)] == validation_labels)))
    table = np.array(tried)
    return int(table[table[:, 1].argmax(), 0]), table


def answer(axes: DiscriminantAxes, coordinates: np.ndarray, *, labels: np.ndarray, tracks: np.ndarray) -> Answers:
    """Label segments, and whole tracks, by their coordinates alone.

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
    Answers
    """
    posterior = axes.posterior(coordinates)
    names, first, rows, counts = np.unique(tracks, return_index=True, return_inverse=True, return_counts=True)
    total = np.zeros((len(names), len(axes.labels)))
    np.add.at(total, rows, posterior)
    right_segments = axes.labels[posterior.argmax(axis=1)] == labels
    return Answers(
        tracks=names,
        segments=counts,
        right_segments=np.bincount(rows, weights=right_segments),
        right=(axes.labels[total.argmax(axis=1)] == labels[first]).astype(float),
    )


def accuracy(right: np.ndarray, tests: np.ndarray) -> Share:
    """Return the share of right answers.

    Parameters
    ----------
    right, tests : np.ndarray [shape=(n_tracks,)]
        Right answers and answers of each track.

    Returns
    -------
    Share
        The interval comes from drawing whole tracks anew, since answers for one track are not independent. Where
        that never changes the share, as when all answers are right, it is Wilson's for as many answers as tracks.

    Source: Field & Welsh (2007), Bootstrapping clustered data, J. Royal Statistical Society B 69, 369-390.
    """
    result = _resampled(right, tests)
    if result.low == result.high:
        return Share(result.share, *wilson_interval(result.share * len(tests), len(tests)))
    return result


def difference(right: np.ndarray, other: np.ndarray, tests: np.ndarray) -> Share:
    """Return by how much one share of right answers exceeds another on the same tracks.

    Parameters
    ----------
    right, other, tests : np.ndarray [shape=(n_tracks,)]
        Right answers of the one and of the other, and answers of each track.

    Returns
    -------
    Share
        -1 to 1. The interval comes from drawing whole tracks anew, for both at once.
    """
    return _resampled(right - other, tests)


def _resampled(hits: np.ndarray, tests: np.ndarray) -> Share:
    """Return the share of hits over all tracks and its percentile interval over resampled tracks."""
    generator = np.random.default_rng(_SEED)
    n = len(hits)
    shares = []
    for first in range(0, _RESAMPLES, rows := max(1, _DRAWN_AT_ONCE // n)):
        drawn = generator.integers(0, n, (min(rows, _RESAMPLES - first), n))
        shares.append(hits[drawn].sum(axis=1) / tests[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(shares), [0.025, 0.975])
    return Share(float(hits.sum() / tests.sum()), float(low), float(high))
