"""Artists and titles of tracks, normalised for comparison."""

import unicodedata

import numpy as np
import pandas as pd


def artists_of(tracks: pd.DataFrame) -> np.ndarray:
    """Return the artist of each track: case-folded, in Unicode form NFC, with single spaces; "" where there is none."""
    return np.array([_plain(name) for name in tracks.artist], dtype=object)


def titles_of(tracks: pd.DataFrame) -> np.ndarray:
    """Return artist and title of each track as one text, normalised as in `artists_of`; "" where either is unknown."""
    pairs = zip(map(_plain, tracks.artist), map(_plain, tracks.title), strict=True)
    return np.array([f"{artist}\0{title}" if artist and title else "" for artist, title in pairs], dtype=object)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()).casefold())
