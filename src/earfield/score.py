"""Scores of predictions; they read nothing but `predictions.csv`, whatever made it."""

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.atomic import write_json
from earfield.predictions import read_predictions
from earfield.tables import write_csv

NORMAL_95 = 1.959963984540054  # half the width of a 95% interval, in standard deviations of a normal distribution


def wilson_interval(hits: float, n: float) -> tuple[float, float]:
    """Return the 95% interval of a share.

    Parameters
    ----------
    hits, n : float
        So many of so many.

    Returns
    -------
    low, high : float
        Wilson's score interval: within 0 to 1, and of some width even at 0 and 1.

    Source: Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    share, z2 = hits / n, NORMAL_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count how often each label was given to the tracks of each label.

    Parameters
    ----------
    predictions : pd.DataFrame
        From `read_predictions`, of one or more runs.

    Returns
    -------
    pd.DataFrame
        True labels down, predicted labels across, both sorted: square, though a label may never be predicted.
    """
    labels = sorted({column[2:] for column in predictions if column.startswith("p_")} | set(predictions.label))
    return pd.crosstab(predictions.label, predictions.predicted).reindex(index=labels, columns=labels, fill_value=0)


def score(predictions: pd.DataFrame) -> dict[str, Any]:
    """Score one run.

    Parameters
    ----------
    predictions : pd.DataFrame
        From `read_predictions`.

    Returns
    -------
    dict
        `tracks`, `accuracy` with `low` and `high` (95%), `balanced_accuracy` (mean recall over labels), `baseline`
        (share of the commonest label: what naming it always would score), `recall` by label with n and interval,
        `labels` and `confusion` (rows true, columns predicted).
    """
    hits, n = int(predictions.correct.sum()), len(predictions)
    low, high = wilson_interval(hits, n)
    counts = confusion(predictions)
    recall = {}
    for label, row in counts.iterrows():
        total = int(row.sum())
        if total:
            own = int(row[label])
            bounds = wilson_interval(own, total)
            recall[label] = {"tracks": total, "recall": own / total, "low": bounds[0], "high": bounds[1]}
    return {
        "tracks": n,
        "accuracy": hits / n,
        "low": low,
        "high": high,
        "balanced_accuracy": float(np.mean([each["recall"] for each in recall.values()])),
        "baseline": float(predictions.label.value_counts(normalize=True).max()),
        "recall": recall,
        "labels": list(counts.index),
        "confusion": counts.to_numpy().tolist(),
    }


def write_metrics(predictions: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Score the predictions of one run and write `metrics.json`; see `score`."""
    write_json(path, score(read_predictions(predictions)))


def write_confusion(predictions: Sequence[str | os.PathLike[str]], path: str | os.PathLike[str]) -> None:
    """Write the confusion matrix over several runs.

    Parameters
    ----------
    predictions : sequence of path-like
        `predictions.csv` of each run.
    path : path-like
        `.csv` to write: `label, predicted, tests, share`, where the shares of a label add up to 1.
    """
    counts = confusion(pd.concat([read_predictions(each) for each in predictions]))
    counts = counts[counts.sum(axis=1) > 0]
    long = counts.rename_axis("label").reset_index().melt("label", var_name="predicted", value_name="tests")
    long["share"] = (long.tests / long.groupby("label").tests.transform("sum")).round(6)
    write_csv(long.sort_values(["label", "predicted"]), path)
