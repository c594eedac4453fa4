"""Scores of predictions; they read nothing but `predictions.csv`, whatever made it."""

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from earfield.atomic import write_aside
from earfield.errors import DatasetError
from earfield.tables import read_text_csv, write_csv

_LEVEL_95 = 1.959963984540054  # quantile of the normal distribution


def write_predictions(
    path: str | os.PathLike[str], *, tracks: pd.DataFrame, labels: Sequence[str], probabilities: np.ndarray
) -> None:
    """Write the predictions of a model.

    Parameters
    ----------
    path : path-like
        `.csv` to write: `track, label, predicted, p_<label>...`.
    tracks : pd.DataFrame
        With the columns `track, label`.
    labels : sequence of str
        Meaning of the columns of `probabilities`.
    probabilities : np.ndarray [shape=(n_tracks, n_labels)]
        Mean probabilities; the prediction is the largest.
    """
    table = tracks[["track", "label"]].reset_index(drop=True)
    table["predicted"] = np.asarray(labels, dtype=object)[probabilities.argmax(axis=1)]
    shares = pd.DataFrame(probabilities, columns=[f"p_{label}" for label in labels]).round(9)
    write_csv(pd.concat([table, shares], axis=1), path)


def read_predictions(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read predictions, with the column `correct` added.

    Parameters
    ----------
    path : path-like
        `predictions.csv`.

    Returns
    -------
    pd.DataFrame

    Raises
    ------
    DatasetError
        If the file lacks a column or holds no track.
    """
    table = read_text_csv(path)
    missing = {"track", "label", "predicted"} - set(table)
    if missing or table.empty:
        raise DatasetError(f"{path} {'lacks ' + min(missing) if missing else 'holds no track'}; make it again.")
    return table.assign(correct=table.label == table.predicted)


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
    share, z2 = hits / n, _LEVEL_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _LEVEL_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
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
    _write_json(score(read_predictions(predictions)), path)


def pooled_interval(runs: Sequence[pd.DataFrame]) -> tuple[float, float]:
    """Return the 95% interval of the accuracy over several runs that share tracks.

    Parameters
    ----------
    runs : sequence of pd.DataFrame
        Predictions of each run.

    Returns
    -------
    low, high : float
        Wilson's interval for as many independent tests as the runs are worth. Neither tests of one track in several
        runs nor tests of several tracks by one network are independent, so the variance is that of clusters both
        ways: between tracks, plus between runs, less what both count. For one run, and where all tests or none are
        right, the runs are worth as many tests as there are tracks.

    Source: Cameron, Gelbach & Miller (2011), "Robust inference with multiway clustering", J. Business & Economic
    Statistics 29, 238-249; Korn & Graubard (1998), Survey Methodology 24, 193-201, for the effective number of tests,
    here with Wilson's interval in place of the exact one.
    """
    tests = pd.concat([run.assign(run=number) for number, run in enumerate(runs)])
    n_tracks, n_tests = tests.track.nunique(), len(tests)
    share = tests.correct.mean()
    residuals = (tests.correct - share) / n_tests

    def variance(groups: pd.Series) -> float:
        return float(np.square(residuals.groupby(groups.to_numpy()).sum()).sum())

    between_tracks = variance(tests.track)
    between_runs = variance(tests.run) * len(runs) / max(1, len(runs) - 1)
    total = max(between_tracks, between_tracks + between_runs - float(np.square(residuals).sum()))
    spread = share * (1 - share)
    n = n_tracks if spread == 0 else n_tests if total == 0 else min(n_tests, spread / total)
    return wilson_interval(share * n, n)


def summarize(
    predictions: Sequence[str | os.PathLike[str]],
    *,
    tracks: str | os.PathLike[str],
    csv_path: str | os.PathLike[str],
    json_path: str | os.PathLike[str],
) -> None:
    """Summarise all runs of a dataset: one row for each protocol and model.

    Parameters
    ----------
    predictions : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/predictions.csv`.
    tracks : path-like
        The table of tracks, for the count of those left out.
    csv_path, json_path : path-like
        Files to write; the second holds the accuracies once more as DVC reads metrics. The columns: `protocol,
        model, seeds, tracks` (tested in any run), `tests` (over all runs), `accuracy` (of all tests), `low, high`
        (95%, of `pooled_interval`), `sd` (between seeds), `balanced_accuracy, baseline`.
    """
    groups: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for path in predictions:
        protocol, _, model = Path(path).parts[-4:-1]
        groups.setdefault((protocol, model), []).append(read_predictions(path))
    rows: list[dict[str, Any]] = []
    for (protocol, model), runs in groups.items():
        scores = [score(run) for run in runs]
        everything = pd.concat(runs)
        low, high = pooled_interval(runs)
        rows.append(
            {
                "protocol": protocol,
                "model": model,
                "seeds": len(runs),
                "tracks": everything.track.nunique(),
                "tests": len(everything),
                "accuracy": everything.correct.mean(),
                "low": low,
                "high": high,
                "sd": float(np.std([each["accuracy"] for each in scores], ddof=1)) if len(runs) > 1 else math.nan,
                "balanced_accuracy": float(np.mean([each["balanced_accuracy"] for each in scores])),
                "baseline": float(np.mean([each["baseline"] for each in scores])),
            }
        )
    summary = pd.DataFrame(rows).round(6)
    table = read_text_csv(tracks)
    unusable = table[table.problem != ""]
    write_csv(summary, csv_path)
    accuracy: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        shown = {name: round(row[name], 6) for name in ("accuracy", "low", "high")}
        accuracy.setdefault(row["protocol"], {})[row["model"]] = shown
    _write_json(
        {
            "tracks": len(table),
            "unusable": dict(zip(unusable.track, unusable.problem, strict=True)),
            "models": [{k: None if v != v else v for k, v in row.items()} for row in summary.to_dict("records")],
            "test": accuracy,
        },
        json_path,
    )


def _write_json(content: dict[str, Any], path: str | os.PathLike[str]) -> None:
    with write_aside(path) as aside:
        aside.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


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
