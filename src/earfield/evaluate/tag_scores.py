"""Scores of tags: how well probabilities rank the tracks that have a tag above those that have not.

A score of one run is no mean over its tests, so each test gets what it adds: the score, plus by how much it moves it,
times the number of tests (its jackknife pseudo-value). The mean of these is the score, and the intervals are those of
`earfield.statistics.intervals` for means over tracks and runs.

How many of the intervals of means over four tags that go together held the truth, in 300 simulated sets for each of two
or three strengths: of the ROC's area 93-98%, of average precision 92-98%, of differences between two models on the same
tests 94-100%; with 5 or 10 runs that differ, of 39 tests of 130 tracks or 90 of 300 each, tags of 30% or 10% of the
tracks; and for one run of 39 or 77 tests.

Source: Hanley & Hajian-Tilaki (1997), "Sampling variability of nonparametric estimates of the areas under receiver
operating characteristic curves", Academic Radiology 4, 49-58; DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44,
837-845, for what pseudo-values are to the ROC's area.
"""

import logging
import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.evaluate.runs import counts, outcomes
from earfield.evaluate.score_tables import rounded
from earfield.files.atomic import write_json
from earfield.files.run_paths import run_name
from earfield.log_levels import RESULT
from earfield.models.predictions import read_predictions
from earfield.statistics.intervals import mean_ci
from earfield.tracks.tags import tag_matrix

log = logging.getLogger(__name__)


def roc_auc(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a track with a tag has more of it than one without.

    Parameters
    ----------
    truth : np.ndarray [shape=(n_tests,), dtype=bool]
        Whether a track has the tag.
    probabilities : np.ndarray [shape=(n_tests,)]
        Equal ones count half.

    Returns
    -------
    float
        NaN if all tracks have the tag, or none.

    Notes
    -----
    What scikit-learn returns too, some twenty times slower: `pseudo_values` asks once for every test.
    """
    from scipy.stats import rankdata

    n = int(np.count_nonzero(truth))
    if n in (0, len(truth)):
        return math.nan
    return float((rankdata(probabilities)[truth].sum() - n * (n + 1) / 2) / (n * (len(truth) - n)))


def average_precision(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean over the tracks with a tag of the fraction of such tracks among those ranked as high or higher.

    Parameters
    ----------
    truth, probabilities
        As in `roc_auc`; tracks of equal probability are ranked together.

    Returns
    -------
    float
        NaN if all tracks have the tag, or none.
    """
    n = int(np.count_nonzero(truth))
    if n in (0, len(truth)):
        return math.nan
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(truth[order])
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))  # of each probability
    return float(np.sum(np.diff(hits[last], prepend=0) * hits[last] / (last + 1)) / n)


STATISTICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "roc_auc": roc_auc,
    "average_precision": average_precision,
}


def pseudo_values(
    statistic: Callable[[np.ndarray, np.ndarray], float], truth: np.ndarray, probabilities: np.ndarray
) -> np.ndarray:
    """Return what each test adds to a score.

    Parameters
    ----------
    statistic : callable
        One of `STATISTICS`.
    truth, probabilities
        As in `roc_auc`.

    Returns
    -------
    np.ndarray [shape=(n_tests,)]
        With the score for mean; NaN where there is none. The only track with or without a tag, whose weight is not
        known, moves nothing.
    """
    value, n = statistic(truth, probabilities), len(truth)
    if math.isnan(value):
        return np.full(n, math.nan)
    others = ~np.eye(n, dtype=bool)
    without = np.array([statistic(truth[rest], probabilities[rest]) for rest in others])
    without[np.isnan(without)] = value
    return value + (n - 1) * (without.mean() - without)


