"""Artists and titles of tracks, normalised for comparison."""

import unicodedata

import numpy as np
import pandas as pd


def artists_of(tracks: pd.DataFrame) -> np.ndarray:
    """Return the artist of each track, normalised for comparison.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the column `artist`.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=object]
        Case-folded, in Unicode form NFC, with single spaces; "" where there is no artist.
    """
    return np.array([_plain(name) for name in tracks.artist], dtype=object)


def titles_of(tracks: pd.DataFrame) -> np.ndarray:
    """Return artist and title of each track as one normalised text; "" where either is unknown.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the columns `artist, title`.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=object]
        Normalised as in `artists_of`.
    """
    titles = [_plain(title) for title in tracks.title]
    pairs = zip(artists_of(tracks), titles, strict=True)
    return np.array([f"{artist}\0{title}" if artist and title else "" for artist, title in pairs], dtype=object)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()).casefold())
