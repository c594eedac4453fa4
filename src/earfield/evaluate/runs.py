"""All runs of a protocol together: which test of which run came out how."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.models.predictions import read_predictions
from earfield.statistics.intervals import mean_ci


def read_runs(
    paths: Sequence[str | os.PathLike[str]],
    *,
    read: Callable[[str | os.PathLike[str]], pd.DataFrame] = read_predictions,
) -> dict[tuple[str, str], pd.DataFrame]:
    """Read the predictions of many runs, or another table of theirs, each file once.

    Parameters
    ----------
    paths : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/<file>`.
    read : callable
        Reads one file, with the columns `track, label`.

    Returns
    -------
    dict
        By protocol and model, in the order of the paths: the tables of all runs below each other, with the column
        `run`. The categories of `track` and `run` are those of all files, sorted.
    """
    found: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for path in paths:
        protocol, seed, model = Path(path).parts[-4:-1]
        found.setdefault((protocol, model), []).append(read(path).assign(run=int(seed)))
    whole = {key: pd.concat(tables, ignore_index=True) for key, tables in found.items()}
    types = {}
    for column in ("track", "run"):
        values = set[Any]().union(*(table[column].unique() for table in whole.values()))
        types[column] = pd.CategoricalDtype(sorted(values))
    return {key: table.astype(types | {"label": "category"}) for key, table in whole.items()}


def outcomes(tests: pd.DataFrame, values: Iterable[float] | None = None) -> np.ndarray:
    """Put what came out of tests into a table by track and run.

    Parameters
    ----------
    tests : pd.DataFrame
        Tests from `read_runs`, with the column `correct` if no values are given.
    values : iterable of float, optional
        What came out of each test; 1 for right and 0 for wrong if not given.

    Returns
    -------
    np.ndarray [shape=(n_tracks, n_runs), dtype=float64]
        A row for each track and a column for each run that `read_runs` met anywhere, so that the tables of all models
        and protocols lie upon each other; NaN where a track was not tested.
    """
    table = np.full([len(tests[column].cat.categories) for column in ("track", "run")], np.nan)
    table[tests.track.cat.codes, tests.run.cat.codes] = tests.correct if values is None else values
    return table


def counts(table: np.ndarray) -> dict[str, int]:
    """Count the runs (`seeds`), the tracks and the test predictions in a table of outcomes."""
    tested = ~np.isnan(table)
    return {
        "seeds": int(tested.any(axis=0).sum()),
        "n_tracks": int(tested.any(axis=1).sum()),
        "n_predictions": int(tested.sum()),
    }


def score_of(table: np.ndarray, name: str = "accuracy") -> dict[str, Any]:
    """Return the counts of a table of outcomes, and its mean, under a name, with the 95% interval."""
    return counts(table) | dict(zip((name, "ci_low", "ci_high"), mean_ci(table), strict=True))


def of_both(
    one: tuple[str, str],
    other: tuple[str, str],
    tables: Mapping[tuple[str, str], np.ndarray],
    tests: Mapping[tuple[str, str], pd.DataFrame],
) -> tuple[np.ndarray, np.ndarray]:
    """Return what came of two models in the runs that both have.

    Parameters
    ----------
    one, other : (str, str)
        Protocol and model.
    tables : mapping
        By protocol and model: tables from `outcomes`.
    tests : mapping
        From `read_runs`.

    Returns
    -------
    one, other : np.ndarray [shape=(n_tracks, n_common_runs)]

    Raises
    ------
    DatasetError
        If only one of them was tested on some track in such a run.
    """
    both = np.logical_and(*((~np.isnan(tables[key])).any(axis=0) for key in (one, other)))
    a, b = tables[one][:, both], tables[other][:, both]
    lone = np.argwhere(np.isnan(a) != np.isnan(b))
    if len(lone):
        tracks, runs = (tests[one][column].cat.categories for column in ("track", "run"))
        raise DatasetError(
            f"Under {one[0]} only one of '{one[1]}' and '{other[1]}' has a prediction for '{tracks[lone[0, 0]]}' in "
            f"run {runs[both][lone[0, 1]]}; they were made from different splits: run again."
        )
    return a, b
