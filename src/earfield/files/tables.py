"""Tables that stages exchange: CSV written whole, read as text, checked."""

import os

import pandas as pd

from earfield.errors import DatasetError
from earfield.files.atomic import write_aside

TRACK_COLUMNS = [
    "track", "label", "path", "artist", "title", "seconds", "sample_rate", "channels", "sha256", "problem",
]  # fmt: skip
_TEXT = dict.fromkeys(("track", "label", "predicted", "path", "artist", "title", "sha256", "problem"), str)


def write_csv(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table by `write_aside`, with the same bytes on every system."""
    with write_aside(path) as aside:
        table.to_csv(aside, index=False, lineterminator="\n")


def read_text_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table without converting text: a genre "NA" or "01" stays one, and names may have carriage returns."""
    return pd.read_csv(
        path, dtype=_TEXT, keep_default_na=False, na_values={"seconds": [""]}, lineterminator="\n", encoding="utf-8"
    )


def usable_tracks(path: str | os.PathLike[str], *, some: bool = True) -> pd.DataFrame:
    """Read the usable tracks of a table: rows without a problem.

    Parameters
    ----------
    path : path-like
        `tracks.csv`, or the table of one shard.
    some : bool
        Whether an empty result is an error: a shard may be empty, a collection not.

    Returns
    -------
    pd.DataFrame
        With the columns `TRACK_COLUMNS`, sorted by track.

    Raises
    ------
    DatasetError
        If a column is missing, or no track is usable.
    """
    table = read_text_csv(path)
    missing = [column for column in TRACK_COLUMNS if column not in table]
    if missing:
        raise DatasetError(f"{path} lacks the column '{missing[0]}'; delete the file and run again.")
    usable = table[table.problem == ""]
    if some and usable.empty:
        raise DatasetError(f"{path} has no usable track; see its column 'problem'.")
    return usable.reset_index(drop=True)