def tag_rows(tests: pd.DataFrame) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, np.ndarray]]:
    """Score the runs of one model.

    Parameters
    ----------
    tests : pd.DataFrame
        Tests from `read_runs`.

    Returns
    -------
    by_tag : list of dict
        Of each tag `tag, seeds, n_tracks, n_predictions, positives` (tests of tracks that have it), and of each of
        `STATISTICS` its value, `ci_low` and `ci_high` (95%) and `baseline` (0.5, and the fraction of positives): what
        probabilities that do not depend on the track score. Runs without a positive or a negative are left out; without
        any other, values are NaN. So are the limits if no run has two of either. Where all tracks of each run are
        equally probable the area is 0.5 for certain, and so are its limits.
    macro : dict
        The same, mean over the tags of each run that can be scored, with the number of `tags`.
    added : dict of str to np.ndarray [shape=(n_tracks, n_runs)]
        By name of a statistic: what each test adds to its mean over tags, placed as in
        `earfield.evaluate.runs.outcomes`.
    """
    columns = [name for name in tests if name.startswith("p_")]
    tags = [name[2:] for name in columns]
    has, probabilities = tag_matrix(tests.label.astype(str), tags), tests[columns].fillna(0).to_numpy(dtype=float)
    values = np.full((len(STATISTICS), *has.shape), np.nan)
    for run in tests.run.unique():
        rows = np.flatnonzero(tests.run == run)
        for column in range(len(tags)):
            for number, statistic in enumerate(STATISTICS.values()):
                values[number, rows, column] = pseudo_values(statistic, has[rows, column], probabilities[rows, column])
    scored = ~np.isnan(values[0])
    ranked = np.any(tests[columns].groupby(tests.run, observed=True).nunique() > 1, axis=0).to_numpy()
    by_tag, rarest = [], math.inf
    for column, tag in enumerate(tags):
        used = scored[:, column]
        positive, negative = (int(np.count_nonzero(used & own)) for own in (has[:, column], ~has[:, column]))
        n_runs = len(tests.run[used].unique())
        fewer = min(positive, negative) / max(n_runs, 1)
        rarest = min(rarest, fewer) if n_runs else rarest
        row: dict[str, Any] = {
            "tag": tag,
            **counts(outcomes(tests, np.where(used, 1.0, np.nan))),
            "positives": positive,
        }
        for number, name in enumerate(STATISTICS):
            limits: Sequence[float] = (math.nan,) * 3
            if n_runs and name == "roc_auc" and not ranked[column]:
                limits = (0.5,) * 3
            elif n_runs:
                limits = mean_ci(outcomes(tests, values[number, :, column]), effective_size=fewer)
            value, low, high = limits if fewer > 1 else (limits[0], math.nan, math.nan)
            baseline = 0.5 if name == "roc_auc" else positive / max(positive + negative, 1)
            row |= _named(name, value, low, high, baseline if n_runs else math.nan)
        by_tag.append(row)
    known = [row for row in by_tag if row["n_predictions"]]
    some = scored.any(axis=1)
    sums = np.where(scored, values, 0).sum(axis=2) / np.maximum(scored.sum(axis=1), 1)
    added = {name: outcomes(tests, np.where(some, each, np.nan)) for name, each in zip(STATISTICS, sums, strict=True)}
    macro: dict[str, Any] = {**counts(added["roc_auc"]), "tags": len(known)}
    for name in STATISTICS:
        value, low, high = mean_ci(added[name], effective_size=rarest) if known else (math.nan,) * 3
        if known and name == "roc_auc" and not ranked.any():
            low = high = 0.5
        baseline = float(np.mean([row[f"{name}_baseline"] for row in known])) if known else math.nan
        macro |= _named(name, value, low, high, baseline)
    return by_tag, macro, added


def _named(name: str, value: float, low: float, high: float, baseline: float) -> dict[str, float]:
    return {name: value, f"{name}_ci_low": low, f"{name}_ci_high": high, f"{name}_baseline": baseline}


def write_tag_metrics(predictions: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Score the predictions of one run and write `metrics.json`: `n_tracks`, the macro means, and `by_tag`."""
    tests = read_predictions(predictions).assign(run=1)
    tests = tests.astype({"track": "category", "run": "category"})
    by_tag, macro, _ = tag_rows(tests)
    named = {row["tag"]: rounded({key: row[key] for key in row if key not in ("tag", "seeds")}) for row in by_tag}
    write_json(path, {"n_tracks": len(tests), **rounded(macro), "by_tag": named})
    if math.isnan(macro["roc_auc"]):
        log.log(RESULT, "evaluate %s: no tag could be scored (%d test tracks)", run_name(path), len(tests))
        return
    limits = (macro[f"roc_auc{end}"] for end in ("", "_ci_low", "_ci_high"))
    words = "evaluate %s: area under the ROC curve %.3f, 95%% interval %.3f to %.3f (%d test tracks, mean over %d tags)"
    log.log(RESULT, words, run_name(path), *limits, len(tests), macro["tags"])
