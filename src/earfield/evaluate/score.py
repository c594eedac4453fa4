"""Scores of predictions; they read nothing but `predictions.csv`, whatever made it."""

import logging
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.files.atomic import write_json
from earfield.files.run_paths import run_name
from earfield.files.tables import write_csv
from earfield.log_levels import RESULT
from earfield.models.predictions import read_predictions
from earfield.statistics.proportions import wilson_interval

log = logging.getLogger(__name__)


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
        `n_tracks`, `accuracy` with `ci_low` and `ci_high` (95%), `balanced_accuracy` (mean recall over labels),
        `baseline` (frequency of the most frequent label: the accuracy of always naming it), `recall` by label with n
        and interval, `labels` and `confusion` (rows true, columns predicted).
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
            recall[label] = {"n_tracks": total, "recall": own / total, "ci_low": bounds[0], "ci_high": bounds[1]}
    return {
        "n_tracks": n,
        "accuracy": hits / n,
        "ci_low": low,
        "ci_high": high,
        "balanced_accuracy": float(np.mean([each["recall"] for each in recall.values()])),
        "baseline": float(predictions.label.value_counts(normalize=True).max()),
        "recall": recall,
        "labels": list(counts.index),
        "confusion": counts.to_numpy().tolist(),
    }


def write_metrics(predictions: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Score the predictions of one run and write `metrics.json`; see `score`."""
    found = score(read_predictions(predictions))
    write_json(path, found)
    log.log(
        RESULT,
        "evaluate %s: accuracy %.1f%%, 95%% interval %.1f%% to %.1f%% (%d test tracks; most frequent label: %.1f%%)",
        run_name(path),
        *(100 * found[name] for name in ("accuracy", "ci_low", "ci_high")),
        found["n_tracks"],
        100 * found["baseline"],
    )


def write_confusion(predictions: Sequence[str | os.PathLike[str]], path: str | os.PathLike[str]) -> None:
    """Write the confusion matrix over several runs.

    Parameters
    ----------
    predictions : sequence of path-like
        `predictions.csv` of each run.
    path : path-like
        `.csv` to write: `label, predicted, n_predictions, fraction`, where the fractions of a label add up to 1.
    """
    counts = confusion(pd.concat([read_predictions(each) for each in predictions]))
    counts = counts[counts.sum(axis=1) > 0]
    long = counts.rename_axis("label").reset_index().melt("label", var_name="predicted", value_name="n_predictions")
    long["fraction"] = (long.n_predictions / long.groupby("label").n_predictions.transform("sum")).round(6)
    write_csv(long.sort_values(["label", "predicted"]), path)
