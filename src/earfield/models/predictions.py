"""Predictions of a model: the probabilities of each test track."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.files.tables import read_text_csv, write_csv
from earfield.tracks.tags import as_text


def write_predictions(
    path: str | os.PathLike[str],
    *,
    tracks: pd.DataFrame,
    labels: Sequence[str],
    probabilities: np.ndarray,
    tags: bool = False,
) -> None:
    """Write the predictions of a model.

    Parameters
    ----------
    path : path-like
        `.csv` to write: `track, label, predicted, p_<label>...`.
    tracks : pd.DataFrame
        With the columns `track, label`.
    labels : sequence of str
        Label of each column of `probabilities`.
    probabilities : np.ndarray [shape=(n_tracks, n_labels)]
        The prediction is the largest.
    tags : bool
        Whether `labels` are tags, of which a track may have several: the prediction is the text of all with a
        probability of at least 0.5.
    """
    table = tracks[["track", "label"]].reset_index(drop=True)
    names = np.asarray(labels, dtype=object)
    table["predicted"] = (
        [as_text(names[row >= 0.5]) for row in probabilities] if tags else names[probabilities.argmax(axis=1)]
    )
    columns = pd.DataFrame(probabilities, columns=[f"p_{label}" for label in labels]).round(9)
    write_csv(pd.concat([table, columns], axis=1), path)


def read_predictions(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read `predictions.csv`, with the column `correct` added.

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
