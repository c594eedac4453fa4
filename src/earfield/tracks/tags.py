"""Tags of a track as one text: sorted, joined by semicolons."""

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

SEPARATOR = ";"


def tags_in(text: str) -> list[str]:
    """Return the distinct tags of a text, sorted, without surrounding white space."""
    found = {unicodedata.normalize("NFC", " ".join(tag.split())) for tag in text.split(SEPARATOR)}
    return sorted(found - {""})


def as_text(tags: Iterable[str]) -> str:
    """Return tags as one text."""
    return SEPARATOR.join(sorted(tags))


def tags_of_all(labels: Iterable[str]) -> list[str]:
    """Return all tags of the tracks, sorted."""
    return sorted({tag for label in labels for tag in tags_in(label)})


def tag_matrix(labels: Iterable[str], tags: Sequence[str]) -> np.ndarray:
    """Return the tags of each track as a matrix [shape=(n_tracks, n_tags), dtype=bool]."""
    rows = [set(tags_in(label)) for label in labels]
    return np.array([[tag in row for tag in tags] for row in rows], dtype=bool).reshape(len(rows), len(tags))


def targets_of(table: pd.DataFrame, *, tags: bool) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the classification targets of each subset.

    Parameters
    ----------
    table : pd.DataFrame
        `label, subset`, one row per track.
    tags : bool
        Whether a label is the text of several tags.

    Returns
    -------
    labels : list of str
        Labels or tags, sorted.
    targets : dict of str to np.ndarray [shape=(n_tracks,), dtype=int] or [shape=(n_tracks, n_tags), dtype=bool]
        By subset: an index into `labels`, or which tags a track has.
    """
    labels = tags_of_all(table.label) if tags else sorted(table.label.unique())
    return labels, {
        subset: tag_matrix(rows.label, labels) if tags else rows.label.map(labels.index).to_numpy()
        for subset, rows in table.groupby("subset")
    }


def carriers(labels: Sequence[str] | np.ndarray, *, tags: bool) -> dict[str, np.ndarray]:
    """Return a mask of the tracks with each label or, if labels are tags as one text, each tag; sorted.

    Returns
    -------
    dict of str to np.ndarray [shape=(n_tracks,), dtype=bool]
    """
    if tags:
        names = tags_of_all(labels)
        return dict(zip(names, tag_matrix(labels, names).T, strict=True))
    own = np.asarray(labels, dtype=object)
    return {name: own == name for name in np.unique(own)}
