"""Tables of scores as figures and claims read them: names stay what they are, also such as "01" or "NA"."""

import os
from collections.abc import Sequence

import pandas as pd

from earfield.errors import DatasetError

_TEXT = frozenset(
    {"protocol", "model", "other", "label", "bin", "estimate", "measure", "null", "name", "dataset", "genres"}
    | {"source", "url", "kind", "statistic", "finding", "over"}
)


def read_as_text(path: str | os.PathLike[str], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table as text, so that numbers can be written again digit by digit.

    Parameters
    ----------
    path : path-like
        The table.
    columns : sequence of str
        Columns that it has to have.

    Returns
    -------
    pd.DataFrame

    Raises
    ------
    DatasetError
        If it lacks a column.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n", encoding="utf-8")
    missing = [column for column in columns if column not in table]
    if missing:
        raise DatasetError(f"{path} lacks the column '{missing[0]}'; delete the file and run again.")
    return table


def read_scores(path: str | os.PathLike[str], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table: names as they stand there, all else as numbers, NaN where there is none.

    Parameters
    ----------
    path, columns
        As in `read_as_text`.

    Returns
    -------
    pd.DataFrame

    Raises
    ------
    DatasetError
        If it lacks a column, or holds something else where a number should stand.
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
