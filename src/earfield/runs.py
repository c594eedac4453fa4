"""All runs of a protocol together: which test of which run came out how."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.predictions import read_predictions


def read_runs(paths: Sequence[str | os.PathLike[str]]) -> dict[tuple[str, str], pd.DataFrame]:
    """Read the predictions of many runs, each file once.

    Parameters
    ----------
    paths : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/predictions.csv`.

    Returns
    -------
    dict
        By protocol and model, in the order of the paths: the predictions of all runs below each other, with the column
        `run`.
    """
    found: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for path in paths:
        protocol, seed, model = Path(path).parts[-4:-1]
        found.setdefault((protocol, model), []).append(read_predictions(path).assign(run=int(seed)))
    return {key: pd.concat(runs, ignore_index=True) for key, runs in found.items()}


def outcomes(tests: pd.DataFrame, values: Iterable[float] | None = None) -> np.ndarray:
    """Put what came out of tests into a table by track and run.

    Parameters
    ----------
    tests : pd.DataFrame
        With the columns `track, run`, and `correct` if no values are given.
    values : iterable of float, optional
        What came out of each test; 1 for right and 0 for wrong if not given.

    Returns
    -------
    np.ndarray [shape=(n_tracks, n_runs), dtype=float64]
        Tracks and runs sorted; NaN where a track was not tested.
    """
    table = tests[["track", "run"]].assign(value=tests.correct.astype(float) if values is None else values)
    return table.pivot(index="track", columns="run", values="value").to_numpy(dtype=float)


def require_same_tests(one: pd.DataFrame, other: pd.DataFrame, *, names: tuple[str, str], protocol: str) -> None:
    """Raise an error if two models were not tested on the same tracks in the same runs.

    Parameters
    ----------
    one, other : pd.DataFrame
        With the columns `track, run`.
    names : tuple of str
        The models.
    protocol : str
        Their protocol.

    Raises
    ------
    DatasetError
        With a test that only one of them has.
    """
    tests = [set(zip(each.run, each.track, strict=True)) for each in (one, other)]
    if lone := sorted(tests[0] ^ tests[1]):
        run, track = lone[0]
        raise DatasetError(
            f"Under {protocol} only one of '{names[0]}' and '{names[1]}' has a prediction for '{track}' in run {run}; "
            "they were made from different splits: run again."
        )
