"""Data of figures 7 to 11: unchanged rows of the tables of scores, in the order of drawing."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from earfield.evaluate.score_tables import COLUMNS, read_as_text
from earfield.files.tables import write_csv

OURS = "ours"
_SCORES = ["protocol", "model", "seeds", "n_tracks", "n_predictions", "accuracy", "ci_low", "ci_high", "baseline"]
_REFERENCES = ["kind", "name", "accuracy", "dataset", "genres", "protocol", "source", "url"]


def write_accuracy_data(
    *,
    summary: str | os.PathLike[str],
    path: str | os.PathLike[str],
    references: str | os.PathLike[str] | None = None,
) -> None:
    """Write the data of figure 7.

    Parameters
    ----------
    summary : path-like
        `summary.csv` of the dataset, in the order of drawing.
    references : path-like or None
        Accuracies that others reported: `resources/reference_levels.csv`.
    path : path-like
        `.csv` to write: `kind` (ours, or the reference's), scores, and of references the conditions; their `model` is
        the reference's name.

    Raises
    ------
    DatasetError
        If a table lacks a column.
    """
    ours = read_as_text(summary, _SCORES)[_SCORES]
    others = read_as_text(references, _REFERENCES) if references else pd.DataFrame(columns=_REFERENCES, dtype=str)
    theirs = others[_REFERENCES].rename(columns={"name": "model"})
    columns = ["kind", *_SCORES, "dataset", "genres", "source", "url"]
    write_csv(pd.concat([ours.assign(kind=OURS), theirs])[columns], path)


def write_rows_of_protocol(*, scores: str | os.PathLike[str], path: str | os.PathLike[str], protocol: str) -> None:
    """Write the data of figure 8, 9 or 11: the rows of one protocol.

    Parameters
    ----------
    scores : path-like
        `learning_curve.csv`, `excerpts.csv` or `calibration.csv`; the columns are those of its name in `COLUMNS`.
    path : path-like
        `.csv` to write.
    protocol : str
        The protocol to show.

    Raises
    ------
    DatasetError
        If the table lacks a column.
    """
    write_csv(_rows(scores, protocol), path)


def write_recall_data(
    *,
    scores: str | os.PathLike[str],
    path: str | os.PathLike[str],
    protocol: str,
    model: str,
    baselines: Sequence[str],
) -> None:
    """Write the data of figure 10.

    Parameters
    ----------
    scores : path-like
        `recall.csv` of the protocol.
    path : path-like
        `.csv` to write: rows of the shown model, its best label first, and then of the baseline whose mean recall over
        labels is highest.
    protocol, model : str
        What to show.
    baselines : sequence of str
        Models to choose the baseline from; those without a row are passed over.

    Raises
    ------
    DatasetError
        If the table lacks a column.
    """
    table = _rows(scores, protocol)
    numbers = pd.to_numeric(table.recall)
    means = numbers.groupby(table.model).mean().reindex(sorted(set(baselines) - {model})).dropna()
    shown = [model] if means.empty else [model, str(means.idxmax())]
    ordered = table.assign(number=numbers).sort_values(["number", "label"], ascending=[False, True])
    write_csv(pd.concat([ordered[ordered.model == name] for name in shown])[table.columns], path)


def _rows(scores: str | os.PathLike[str], protocol: str) -> pd.DataFrame:
    columns = COLUMNS[Path(scores).stem]
    table = read_as_text(scores, columns)
    return table.loc[table.protocol == protocol, columns]
