"""Repeated recordings: which tracks hold the same recording, by what they sound like and not by their bytes."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy import fft
from scipy.ndimage import uniform_filter1d

from earfield.files.tables import write_csv
from earfield.mel.shards import MelShards
from earfield.splits.fingerprint import Scale, alike, fingerprint, picture

_COLUMNS = ["track", "other", "offset", "overlap", "correlation"]
_LEAST_OVERLAP = 5.0  # s
_LEAST_SHARE = 0.5  # of the shorter track, if that is less
_TREND = 1.0  # s: what changes more slowly, such as a fade, is alike in many tracks
_CONTRAST = 0.05  # nepers, root mean square: less is silence or a drone, by which nothing can be recognised
_PEAKS = 4  # offsets that are looked at closely
# Copies that went through 64 kbit/s reach 0.96; tracks of one artist with the same kit, over a stretch of drums, 0.88.
_CORRELATION = 0.92


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
        candidates = alike(fingerprint([tracks[name] for name in names], scale=scale, pool=pool))

        def compare(pair: np.ndarray) -> tuple[str, str, float, float, float]:
            (name, one), (other_name, other) = ((names[number], tracks[names[number]]) for number in pair)
            lag = _best_lag(one, other, scale=scale, frame_seconds=frame_seconds)
            one, other = _overlap(one, other, lag)
            correlation = _correlation(one, other, scale=scale, frame_seconds=frame_seconds)
            return name, other_name, lag * frame_seconds, len(one) * frame_seconds, correlation

        compared = pd.DataFrame(pool.map(compare, candidates), columns=_COLUMNS)
    return compared[compared.correlation >= _CORRELATION].reset_index(drop=True)


def _best_lag(one: np.ndarray, other: np.ndarray, *, scale: Scale, frame_seconds: float) -> int:
    """Return the lag [frames] at which two spectrograms agree best."""
    least = min(_LEAST_OVERLAP / frame_seconds, _LEAST_SHARE * min(len(one), len(other))) - scale.width + 1
    one, other = (_course(picture(mel, scale=scale), frame_seconds) for mel in (one, other))
    peaks = _coarse_lags(one[:: scale.spacing], other[:: scale.spacing], least=least / scale.spacing) * scale.spacing
    around = np.arange(1 - scale.spacing, scale.spacing)
    near = [max((_cosine(*_overlap(one, other, lag)), lag) for lag in (peak + around).tolist()) for peak in peaks]
    # A loop agrees at many lags; what was recorded is the longest overlap.
    return max(near, key=lambda pair: (round(pair[0], 2), len(_overlap(one, other, pair[1])[0])), default=(0, 0))[1]


def _coarse_lags(one: np.ndarray, other: np.ndarray, *, least: float) -> np.ndarray:
    """Return the lags [rows] at which two courses agree best, of those with the least overlap [rows]."""
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


def _correlation(one: np.ndarray, other: np.ndarray, *, scale: Scale, frame_seconds: float) -> float:
    """Return how far two spectrograms of equal length show the same.

    Tracks that share a loop of drums agree in their course, and tracks that share chords in their colour.
    """
    drawn, other_drawn = picture(one, scale=scale), picture(other, scale=scale)
    course = _cosine(_course(drawn, frame_seconds), _course(other_drawn, frame_seconds))
    return min(course, _cosine(_colour(drawn), _colour(other_drawn)))


def _course(drawn: np.ndarray, frame_seconds: float) -> np.ndarray:
    """Return a picture without its trend, in which fades, equalisers and long notes would show."""
    trend: np.ndarray = uniform_filter1d(drawn, max(3, round(_TREND / frame_seconds)), axis=0, mode="nearest")
    return drawn - trend


def _colour(drawn: np.ndarray) -> np.ndarray:
    """Return a picture without its level at each time and in each band."""
    shape = drawn - drawn.mean(axis=1, keepdims=True)
    return shape - shape.mean(axis=0)


def _overlap(one: np.ndarray, other: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each that overlap when the other one begins so many rows later."""
    start, end = max(lag, 0), min(len(one), len(other) + lag)
    return one[start:end], other[start - lag : end - lag]


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two pictures around 0; none with too little contrast to be recognised by."""
    products, energy, other_energy = (
        np.einsum("ij,ij->", *both) for both in ((one, other), (one, one), (other, other))
    )
    heard = min(energy, other_energy) > _CONTRAST**2 * one.size
    return float(products / np.sqrt(energy * other_energy)) if heard else 0.0
