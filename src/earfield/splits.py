"""Protocols: which tracks are for training, validation and test."""

import os
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.tables import usable_tracks, write_csv

SUBSETS = ("train", "validation", "test")


def stratified(tracks: pd.DataFrame, *, seed: int, ratio: Sequence[float]) -> np.ndarray:
    """Split by track within each label: the paper's protocol.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the columns `track, label`.
    seed : int
        Another seed, another split.
    ratio : sequence of 3 floats
        Shares of training, validation and test tracks, in any unit.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=str]
        The subset of each row. Within each label the counts are the ratio's, rounded to the largest remainder, and
        at least one for each subset with a share.

    Raises
    ------
    DatasetError
        If a label has fewer tracks than there are subsets to fill.

    Source: Dong (2018): 50 / 20 / 30 of each genre's 100 tracks.
    """
    subsets = np.empty(len(tracks), dtype=object)
    labels = tracks.label.to_numpy()
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        wanted = np.count_nonzero(ratio)
        if len(rows) < wanted:
            raise DatasetError(
                f"The label '{label}' has {len(rows)} usable track{'s' * (len(rows) != 1)}, and a split into "
                f"{wanted} subsets needs {wanted}; add tracks of it or leave the label out."
            )
        # A generator for each label: tracks added to one label leave the split of the others as it was.
        rows = np.random.default_rng([seed, *label.encode()]).permutation(rows)
        subsets[rows] = np.repeat(SUBSETS, _apportion(len(rows), ratio))
    return subsets.astype(str)


PROTOCOLS: dict[str, Callable[..., np.ndarray]] = {"stratified": stratified}


def write_split(
    *,
    tracks: str | os.PathLike[str],
    path: str | os.PathLike[str],
    seed: int,
    kind: str,
    **options: object,
) -> None:
    """Write the split of one protocol and seed.

    Parameters
    ----------
    tracks : path-like
        The table of tracks; those with a problem are passed over.
    path : path-like
        `.csv` to write: `track, label, subset`.
    seed : int
        The split's seed.
    kind : str
        A key of `PROTOCOLS`.
    **options
        The protocol's own, such as `ratio`.

    Raises
    ------
    DatasetError
        If the tracks do not allow the split.
    """
    table = usable_tracks(tracks)
    if table.label.nunique() < 2:
        raise DatasetError(f"{tracks} has one label, '{table.label[0]}'; a classifier needs two or more.")
    table["subset"] = PROTOCOLS[kind](table, seed=seed, **options)
    write_csv(table[["track", "label", "subset"]], path)


def _apportion(n: int, ratio: Sequence[float]) -> np.ndarray:
    """Share `n` tracks out by largest remainder, with at least one for each share that is not zero."""
    quota = np.asarray(ratio, dtype=float) / np.sum(ratio) * n
    counts = np.floor(quota).astype(int)
    remainder = quota - counts
    for subset in np.argsort(-remainder, kind="stable")[: n - counts.sum()]:
        counts[subset] += 1
    for subset in np.flatnonzero((quota > 0) & (counts == 0)):
        counts[np.argmax(counts)] -= 1
        counts[subset] += 1
    return counts
