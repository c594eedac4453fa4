"""What a dataset's tracks are to be told apart by: the labels of its collection, or their artists."""

from collections import Counter

import pandas as pd

from earfield.errors import DatasetError
from earfield.groups import artists_of
from earfield.markdown import counted


def label_by_artist(tracks: pd.DataFrame, *, min_tracks: int) -> pd.DataFrame:
    """Put the artist of each track in the place of its label.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the columns `label, artist, problem`.
    min_tracks : int
        Tracks without a problem that an artist must have.

    Returns
    -------
    pd.DataFrame
        The same table. `label` is the artist as first written: case, white space and how Unicode writes a letter make
        no other one. Tracks without artist, and of artists with too few, keep their label and get a `problem`.

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
            f"{len(kept)} of the collection's artists have {min_tracks} usable tracks or more, and two are needed to "
            "be told apart; fill in the column 'artist', or lower datasets.<name>.task.min_tracks."
        )
    return tracks.assign(
        label=[
            written[artist] if artist in kept else label for artist, label in zip(artists, tracks.label, strict=True)
        ],
        problem=[own or reason for own, reason in zip(tracks.problem, found, strict=True)],
    )
