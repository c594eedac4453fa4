"""The tables of one protocol over all its runs: accuracy, pairs of models, recall, calibration, seconds heard."""

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.evaluate.runs import counts, of_both, outcomes, read_runs
from earfield.files.atomic import write_json
from earfield.files.tables import read_text_csv, write_csv
from earfield.statistics.intervals import mean_ci, paired_difference_ci, paired_permutation_test

_BINS = 10  # of the top probability, equally wide
_SMALLEST = 1e-6  # the tables' last decimal: no probability is 0


def write_protocol_tables(
    *,
    predictions: Sequence[str | os.PathLike[str]],
    heard: Sequence[str | os.PathLike[str]],
    tracks: str | os.PathLike[str],
    summary_path: str | os.PathLike[str],
    facts_path: str | os.PathLike[str],
    paired_path: str | os.PathLike[str],
    recall_path: str | os.PathLike[str],
    calibration_path: str | os.PathLike[str],
    heard_path: str | os.PathLike[str],
) -> None:
    """Write all that the runs of one protocol say.

    Every share and every difference has the 95% interval of `earfield.statistics.intervals`, and its number of runs
    (`seeds`), of tracks tested in any of them (`tracks`) and of tests (`tests`).

    Parameters
    ----------
    predictions : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/predictions.csv`.
    heard : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/heard.csv`.
    tracks : path-like
        The table of tracks, for the count of those left out.
    summary_path : path-like
        `.csv` to write: `protocol, model, seeds, tracks, tests, accuracy, low, high, sd` (between runs),
        `balanced_accuracy` (mean recall over labels, mean over runs), `baseline` (fraction of the most frequent label).
    facts_path : path-like
        `.json` to write: the same as DVC reads metrics, with the tracks left out.
    paired_path : path-like
        `.csv` to write: `protocol, model, other, seeds, tracks, tests, accuracy, other_accuracy, difference, low, high,
        p_value, disagreements` (tests that one has right and the other wrong), `tracks_disagreed` (tracks with one).
    recall_path : path-like
        `.csv` to write: `protocol, model, label, seeds, tracks, tests, recall, low, high`.
    calibration_path : path-like
        `.csv` to write: `protocol, model, bin, from, to, seeds, tracks, tests, confidence` (mean top probability),
        `accuracy, low, high, calibration_error, brier`. The last two, expected calibration error and the squared
        error summed over labels, are those of the bin `all`.
    heard_path : path-like
        `.csv` to write: `protocol, model, seconds, seeds, tracks, tests, accuracy, low, high, gain, gain_low,
        gain_high`, where the gain is over the shortest excerpt, of the same tests.

    Raises
    ------
    DatasetError
        If two models were not tested on the same tracks.

    Source: Guo et al. (2017), "On calibration of modern neural networks", for the calibration error; Brier (1950),
    Monthly Weather Review 78, 1-3.
    """
    runs = read_runs(predictions)
    rows = [_summary(*key, tests) for key, tests in runs.items()]
    write_csv(pd.DataFrame(rows).round(6), summary_path)
    _write_facts(rows, tracks, facts_path)
    _write(_pairs(runs), _PAIRED, paired_path)
    _write([row for key, tests in runs.items() for row in _recalls(*key, tests)], _RECALL, recall_path)
    _write([row for key, tests in runs.items() for row in _bins(*key, tests)], _CALIBRATION, calibration_path)
    excerpts = read_runs(heard, read=read_text_csv)
    _write([row for key, tests in excerpts.items() for row in _lengths(*key, tests)], _HEARD, heard_path)


_PAIRED = [
    "protocol", "model", "other", "seeds", "tracks", "tests", "accuracy", "other_accuracy", "difference", "low",
    "high", "p_value", "disagreements", "tracks_disagreed",
]  # fmt: skip
_RECALL = ["protocol", "model", "label", "seeds", "tracks", "tests", "recall", "low", "high"]
_CALIBRATION = [
    "protocol", "model", "bin", "from", "to", "seeds", "tracks", "tests", "confidence", "accuracy", "low", "high",
    "calibration_error", "brier",
]  # fmt: skip
_HEARD = [
    "protocol", "model", "seconds", "seeds", "tracks", "tests", "accuracy", "low", "high", "gain", "gain_low",
    "gain_high",
]  # fmt: skip


def _write(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], path: str | os.PathLike[str]) -> None:
    write_csv(pd.DataFrame(rows, columns=columns).round(6), path)


def _summary(protocol: str, model: str, tests: pd.DataFrame) -> dict[str, Any]:
    table = outcomes(tests)
    found = mean_ci(table)
    of_runs = tests.groupby("run", observed=True).correct.mean()
    recalls = tests.groupby(["run", "label"], observed=True).correct.mean()
    most_frequent = tests.groupby("run", observed=True).label.value_counts(normalize=True).groupby("run", observed=True)
    return {
        "protocol": protocol,
        "model": model,
        **counts(table),
        "accuracy": found.value,
        "low": found.low,
        "high": found.high,
        "sd": float(of_runs.std(ddof=1)) if len(of_runs) > 1 else math.nan,
        "balanced_accuracy": float(recalls.groupby("run", observed=True).mean().mean()),
        "baseline": float(most_frequent.max().mean()),
    }


