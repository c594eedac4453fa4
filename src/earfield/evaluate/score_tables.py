"""Tables of scores as figures and claims read them: names stay what they are, also such as "01" or "NA"."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from earfield.errors import DatasetError
from earfield.files.atomic import write_json
from earfield.files.tables import read_text_csv, write_csv

# Names of a row come before `seeds`, the number of its runs; `n_tracks` were tested in any of them. Limits are of 95%
# intervals, all but the names are numbers.
_MEASURED = ["seeds", "n_tracks", "n_predictions"]
_ACCURACY = ["accuracy", "ci_low", "ci_high"]
_DIFFERENCE = ["accuracy", "other_accuracy", "difference", "ci_low", "ci_high"]
COLUMNS = {
    # `sd`: between runs; `balanced_accuracy`: mean recall over labels; `baseline`: fraction of the most frequent label.
    "summary": ["protocol", "model", *_MEASURED, *_ACCURACY, "sd", "balanced_accuracy", "baseline"],
    # `disagreements`: predictions that are correct of one model alone; `tracks_disagreed`: tracks with one.
    "paired": [
        *["protocol", "model", "other", *_MEASURED, *_DIFFERENCE, "p_value", "disagreements", "tracks_disagreed"],
    ],
    "recall": ["protocol", "model", "label", *_MEASURED, "recall", "ci_low", "ci_high"],
    # `confidence`: mean top probability. Of the bin `all` alone: expected calibration error, and the squared error
    # summed over labels.
    "calibration": [
        *["protocol", "model", "bin", "from", "to", *_MEASURED, "confidence", *_ACCURACY, "calibration_error", "brier"],
    ],
    # `gain`: over the shortest excerpt, of the same predictions.
    "excerpts": [
        *["protocol", "model", "seconds", *_MEASURED, *_ACCURACY, "gain", "gain_ci_low", "gain_ci_high"],
    ],
    # `protocol`: the one with all training tracks; `train_tracks`: mean over runs.
    "learning_curve": ["protocol", "model", "train_fraction", "train_tracks", *_MEASURED, *_ACCURACY],
    "protocols": ["model", "protocol", "other", "n_tracks", *_DIFFERENCE],
}
_TEXT = frozenset(
    {"protocol", "model", "other", "label", "bin", "estimate", "measure", "null", "name", "dataset", "genres"}
    | {"source", "url", "kind", "statistic", "finding", "over"}
)


def read_as_text(path: str | os.PathLike[str], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table as text, so that numbers can be written again digit by digit.

    Raises
    ------
    DatasetError
        If it lacks one of the columns.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n", encoding="utf-8")
    missing = [column for column in columns if column not in table]
    if missing:
        raise DatasetError(f"{path} lacks the column '{missing[0]}'; delete the file and run again.")
    return table


def read_scores(path: str | os.PathLike[str], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table: names as text, all else as numbers, NaN where there is none.

    Raises
    ------
    DatasetError
        If it lacks one of the columns, or holds something else where a number should be.
    """
    return _with_numbers(read_as_text(path, columns), place=str(path))


def no_scores(columns: Sequence[str]) -> pd.DataFrame:
    """Return a table with these columns and without rows."""
    return _with_numbers(pd.DataFrame(columns=list(columns), dtype=str), place="")


def _with_numbers(table: pd.DataFrame, *, place: str) -> pd.DataFrame:
    for column in [name for name in table if name not in _TEXT]:
        try:
            table[column] = pd.to_numeric(table[column]).astype(float)
        except ValueError as error:
            raise DatasetError(f"{place}, column '{column}': {error}; delete the file and run again.") from error
    return table


def write_scores(name: str, rows: Sequence[Mapping[str, Any]], path: str | os.PathLike[str]) -> None:
    """Write the rows of a table, by its name in `COLUMNS`."""
    write_csv(pd.DataFrame(rows, columns=COLUMNS[name]).round(6), path)


def write_facts(
    rows: Sequence[Mapping[str, Any]],
    tracks: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    test: Sequence[str],
) -> None:
    """Write the scores of models as DVC reads metrics, those named in `test` by protocol, and the tracks left out."""
    table = read_text_csv(tracks)
    unusable = table[table.problem != ""]
    shown: dict[str, dict[str, Any]] = {}
    for row in map(rounded, rows):
        shown.setdefault(row["protocol"], {})[row["model"]] = {name: row[name] for name in test}
    facts = {
        "n_tracks": len(table),
        "unusable": dict(zip(unusable.track, unusable.problem, strict=True)),
        "models": [rounded(row) for row in rows],
        "test": shown,
    }
    write_json(path, facts)


def rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as JSON holds it: with six decimals, and null where there is no number."""
    return {
        name: (None if math.isnan(value) else round(value, 6)) if isinstance(value, float) else value
        for name, value in row.items()
    }


def swapped(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a comparison of `row[name]` with `row["other"]` the other way round."""
    turned = {**row, name: row["other"], "other": row[name]}
    if "difference" in row:
        turned |= {"accuracy": row["other_accuracy"], "other_accuracy": row["accuracy"]}
        turned |= {"difference": -row["difference"], "ci_low": -row["ci_high"], "ci_high": -row["ci_low"]}
    return turned
