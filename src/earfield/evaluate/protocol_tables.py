"""Tables of one protocol over all its runs: accuracy, pairs of models, recall, calibration, length of excerpts."""

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
    excerpts: Sequence[str | os.PathLike[str]],
    tracks: str | os.PathLike[str],
    paths: Mapping[str, str | os.PathLike[str]],
) -> None:
    """Write all that the runs of one protocol say.

    Every fraction and every difference has the 95% interval of `earfield.statistics.intervals`, and its number of runs
    (`seeds`), of tracks tested in any of them (`n_tracks`) and of test predictions (`n_predictions`).

    Parameters
    ----------
    predictions : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/predictions.csv`.
    excerpts : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/excerpts.csv`.
    tracks : path-like
        The table of tracks, for the count of those left out.
    paths : mapping of str to path-like
        Files to write. Of the summary one as `.csv` (`table`) and one as `.json`, as DVC reads metrics, with the tracks
        left out (`facts`): `protocol, model, seeds, n_tracks, n_predictions, accuracy, ci_low, ci_high, sd` (between
        runs), `balanced_accuracy` (mean recall over labels, mean over runs), `baseline` (fraction of the most frequent
        label). `paired`: `protocol, model, other, seeds, n_tracks, n_predictions, accuracy, other_accuracy,
        difference, ci_low, ci_high, p_value, disagreements` (predictions that are correct of one model alone),
        `tracks_disagreed` (tracks with one). `recall`: `protocol, model, label, seeds, n_tracks, n_predictions, recall,
        ci_low, ci_high`. `calibration`: `protocol, model, bin, from, to, seeds, n_tracks, n_predictions, confidence`
        (mean top probability), `accuracy, ci_low, ci_high, calibration_error, brier`; the last two, expected
        calibration error and the squared error summed over labels, are those of the bin `all`. `excerpts`: `protocol,
        model, seconds, seeds, n_tracks, n_predictions, accuracy, ci_low, ci_high, gain, gain_ci_low, gain_ci_high`,
        where the gain is over the shortest excerpt, of the same predictions.

    Raises
    ------
    DatasetError
        If two models were not tested on the same tracks.

    Source: Guo et al. (2017), "On calibration of modern neural networks", for the calibration error; Brier (1950),
    Monthly Weather Review 78, 1-3.
    """
    runs = read_runs(predictions)
    rows = [_summary(*key, tests) for key, tests in runs.items()]
    write_csv(pd.DataFrame(rows).round(6), paths["table"])
    _write_facts(rows, tracks, paths["facts"])
    _write(_pairs(runs), _PAIRED, paths["paired"])
    _write([row for key, tests in runs.items() for row in _recalls(*key, tests)], _RECALL, paths["recall"])
    _write([row for key, tests in runs.items() for row in _bins(*key, tests)], _CALIBRATION, paths["calibration"])
    shorter = read_runs(excerpts, read=read_text_csv)
    _write([row for key, tests in shorter.items() for row in _lengths(*key, tests)], _EXCERPTS, paths["excerpts"])


_PAIRED = [
    "protocol", "model", "other", "seeds", "n_tracks", "n_predictions", "accuracy", "other_accuracy", "difference",
    "ci_low", "ci_high", "p_value", "disagreements", "tracks_disagreed",
]  # fmt: skip
_RECALL = ["protocol", "model", "label", "seeds", "n_tracks", "n_predictions", "recall", "ci_low", "ci_high"]
_CALIBRATION = [
    "protocol", "model", "bin", "from", "to", "seeds", "n_tracks", "n_predictions", "confidence", "accuracy", "ci_low",
    "ci_high", "calibration_error", "brier",
]  # fmt: skip
_EXCERPTS = [
    "protocol", "model", "seconds", "seeds", "n_tracks", "n_predictions", "accuracy", "ci_low", "ci_high", "gain",
    "gain_ci_low", "gain_ci_high",
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
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
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
        shown = {name: row[name] for name in ("accuracy", "ci_low", "ci_high")}
        accuracy.setdefault(str(row["protocol"]), {})[str(row["model"])] = shown
    facts = {
        "n_tracks": len(table),
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
        if row["n_predictions"]:
            turned |= {"accuracy": row["other_accuracy"], "other_accuracy": row["accuracy"]}
            turned |= {"difference": -row["difference"], "ci_low": -row["ci_high"], "ci_high": -row["ci_low"]}
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
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
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
        rows.append(names | counts(table) | {"recall": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high})
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
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
    }


def _lengths(protocol: str, model: str, tests: pd.DataFrame) -> list[dict[str, Any]]:
    """Return accuracy by length of the excerpt; a track's outcome is the fraction of its excerpts that are correct."""
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
            | {"accuracy": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high}
            | dict(zip(("gain", "gain_ci_low", "gain_ci_high"), gain, strict=True))
        )
    return rows
