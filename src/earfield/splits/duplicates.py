"""Detection of duplicate recordings, including re-encoded copies, by audio fingerprints."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy import fft
from scipy.ndimage import uniform_filter1d

from earfield.files.tables import write_csv
from earfield.mel.shards import MelShards
from earfield.splits.fingerprint import FrameScale, candidate_pairs, coarse_log_spectrogram, fingerprint

_COLUMNS = ["track", "other", "offset", "overlap", "correlation"]
_LEAST_OVERLAP = 5.0  # s
_LEAST_FRACTION = 0.5  # of the shorter track, if that is less
_TREND = 1.0  # s: slower changes, such as fades, are similar in many tracks
_CONTRAST = 0.05  # nepers, RMS: minimum contrast of a recognisable passage
_PEAKS = 4  # offsets that are compared at full resolution
# Copies coded at 64 kbit/s reach 0.96; tracks of one artist with the same drum kit reach 0.88 in passages of drums.
_CORRELATION = 0.92


def write_duplicates(
    *,
    frames_paths: Sequence[str | os.PathLike[str]],
    index_paths: Sequence[str | os.PathLike[str]],
    path: str | os.PathLike[str],
    hop_length: int,
    sample_rate: int,
    workers: int,
) -> None:
    """Write the pairs of tracks of a collection that are the same recording.

    Parameters
    ----------
    frames_paths, index_paths : sequence of path-like
        The log-mel shards, in the same order.
    path : path-like
        `.csv` to write, as `find_duplicates` returns it.
    hop_length, sample_rate : int
        Distance between frames [samples], samples per second [Hz].
    workers : int
        Number of threads; the file does not depend on it.
    """
    shards = MelShards(frames_paths, index_paths)
    tracks = {name: shards.track(name) for name in shards.index.index}
    write_csv(find_duplicates(tracks, frame_seconds=hop_length / sample_rate, workers=workers).round(6), path)


def find_duplicates(tracks: Mapping[str, np.ndarray], *, frame_seconds: float, workers: int) -> pd.DataFrame:
    """Find the pairs of tracks that are the same recording.

    Parameters
    ----------
    tracks : mapping of str to np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        ln(1 + mel power) of each track.
    frame_seconds : float
        Distance between frames [s].
    workers : int
        Number of threads; the result does not depend on it.

    Returns
    -------
    pd.DataFrame
        One row per pair, `track` < `other`, sorted: `track, other`; `offset` [s] at which `other` begins in `track`;
        `overlap` [s]; `correlation` of the level-free spectrograms over it.
    """
    names = sorted(tracks)
    scale = FrameScale.of(frame_seconds)
    with ThreadPoolExecutor(workers) as pool:
        candidates = candidate_pairs(fingerprint([tracks[name] for name in names], scale=scale, pool=pool))

        def compare(pair: np.ndarray) -> tuple[str, str, float, float, float]:
            (name, one), (other_name, other) = ((names[number], tracks[names[number]]) for number in pair)
            lag = _best_lag(one, other, scale=scale)
            one, other = _overlap(one, other, lag)
            correlation = _correlation(one, other, scale=scale)
            return name, other_name, lag * frame_seconds, len(one) * frame_seconds, correlation

        compared = pd.DataFrame(pool.map(compare, candidates), columns=_COLUMNS)
    return compared[compared.correlation >= _CORRELATION].reset_index(drop=True)


def _best_lag(one: np.ndarray, other: np.ndarray, *, scale: FrameScale) -> int:
    """Return the lag [frames] with the highest correlation."""
    least = min(_LEAST_OVERLAP / scale.seconds, _LEAST_FRACTION * min(len(one), len(other))) - scale.width + 1
    one, other = (_detrended(coarse_log_spectrogram(mel, scale=scale), scale) for mel in (one, other))
    peaks = _coarse_lags(one[:: scale.spacing], other[:: scale.spacing], least=least / scale.spacing) * scale.spacing
    around = np.arange(1 - scale.spacing, scale.spacing)
    near = [max((_cosine(*_overlap(one, other, lag)), lag) for lag in (peak + around).tolist()) for peak in peaks]
    # Loops correlate at many lags; the correct one has the longest overlap.
    return max(near, key=lambda pair: (round(pair[0], 2), len(_overlap(one, other, pair[1])[0])), default=(0, 0))[1]


def _coarse_lags(one: np.ndarray, other: np.ndarray, *, least: float) -> np.ndarray:
    """Return the lags [rows] with the highest correlation, of those with the least overlap [rows]."""
    n = fft.next_fast_len(len(one) + len(other), real=True)
    products = fft.irfft((fft.rfft(one, n, axis=0) * fft.rfft(other, n, axis=0).conj()).sum(axis=1), n)
    lags = np.arange(1 - len(other), len(one))
    starts, ends = np.maximum(lags, 0), np.minimum(len(one), len(other) + lags)
    before, other_before = (np.cumsum(np.append(0, np.square(rows, dtype=float).sum(axis=1))) for rows in (one, other))
    energy, other_energy = before[ends] - before[starts], other_before[ends - lags] - other_before[starts - lags]
    audible = np.minimum(energy, other_energy) >= _CONTRAST**2 * (ends - starts) * one.shape[1]
    padded = np.zeros(len(lags) + 2)
    found = padded[1:-1]
    np.divide(products[lags], np.sqrt(energy * other_energy), out=found, where=audible & (ends - starts >= least))
    peaks = np.flatnonzero((found > 0) & (found >= padded[:-2]) & (found > padded[2:]))
    return lags[peaks[np.lexsort(((starts - ends)[peaks], -found[peaks].round(2)))[:_PEAKS]]]


def _correlation(one: np.ndarray, other: np.ndarray, *, scale: FrameScale) -> float:
    """Return the correlation of two spectrograms of equal length, in time and in frequency, whichever is lower.

    Tracks that share a drum loop correlate only in time, and tracks that share chords only in frequency.
    """
    coarse, other_coarse = coarse_log_spectrogram(one, scale=scale), coarse_log_spectrogram(other, scale=scale)
    in_time = _cosine(_detrended(coarse, scale), _detrended(other_coarse, scale))
    return min(in_time, _cosine(_double_centred(coarse), _double_centred(other_coarse)))


def _detrended(coarse: np.ndarray, scale: FrameScale) -> np.ndarray:
    """Subtract the moving average, which contains fades, equalisation and long notes."""
    trend: np.ndarray = uniform_filter1d(coarse, max(3, round(_TREND / scale.seconds)), axis=0, mode="nearest")
    return coarse - trend


def _double_centred(coarse: np.ndarray) -> np.ndarray:
    """Subtract the mean at each time and in each band."""
    shape = coarse - coarse.mean(axis=1, keepdims=True)
    return shape - shape.mean(axis=0)


def _overlap(one: np.ndarray, other: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the overlapping rows of two spectrograms, the second of which begins `lag` rows later."""
    start, end = max(lag, 0), min(len(one), len(other) + lag)
    return one[start:end], other[start - lag : end - lag]


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Return the cosine similarity; 0 where the contrast is too low."""
    products, energy, other_energy = (
        np.einsum("ij,ij->", *both) for both in ((one, other), (one, one), (other, other))
    )
    audible = min(energy, other_energy) > _CONTRAST**2 * one.size
    return float(products / np.sqrt(energy * other_energy)) if audible else 0.0
