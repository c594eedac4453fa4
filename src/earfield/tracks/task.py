"""Classification targets of a dataset: the collection's labels, artists, or tags."""

import logging
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from earfield.errors import DatasetError
from earfield.files.markdown import counted, listed
from earfield.tracks.artists import artists_of
from earfield.tracks.tags import SEPARATOR, as_text, tags_in

log = logging.getLogger(__name__)


def label_by_artist(tracks: pd.DataFrame, *, min_tracks: int) -> pd.DataFrame:
    """Replace the label of each track by its artist.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the columns `label, artist, problem`.
    min_tracks : int
        Minimum number of usable tracks of an artist.

    Returns
    -------
    pd.DataFrame
        `label` is the artist in its first spelling; names that differ only in case, white space or Unicode form are
        equal. Tracks without an artist, and those of artists with too few tracks, keep their label and get a `problem`.

    Raises
    ------
    DatasetError
        If fewer than two artists are left.
    """
    artists, usable = artists_of(tracks), (tracks.problem == "").to_numpy()
    counts = Counter(artists[usable])
    written = dict(zip(artists[::-1], tracks.artist[::-1].str.strip(), strict=True))

    def problem(artist: str) -> str:
        if not artist:
            return "has no artist"
        if counts[artist] >= min_tracks:
            return ""
        has = counted(counts[artist], "usable track")
        return f"is by '{written[artist]}', who has {has}; datasets.<name>.task.min_tracks asks for {min_tracks}"

    found = [problem(artist) for artist in artists]
    kept = {artist for artist, reason in zip(artists, found, strict=True) if not reason}
    if len(kept) < 2:
        raise DatasetError(
            f"{len(kept)} of the collection's artists have {min_tracks} usable tracks or more, and a classifier needs "
            "two; fill in the column 'artist', or lower datasets.<name>.task.min_tracks."
        )
    return tracks.assign(
        label=[
            written[artist] if artist in kept else label for artist, label in zip(artists, tracks.label, strict=True)
        ],
        problem=[own or reason for own, reason in zip(tracks.problem, found, strict=True)],
    )


def tags_from_columns(songs: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Replace the label of each song by all tags of these columns as one text; see `earfield.tracks.tags`.

    Raises
    ------
    DatasetError
        If a column is missing.
    """
    if missing := [f"'{column}'" for column in columns if column not in songs]:
        raise DatasetError(
            f"datasets.<name>.task.columns names {listed(missing)}, which the collection does not have (it has "
            f"{', '.join(songs)}); correct the name or add the column to its CSV."
        )
    texts = [SEPARATOR.join(row) for row in songs[list(columns)].itertuples(index=False)]
    return songs.assign(label=[as_text(tags_in(text)) for text in texts])


def label_by_tags(tracks: pd.DataFrame, *, min_tracks: int) -> pd.DataFrame:
    """Remove rare tags and tags that every track has, and tracks without another tag.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the columns `label` (tags as one text), `problem`.
    min_tracks : int
        Minimum number of usable tracks of a tag.

    Returns
    -------
    pd.DataFrame
        `label` is the tags that are left; tracks without any keep theirs and get a `problem`.

    Raises
    ------
    DatasetError
        If fewer than two tags are left, or every track has exactly one.
    """
    own = [tags_in(label) for label in tracks.label]
    usable = (tracks.problem == "").to_numpy()
    counts = Counter(tag for tags, used in zip(own, usable, strict=True) if used for tag in tags)
    if not usable.any():
        first = tracks.iloc[0]  # the table that says why of each is not written
        raise DatasetError(f"No track of the collection is usable; fix its tracks: the first {first.problem}.")
    if all(len(tags) == 1 for tags, used in zip(own, usable, strict=True) if used):
        raise DatasetError(
            f"Each of the {int(usable.sum())} usable tracks has exactly one tag, as '{min(counts)}', so "
            "these are labels; remove datasets.<name>.task or name other columns in it."
        )
    kept = {tag for tag, n in counts.items() if min_tracks <= n < usable.sum()}
    if len(kept) < 2:
        raise DatasetError(
            f"{len(kept)} of the collection's {counted(len(counts), 'tag')} have {min_tracks} usable tracks or more, "
            "but not every one, and two are needed; add tags, or lower datasets.<name>.task.min_tracks."
        )
    for tag in sorted(set(counts) - kept):
        why = f"fewer than {min_tracks}" if counts[tag] < min_tracks else "which is every one"
        log.warning("tag '%s' is left out: %s, %s", tag, counted(counts[tag], "usable track"), why)
    left = [[tag for tag in tags if tag in kept] for tags in own]
    reasons = [
        ""
        if some
        else f"has no tag of {min_tracks} usable tracks or more (datasets.<name>.task.min_tracks), only '{label}'"
        if label
        else "has no tag"
        for some, label in zip(left, tracks.label, strict=True)
    ]
    return tracks.assign(
        label=[as_text(some) or label for some, label in zip(left, tracks.label, strict=True)],
        problem=[before or reason for before, reason in zip(tracks.problem, reasons, strict=True)],
    )
