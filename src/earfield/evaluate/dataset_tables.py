"""The tables of a dataset over its protocols: what a protocol changes, the learning curve, accuracy with cost."""

import itertools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from earfield.evaluate.runs import outcomes, read_runs, score_of
from earfield.evaluate.score_tables import COLUMNS, read_as_text, swapped, write_scores
from earfield.files.tables import read_text_csv, write_csv
from earfield.statistics.intervals import unpaired_difference_ci


def write_dataset_tables(
    *,
    summaries: Sequence[str | os.PathLike[str]],
    costs: Sequence[str | os.PathLike[str]],
    predictions: Sequence[str | os.PathLike[str]],
    splits: Sequence[str | os.PathLike[str]],
    curves: Mapping[str, Sequence[Any]],
    summary_path: str | os.PathLike[str],
    protocols_path: str | os.PathLike[str],
    learning_curve_path: str | os.PathLike[str],
) -> None:
    """Write what the protocols of a dataset say together.

    Parameters
    ----------
    summaries : sequence of path-like
        `summary.csv` of each protocol.
    costs : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/cost.json`.
    predictions : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/predictions.csv`.
    splits : sequence of path-like
        Paths that end in `<protocol>/<seed>.csv`.
    curves : mapping
        By protocol: the protocol with all training tracks, and the fraction of them that it uses itself.
    summary_path : path-like
        `.csv` to write: the summaries below each other, with `train_seconds` (of training or fitting, mean over runs)
        and `peak_mb` (the largest of any run).
    protocols_path : path-like
        `.csv` to write: each model under two protocols, on the tracks that both tested; the runs are not paired.
    learning_curve_path : path-like
        `.csv` to write. Columns of both are those of `earfield.evaluate.score_tables.COLUMNS`.
    """
    write_summary(summaries, costs, summary_path)
    tables = {key: outcomes(tests) for key, tests in read_runs(predictions).items()}
    by_model: dict[str, dict[str, np.ndarray]] = {}
    for (protocol, model), table in tables.items():
        by_model.setdefault(model, {})[protocol] = table
    rows = [row for model, protocols in by_model.items() for row in _differences(model, protocols)]
    write_scores("protocols", rows, protocols_path)

    sizes: dict[str, list[int]] = {}
    for path in splits:
        if Path(path).parent.name in curves:
            sizes.setdefault(Path(path).parent.name, []).append(int((read_text_csv(path).subset == "train").sum()))
    points = [
        {"protocol": curves[protocol][0], "model": model, "train_fraction": float(curves[protocol][1])}
        | {"train_tracks": sum(sizes[protocol]) / len(sizes[protocol])}
        | score_of(table)
        for (protocol, model), table in tables.items()
        if protocol in curves
    ]
    curve = pd.DataFrame(points, columns=COLUMNS["learning_curve"])
    curve = curve[curve.duplicated(["protocol", "model"], keep=False)]  # one point is no curve
    curve = curve.sort_values(["protocol", "model", "train_fraction"], kind="stable")
    write_csv(curve.round(6), learning_curve_path)


def write_summary(
    summaries: Sequence[str | os.PathLike[str]], costs: Sequence[str | os.PathLike[str]], path: str | os.PathLike[str]
) -> None:
    """Write the scores of all protocols below each other, with what they cost.

    Parameters
    ----------
    summaries, costs, path
        As in `write_dataset_tables`, `path` for its `summary_path`. Scores may be of labels or of tags.
    """
    found = []
    for each in costs:
        protocol, _, model = Path(each).parts[-4:-1]
        found.append({"protocol": protocol, "model": model, **json.loads(Path(each).read_text(encoding="utf-8"))})
    spent = pd.DataFrame(found, columns=["protocol", "model", "seconds", "peak_mb"]).groupby(["protocol", "model"])
    cost = spent.agg(train_seconds=("seconds", "mean"), peak_mb=("peak_mb", "max")).round(6).reset_index()
    whole = pd.concat([read_as_text(each) for each in summaries], ignore_index=True)
    whole = whole.drop_duplicates(["protocol", "model"])  # a run may be in the tables of two protocols
    write_csv(whole.merge(cost, on=["protocol", "model"], how="left"), path)


def _differences(model: str, protocols: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Compare a model under each two protocols that tested a track in common, both ways round."""
    found = {}
    for one, other in itertools.combinations(protocols, 2):
        tables = protocols[one], protocols[other]
        common = np.logical_and(*((~np.isnan(table)).any(axis=1) for table in tables))
        if common.any():
            a, b = (table[common] for table in tables)
            row = {"model": model, "protocol": one, "other": other, "n_tracks": int(common.sum())}
            row |= {"accuracy": float(np.nanmean(a)), "other_accuracy": float(np.nanmean(b))}
            row |= dict(zip(("difference", "ci_low", "ci_high"), unpaired_difference_ci(a, b), strict=True))
            found[one, other], found[other, one] = row, swapped(row, "protocol")
    return [found[pair] for pair in itertools.permutations(protocols, 2) if pair in found]
