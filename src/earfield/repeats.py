"""Repeated recordings: which tracks hold the same recording, by what they sound like and not by their bytes."""

import itertools
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy import fft
from scipy.ndimage import uniform_filter1d

from earfield.fingerprint import Scale, alike, fingerprint, picture
from earfield.shards import MelShards
from earfield.tables import write_csv

_COLUMNS = ["track", "other", "offset", "overlap", "correlation"]
_LEAST_OVERLAP = 5.0  # s
_LEAST_SHARE = 0.5  # of the shorter track, if that is less
_TREND = 1.0  # s: what changes more slowly, such as a fade, is alike in many tracks
_CONTRAST = 0.05  # nepers, root mean square: less is silence or a drone, by which nothing can be recognised
_PEAKS = 4  # offsets that are looked at closely
_CORRELATION = 0.9


def write_repeats(
    *,
    frames_paths: Sequence[str | os.PathLike[str]],
    index_paths: Sequence[str | os.PathLike[str]],
    path: str | os.PathLike[str],
    hop_length: int,
    sample_rate: int,
    workers: int,
) -> None:
    """Write the pairs of tracks of a collection that hold the same recording.

    Parameters
    ----------
    frames_paths, index_paths : sequence of path-like
        The log-mel shards, in the same order.
    path : path-like
        `.csv` to write, as `find_repeats` returns it.
    hop_length : int
        Distance between frames [samples].
    sample_rate : int
        Samples per second [Hz].
    workers : int
        Threads; the file does not depend on it.
    """
    shards = MelShards(frames_paths, index_paths)
    tracks = {name: shards.track(name) for name in shards.index.index}
    write_csv(find_repeats(tracks, frame_seconds=hop_length / sample_rate, workers=workers).round(6), path)


def find_repeats(tracks: Mapping[str, np.ndarray], *, frame_seconds: float, workers: int) -> pd.DataFrame:
    """Find the pairs of tracks that hold the same recording.

    Parameters
    ----------
    tracks : mapping of str to np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        ln(1 + mel power) of each track.
    frame_seconds : float
        Distance between frames [s].
    workers : int
        Threads; the result does not depend on it.

    Returns
    -------
    pd.DataFrame
        One row a pair, `track` < `other`, sorted: `track, other`; `offset` [s] at which `other` begins in `track`;
        `overlap` [s] of the two; `correlation` of their level-free spectrograms there.
    """
    names = sorted(tracks)
    scale = Scale.of(frame_seconds)
    with ThreadPoolExecutor(workers) as pool:
        candidates = alike(fingerprint([tracks[name] for name in names], scale=scale, pool=pool)).tolist()
        groups = [list(group) for _, group in itertools.groupby(candidates, key=lambda pair: pair[0])]

        def verify(group: list[list[int]]) -> list[tuple[str, str, float, float, float]]:
            one = picture(tracks[names[group[0][0]]], scale=scale)
            rows = []
            for first, second in group:
                other = picture(tracks[names[second]], scale=scale)
                lag, overlap, correlation = _compare(one, other, scale=scale, frame_seconds=frame_seconds)
                rows.append((names[first], names[second], lag * frame_seconds, overlap * frame_seconds, correlation))
            return [row for row in rows if row[-1] >= _CORRELATION]

        rows = itertools.chain.from_iterable(pool.map(verify, groups))
        return pd.DataFrame(rows, columns=_COLUMNS)


def groups_of(repeats: pd.DataFrame, tracks: Sequence[str]) -> np.ndarray:
    """Give the tracks of one recording one number.

    Parameters
    ----------
    repeats : pd.DataFrame
        Pairs, with the columns `track, other`. A pair may name tracks that `tracks` lacks: two tracks that repeat the
        same third one belong together whether it is there or not.
    tracks : sequence of str
        The tracks to number.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=int]
        From 0, in the order in which the groups appear in `tracks`; a track that nothing repeats is alone in its group.
    """
    leader: dict[str, str] = {}

    def leader_of(track: str) -> str:
        while (above := leader.get(track, track)) != track:
            leader[track] = leader.get(above, above)
            track = above
        return track

    for track, other in zip(repeats.track, repeats.other, strict=True):
        leader[leader_of(other)] = leader_of(track)
    return pd.factorize(np.array([leader_of(track) for track in tracks], dtype=object))[0]


