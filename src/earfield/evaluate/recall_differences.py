"""Differences between the recalls of labels over several runs that share tracks, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from earfield.statistics.intervals import Estimate


@dataclass(frozen=True)
class Recalls:
    """The recall of each label over several runs, and how far chance moves them together.

    Attributes
    ----------
    labels : list of str
        Those tested, sorted.
    recall : np.ndarray [shape=(n_labels,)]
        Share of each label's tests that are right.
    tracks : np.ndarray [shape=(n_labels,)]
        Tracks of each label.
    tests, runs : int
        Of all labels together.
    by_track, by_test : np.ndarray [shape=(n_labels,)]
        Variance of each recall when tracks, or tests, are what varies. Labels share neither.
    by_run : np.ndarray [shape=(n_labels, n_labels)]
        Covariance of the recalls when runs are what varies: one network may favour a label at the cost of another.
    """

    labels: list[str]
    recall: np.ndarray
    tracks: np.ndarray
    tests: int
    runs: int
    by_track: np.ndarray
    by_test: np.ndarray
    by_run: np.ndarray

    def contrast(self, weights: Mapping[str, float], *, comparisons: int = 1) -> Estimate:
        """Return a weighted sum of recalls, such as the difference between two.

        Parameters
        ----------
        weights : mapping of str to float
            Weight of each label that counts.
        comparisons : int
            How many contrasts are looked at together: each interval is widened so that all of them hold the truth
            with at least 95% (Bonferroni's correction).

        Returns
        -------
        Estimate
            The variance is that of clusters both ways: between tracks, plus between runs, less what both count. The
            interval is Student's, for the degrees of freedom that tracks and runs leave (Satterthwaite's).

        Source: Cameron, Gelbach & Miller (2011), J. Business & Economic Statistics 29, 238-249; Satterthwaite (1946),
        Biometrics Bulletin 2, 110-114.
        """
        from scipy.stats import t

        weight = np.array([weights.get(label, 0.0) for label in self.labels])
        value = float(weight @ self.recall)
        parts = np.square(weight) * self.by_track
        between_tracks, between_runs = float(parts.sum()), float(weight @ self.by_run @ weight)
        total = max(between_tracks, between_tracks + between_runs - float(np.square(weight) @ self.by_test))
        if total == 0:
            return Estimate(value, value, value)
        spent = float((np.square(parts) / np.maximum(1, self.tracks - 1)).sum())
        if total > between_tracks:
            spent += between_runs**2 / max(1, self.runs - 1)
        half = float(t.ppf(1 - 0.025 / comparisons, total**2 / spent)) * total**0.5
        least, most = weight[weight < 0].sum(), weight[weight > 0].sum()  # what recalls of 0 and 1 would make
        return Estimate(value, max(float(least), value - half), min(float(most), value + half))

    def difference(self, label: str, other: str, *, comparisons: int = 1) -> Estimate:
        """Return by how much one label's recall exceeds another's; see `contrast`."""
        return self.contrast({label: 1.0, other: -1.0}, comparisons=comparisons)


def recalls(runs: Sequence[pd.DataFrame]) -> Recalls:
    """Measure the recall of each label.

    Parameters
    ----------
    runs : sequence of pd.DataFrame
        Predictions of each run, from `read_predictions`. A track has the same label in all of them.

    Returns
    -------
    Recalls
        Where a label has one track, or all its tests or none are right, nothing shows how far chance moves its recall;
        its variance is then that of its tracks and two more, one right and one wrong.

    Source: Agresti & Caffo (2000), The American Statistician 54, 280-288, for the two more.
    """
    tests = pd.concat([run[["track", "label", "correct"]].assign(run=number) for number, run in enumerate(runs)])
    labels, codes = np.unique(tests.label.to_numpy(str), return_inverse=True)
    counts = np.bincount(codes)
    recall = np.bincount(codes, weights=tests.correct) / counts
    residuals = (tests.correct.to_numpy(float) - recall[codes]) / counts[codes]
    names, track_codes = np.unique(tests.track.to_numpy(str), return_inverse=True)
    label_of = np.zeros(len(names), dtype=int)
    label_of[track_codes] = codes
    tracks = np.bincount(label_of, minlength=len(labels))
    sums = np.bincount(track_codes, weights=residuals)
    spread = np.bincount(label_of, weights=np.square(sums), minlength=len(labels))
    by_track = spread * tracks / np.maximum(1, tracks - 1)
    smooth = (recall * tracks + 1) / (tracks + 2)
    unknown = (tracks == 1) | (recall == 0) | (recall == 1)
    by_track[unknown] = (smooth * (1 - smooth) / (tracks + 2))[unknown]
    of_runs = np.zeros((len(runs), len(labels)))
    np.add.at(of_runs, (tests.run.to_numpy(), codes), residuals)
    return Recalls(
        labels=labels.tolist(),
        recall=recall,
        tracks=tracks,
        tests=len(tests),
        runs=len(runs),
        by_track=by_track,
        by_test=np.bincount(codes, weights=np.square(residuals)),
        by_run=of_runs.T @ of_runs * len(runs) / max(1, len(runs) - 1),
    )
