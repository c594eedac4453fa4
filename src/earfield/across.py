"""The tables of a dataset over its protocols: what a protocol changes, the learning curve, accuracy with cost."""

import itertools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from earfield.intervals import difference, share
from earfield.runs import outcomes, read_runs
from earfield.tables import read_text_csv, write_csv

_DIFFERENCES = ["model", "protocol", "other", "tracks", "accuracy", "other_accuracy", "difference", "low", "high"]
_CURVE = ["protocol", "model", "train_share", "train_tracks", "seeds", "tracks", "tests", "accuracy", "low", "high"]


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
        By protocol: the protocol with all training tracks, and the share of them that it uses itself.
    summary_path : path-like
        `.csv` to write: the summaries below each other, with `train_seconds` (of training or fitting, mean over runs)
        and `peak_mb` (the largest of any run).
    protocols_path : path-like
        `.csv` to write: `model, protocol, other, tracks, accuracy, other_accuracy, difference, low, high`: each model
        under two protocols, on the tracks that both tested; the runs are not paired.
    learning_curve_path : path-like
        `.csv` to write: `protocol` (with all training tracks), `model, train_share, train_tracks` (mean over runs),
        `seeds, tracks, tests, accuracy, low, high`.
    """
    runs = read_runs(predictions)
    _write_summary(summaries, costs, summary_path)
    by_model: dict[str, dict[str, pd.DataFrame]] = {}
    for (protocol, model), tests in runs.items():
        by_model.setdefault(model, {})[protocol] = tests
    differences = [
        row
        for model, protocols in by_model.items()
        for one, other in itertools.permutations(protocols, 2)
        if (row := _difference(model, one, other, protocols[one], protocols[other]))
    ]
    write_csv(pd.DataFrame(differences, columns=_DIFFERENCES).round(6), protocols_path)

    sizes: dict[str, list[int]] = {}
    for path in splits:
        if Path(path).parent.name in curves:
            sizes.setdefault(Path(path).parent.name, []).append(int((read_text_csv(path).subset == "train").sum()))
    points = [
        {"protocol": curves[protocol][0], "model": model, "train_share": float(curves[protocol][1])}
        | {"train_tracks": sum(sizes[protocol]) / len(sizes[protocol])}
        | {"seeds": tests.run.nunique(), "tracks": tests.track.nunique(), "tests": len(tests)}
        | dict(zip(("accuracy", "low", "high"), share(outcomes(tests)), strict=True))
        for (protocol, model), tests in runs.items()
        if protocol in curves
    ]
    curve = pd.DataFrame(points, columns=_CURVE).sort_values(["protocol", "model", "train_share"], kind="stable")
    write_csv(curve.round(6), learning_curve_path)


def _write_summary(
    summaries: Sequence[str | os.PathLike[str]], costs: Sequence[str | os.PathLike[str]], path: str | os.PathLike[str]
) -> None:
    found = []
    for each in costs:
        protocol, _, model = Path(each).parts[-4:-1]
        found.append({"protocol": protocol, "model": model, **json.loads(Path(each).read_text(encoding="utf-8"))})
    spent = pd.DataFrame(found, columns=["protocol", "model", "seconds", "peak_mb"]).groupby(["protocol", "model"])
    cost = spent.agg(train_seconds=("seconds", "mean"), peak_mb=("peak_mb", "max")).reset_index()
    whole = pd.concat([read_text_csv(each) for each in summaries], ignore_index=True)
    write_csv(whole.merge(cost, on=["protocol", "model"], how="left").round(6), path)


def _difference(
    model: str, protocol: str, other: str, tests: pd.DataFrame, others: pd.DataFrame
) -> dict[str, Any] | None:
    """Compare a model under two protocols, or return None if they tested no track in common."""
    common = set(tests.track) & set(others.track)
    if not common:
        return None
    a, b = (outcomes(each[each.track.isin(common)]) for each in (tests, others))
    found, one, two = difference(a, b), share(a), share(b)
    return {
        "model": model,
        "protocol": protocol,
        "other": other,
        "tracks": len(common),
        "accuracy": one.value,
        "other_accuracy": two.value,
        "difference": found.value,
        "low": found.low,
        "high": found.high,
    }
