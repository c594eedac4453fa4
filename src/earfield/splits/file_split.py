"""Splits read from a table, such as published ones."""

import unicodedata

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.files.user_csv import read_user_csv
from earfield.splits.grouped_split import SUBSETS

_SUBSET_OF = {name: name for name in SUBSETS} | {"valid": "validation", "excluded": "", "": ""}


def from_file(tracks: pd.DataFrame, *, path: str, column: str, listing: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Read a split from a table, such as a published one.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the column `track`.
    path, column : str
        CSV with the column `track` and this one: train, validation or valid, test, and excluded or nothing.
    listing : pd.DataFrame
        With the columns `track, problem`: all known tracks, including unusable ones.

    Returns
    -------
    subsets : np.ndarray [shape=(n_tracks,), dtype=str]
        The subset of each row of `tracks`, or the reason why it is in none.
    warnings : list of str
        Tracks on which the file and the collection disagree.

    Raises
    ------
    DatasetError
        If the file cannot be read, lacks a column, has another value, or has a track twice or one that is not known.

    Source: for GTZAN's fault-filtered split, Kereliuk, Sturm & Larsen (2015), IEEE Transactions on Multimedia 17.
    """
    table = read_user_csv(path, fix="`path` of the protocol")
    for name in ("track", column):
        if name not in table:
            raise DatasetError(
                f"'{path}' lacks the column '{name}' (it has {', '.join(table)}); add it or correct `column` of the "
                "protocol."
            )
    table["track"] = [unicodedata.normalize("NFC", track) for track in table.track]
    table[column] = table[column].str.strip()
    if len(double := table.index[table.track.duplicated()]):
        raise DatasetError(
            f"'{path}' line {double[0] + 2} has the track '{table.track[double[0]]}' a second time; remove one row."
        )
    if len(strange := table.index[~table.track.isin(listing.track)]):
        raise DatasetError(
            f"'{path}' line {strange[0] + 2} has the track '{table.track[strange[0]]}', which tracks.csv does not have "
            f"({len(strange)} such rows); remove the rows or add the songs."
        )
    if len(wrong := table.index[~table[column].isin(_SUBSET_OF)]):
        raise DatasetError(
            f"'{path}' line {wrong[0] + 2} has '{table[column][wrong[0]]}' in the column '{column}'; write train, "
            "validation (or valid), test, or excluded (or nothing)."
        )
    subset = table.set_index("track")[column].map(_SUBSET_OF)
    notes = []
    if len(absent := tracks.track[~tracks.track.isin(subset.index)]):
        notes.append(f"'{path}' lacks usable tracks ({len(absent)}, the first '{absent.iloc[0]}'); they are not used.")
    unusable = listing.track[(listing.problem != "") & listing.track.isin(subset.index[subset != ""])]
    if len(unusable):
        notes.append(
            f"'{path}' lists tracks that have a problem ({len(unusable)}, the first '{unusable.iloc[0]}'; see "
            "tracks.csv); they are not used."
        )
    return tracks.track.map(subset.replace("", "excluded by the file")).fillna("not in the file").to_numpy(), notes
