"""Tables of one protocol over all its runs: accuracy, pairs of models, recall, calibration, length of excerpts."""

import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.evaluate.runs import counts, of_both, outcomes, read_runs, score_of
from earfield.evaluate.score_tables import swapped, write_facts, write_scores
from earfield.files.tables import read_text_csv
from earfield.statistics.intervals import paired_difference_ci, paired_permutation_test

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
        `.csv` to write: `table` (the summary), `paired`, `recall`, `calibration` and `excerpts`, with the columns of
        `earfield.evaluate.score_tables.COLUMNS`; and `facts`, the summary as `.json`, as DVC reads metrics, with the
        tracks left out.

    Raises
    ------
    DatasetError
        If two models were not tested on the same tracks.

    Source: Guo et al. (2017), "On calibration of modern neural networks", for the calibration error; Brier (1950),
    Monthly Weather Review 78, 1-3.
    """
    runs = read_runs(predictions)
    summary = [names | _summary(tests) for names, tests in _named(runs)]
    write_scores("summary", summary, paths["table"])
    write_facts(summary, tracks, paths["facts"], test=("accuracy", "ci_low", "ci_high"))
    write_scores("paired", _pairs(runs), paths["paired"])
    for name, rows_of in (("recall", _recalls), ("calibration", _bins)):
        write_scores(name, [names | row for names, tests in _named(runs) for row in rows_of(tests)], paths[name])
    lengths = _named(read_runs(excerpts, read=read_text_csv))
    write_scores("excerpts", [names | row for names, tests in lengths for row in _lengths(tests)], paths["excerpts"])


def _named(runs: Mapping[tuple[str, str], pd.DataFrame]) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    for (protocol, model), tests in runs.items():
        yield {"protocol": protocol, "model": model}, tests


def _summary(tests: pd.DataFrame) -> dict[str, Any]:
    of_runs = tests.groupby("run", observed=True).correct.mean()
    recalls = tests.groupby(["run", "label"], observed=True).correct.mean()
    most_frequent = tests.groupby("run", observed=True).label.value_counts(normalize=True).groupby("run", observed=True)
    return score_of(outcomes(tests)) | {
        "sd": float(of_runs.std(ddof=1)) if len(of_runs) > 1 else math.nan,
        "balanced_accuracy": float(recalls.groupby("run", observed=True).mean().mean()),
        "baseline": float(most_frequent.max().mean()),
    }


def _pairs(runs: Mapping[tuple[str, str], pd.DataFrame]) -> list[dict[str, Any]]:
    """Compare each two models, both ways round."""
    tables = {key: outcomes(tests) for key, tests in runs.items()}
    found = {}
    for one, other in itertools.combinations(tables, 2):
        found[one, other] = row = _pair(one, other, tables, runs)
        found[other, one] = swapped(row, "model")
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
    apart = (a != b) & ~np.isnan(a)
    return row | {
        "accuracy": float(np.nanmean(a)),
        "other_accuracy": float(np.nanmean(b)),
        **dict(zip(("difference", "ci_low", "ci_high"), paired_difference_ci(a, b), strict=True)),
        "p_value": max(_SMALLEST, paired_permutation_test(a, b)),
        "disagreements": int(apart.sum()),
        "tracks_disagreed": int(apart.any(axis=1).sum()),
    }


def _recalls(tests: pd.DataFrame) -> list[dict[str, Any]]:
    labels = tests.groupby("label", observed=True)
    return [{"label": label, **score_of(outcomes(own), "recall")} for label, own in labels]


def _bins(tests: pd.DataFrame) -> list[dict[str, Any]]:
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
    return [*rows, whole | {"calibration_error": float(error), "brier": brier}]


def _reliability(tests: pd.DataFrame, top: np.ndarray) -> dict[str, Any]:
    return score_of(outcomes(tests)) | {"confidence": float(top.mean())}


def _lengths(tests: pd.DataFrame) -> list[dict[str, Any]]:
    """Return accuracy by length of the excerpt; a track's outcome is the fraction of its excerpts that are correct."""
    tables = {seconds: outcomes(own, own.hits / own.positions) for seconds, own in tests.groupby("seconds")}
    shortest = tables[min(tables)]
    rows = []
    for seconds, table in tables.items():
        gain = (0.0, math.nan, math.nan)  # of the shortest over itself
        if table is not shortest:
            gain = paired_difference_ci(table, np.where(np.isnan(table), np.nan, shortest))
        named = dict(zip(("gain", "gain_ci_low", "gain_ci_high"), gain, strict=True))
        rows.append({"seconds": seconds, **score_of(table), **named})
    return rows