def _write_facts(
    rows: Sequence[Mapping[str, Any]], tracks: str | os.PathLike[str], path: str | os.PathLike[str]
) -> None:
    table = read_text_csv(tracks)
    unusable = table[table.problem != ""]
    rounded = [
        {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()} for row in rows
    ]
    accuracy: dict[str, dict[str, dict[str, float]]] = {}
    for row in rounded:
        shown = {name: row[name] for name in ("accuracy", "low", "high")}
        accuracy.setdefault(str(row["protocol"]), {})[str(row["model"])] = shown
    facts = {
        "tracks": len(table),
        "unusable": dict(zip(unusable.track, unusable.problem, strict=True)),
        "models": [{name: None if value != value else value for name, value in row.items()} for row in rounded],
        "test": accuracy,
    }
    write_json(path, facts)


def _pairs(runs: Mapping[tuple[str, str], pd.DataFrame]) -> list[dict[str, Any]]:
    """Compare each two models, both ways round."""
    tables = {key: outcomes(tests) for key, tests in runs.items()}
    found = {}
    for one, other in itertools.combinations(tables, 2):
        row = _pair(one, other, tables, runs)
        found[one, other] = row
        turned = {"model": row["other"], "other": row["model"]}
        if row["tests"]:
            turned |= {"accuracy": row["other_accuracy"], "other_accuracy": row["accuracy"]}
            turned |= {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
        found[other, one] = row | turned
    return [found[pair] for pair in itertools.permutations(tables, 2)]


def _pair(
    one: tuple[str, str],
    other: tuple[str, str],
    tables: Mapping[tuple[str, str], np.ndarray],
    runs: Mapping[tuple[str, str], pd.DataFrame],
) -> dict[str, Any]:
    """Compare two models on the tests of the runs that both have."""
    protocol, model = one
    a, b = of_both(one, other, tables, runs)
    row = {"protocol": protocol, "model": model, "other": other[1], **counts(a)}
    if not a.size:
        return row
    found = paired_difference_ci(a, b)
    apart = (a != b) & ~np.isnan(a)
    return row | {
        "accuracy": float(np.nanmean(a)),
        "other_accuracy": float(np.nanmean(b)),
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "p_value": max(_SMALLEST, paired_permutation_test(a, b)),
        "disagreements": int(apart.sum()),
        "tracks_disagreed": int(apart.any(axis=1).sum()),
    }


def _recalls(protocol: str, model: str, tests: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for label, own in tests.groupby("label", observed=True):
        table = outcomes(own)
        found = mean_ci(table)
        names = {"protocol": protocol, "model": model, "label": label}
        rows.append(names | counts(table) | {"recall": found.value, "low": found.low, "high": found.high})
    return rows


def _bins(protocol: str, model: str, tests: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the reliability of the top probability, bin by bin, and of all tests together."""
    columns = [name for name in tests if name.startswith("p_")]
    probabilities = tests[columns].fillna(0).to_numpy(dtype=float)  # not every run need know every label
    top = probabilities.max(axis=1)
    truth = tests.label.to_numpy(dtype=object)[:, None] == np.array([name[2:] for name in columns], dtype=object)
    place = np.minimum((top * _BINS).astype(int), _BINS - 1)
    rows, error = [], 0.0
    for number in np.unique(place):
        inside = place == number
        edges = {"bin": int(number) + 1, "from": number / _BINS, "to": (number + 1) / _BINS}
        rows.append(edges | _reliability(tests[inside], top[inside]))
        error += inside.mean() * abs(rows[-1]["confidence"] - rows[-1]["accuracy"])
    brier = float(np.square(probabilities - truth).sum(axis=1).mean())
    whole = {"bin": "all", "from": 0.0, "to": 1.0} | _reliability(tests, top)
    rows.append(whole | {"calibration_error": float(error), "brier": brier})
    return [{"protocol": protocol, "model": model} | row for row in rows]


def _reliability(tests: pd.DataFrame, top: np.ndarray) -> dict[str, Any]:
    table = outcomes(tests)
    found = mean_ci(table)
    return counts(table) | {
        "confidence": float(top.mean()),
        "accuracy": found.value,
        "low": found.low,
        "high": found.high,
    }


def _lengths(protocol: str, model: str, tests: pd.DataFrame) -> list[dict[str, Any]]:
    """Return accuracy by seconds heard; a track's outcome is the share of its excerpts that are right."""
    tables = {seconds: outcomes(own, own.hits / own.positions) for seconds, own in tests.groupby("seconds")}
    shortest = tables[min(tables)]
    rows = []
    for seconds, table in tables.items():
        found = mean_ci(table)
        gain = (0.0, math.nan, math.nan)  # of the shortest over itself
        if table is not shortest:
            gain = paired_difference_ci(table, np.where(np.isnan(table), np.nan, shortest))
        rows.append(
            {"protocol": protocol, "model": model, "seconds": seconds, **counts(table)}
            | {"accuracy": found.value, "low": found.low, "high": found.high}
            | dict(zip(("gain", "gain_low", "gain_high"), gain, strict=True))
        )
    return rows