def _compare(one: np.ndarray, other: np.ndarray, *, scale: Scale, frame_seconds: float) -> tuple[int, int, float]:
    """Return the lag [frames] at which two pictures agree best, the overlap [frames] and the correlation there."""
    trend = round(_TREND / frame_seconds)
    hidden = scale.width - 1  # frames by which a track is longer than its picture
    least = min(_LEAST_OVERLAP / frame_seconds, _LEAST_SHARE * (min(len(one), len(other)) + hidden)) - hidden
    flat, other_flat = _without_trend(one, trend), _without_trend(other, trend)
    peaks = _coarse_lags(flat[:: scale.spacing], other_flat[:: scale.spacing], least=least / scale.spacing)
    near = [
        max((_correlation(*_overlap(flat, other_flat, lag)), lag) for lag in range(peak - around, peak + around + 1))
        for peak, around in ((int(lag) * scale.spacing, scale.spacing - 1) for lag in peaks)
    ]
    # A loop agrees at many lags; what was recorded is the longest overlap.
    _, lag = max(near, key=lambda pair: (round(pair[0], 2), len(_overlap(one, other, pair[1])[0])), default=(0.0, 0))
    parts = _overlap(one, other, lag)
    # Tracks with one loop of drums agree in their course, and tracks with one series of chords in their colour.
    course = _correlation(*(_without_trend(part, trend) for part in parts))
    return lag, len(parts[0]) + hidden, min(course, _correlation(*(_colour(part) for part in parts)))


def _coarse_lags(one: np.ndarray, other: np.ndarray, *, least: float) -> np.ndarray:
    """Return the lags [rows] at which two pictures agree best, of those with the least overlap [rows]."""
    n = fft.next_fast_len(len(one) + len(other), real=True)
    products = fft.irfft((fft.rfft(one, n, axis=0) * fft.rfft(other, n, axis=0).conj()).sum(axis=1), n)
    lags = np.arange(1 - len(other), len(one))
    starts, ends = np.maximum(lags, 0), np.minimum(len(one), len(other) + lags)
    before, other_before = (np.cumsum(np.append(0, np.square(rows, dtype=float).sum(axis=1))) for rows in (one, other))
    energy, other_energy = before[ends] - before[starts], other_before[ends - lags] - other_before[starts - lags]
    heard = np.minimum(energy, other_energy) >= _CONTRAST**2 * (ends - starts) * one.shape[1]
    padded = np.zeros(len(lags) + 2)
    found = padded[1:-1]
    np.divide(products[lags], np.sqrt(energy * other_energy), out=found, where=heard & (ends - starts >= least))
    peaks = np.flatnonzero((found > 0) & (found >= padded[:-2]) & (found > padded[2:]))
    return lags[peaks[np.lexsort(((starts - ends)[peaks], -found[peaks].round(2)))[:_PEAKS]]]


def _without_trend(drawn: np.ndarray, trend: int) -> np.ndarray:
    """Return a picture without what a fade, an equaliser or a long note is in it."""
    # The filter needs a row and a neighbour.
    return drawn - uniform_filter1d(drawn, max(3, trend), axis=0, mode="nearest") if len(drawn) else drawn


def _colour(drawn: np.ndarray) -> np.ndarray:
    """Return a picture without its level at each time and in each band."""
    shape = drawn - drawn.mean(axis=1, keepdims=True)
    return shape - shape.mean(axis=0)


def _overlap(one: np.ndarray, other: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each that overlap when the other one begins so many rows later."""
    start, end = max(lag, 0), min(len(one), len(other) + lag)
    return one[start:end], other[start - lag : end - lag]


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two pictures without trend; 0 of what has too little contrast to be recognised by."""
    products, first, second = (np.einsum("ij,ij->", a, b) for a, b in ((one, other), (one, one), (other, other)))
    heard = min(first, second) > one.size * _CONTRAST**2
    return float(products / np.sqrt(first * second)) if heard else 0.0
