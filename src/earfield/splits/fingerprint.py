"""Audio fingerprints: 64-bit hashes of short segments of log-mel spectrograms, and the search for similar hashes.

A segment begins at an onset, which is the same position in the music wherever a copy was cut. Its bits are the signs of
its lowest cosine coefficients relative to their medians: neither the level nor a shift by part of a frame changes them,
and lossy coding changes few of them.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numba
import numpy as np

_BANDS = 16  # of a coarse spectrogram
_WIDTH = 0.093  # s of audio per row of it: a shift by half a hop changes little
_FLOOR = 1.0e-4  # relative to a track's mean power; codecs do not preserve lower power
_SPACING = 0.0464  # s between the rows of a segment
_ROWS = 16  # of a segment: 0.74 s
_ORDERS = 8  # of cosines, in time and in frequency
_RISE = 0.03  # nepers, mean over bands: minimum onset strength
_SAMPLE = 512  # tracks that medians are estimated from
_SORTS = 4  # bit rotations in the sorted-neighbour search
_NEIGHBOURS = 64  # hashes of other tracks that a hash is compared with after each sort
_DISTANCE = 12  # maximum Hamming distance of similar hashes
_JITTER = 1  # frames by which an onset may move
_VOTES = 2  # similar segments that have to agree on an offset


@dataclass(frozen=True)
class FrameScale:
    """Durations in frames, for a given distance between frames."""

    seconds: float  # between frames
    width: int  # frames of audio per row of a coarse spectrogram
    spacing: int  # frames between the rows of a segment

    @classmethod
    def of(cls, frame_seconds: float) -> "FrameScale":
        """Return the scale for a distance between frames [s]."""
        return cls(frame_seconds, *(max(1, round(seconds / frame_seconds)) for seconds in (_WIDTH, _SPACING)))


@dataclass(frozen=True)
class Fingerprints:
    """Hashed segments of many tracks, track by track in order of time; arrays [shape=(n_segments,)]."""

    hashes: np.ndarray  # uint64
    tracks: np.ndarray  # number of the track, int64
    frames: np.ndarray  # first frame of the segment, int64


def coarse_log_spectrogram(mel: np.ndarray, *, scale: FrameScale) -> np.ndarray:
    """Return the log power, coarse in time and frequency, which copies of a recording have in common.

    Parameters
    ----------
    mel : np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        ln(1 + mel power).
    scale : FrameScale

    Returns
    -------
    np.ndarray [shape=(n_frames - width + 1, n_bands), dtype=float32]
        Nepers re the track's mean power. Empty for a track shorter than a row.
    """
    bands = min(_BANDS, mel.shape[1])
    edges = np.arange(bands + 1) * mel.shape[1] // bands
    coarse: np.ndarray = _coarse(np.ascontiguousarray(mel), edges, scale.width)
    return coarse


def fingerprint(spectrograms: Sequence[np.ndarray], *, scale: FrameScale, pool: Executor) -> Fingerprints:
    """Compute the fingerprints of tracks.

    Parameters
    ----------
    spectrograms : sequence of np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        ln(1 + mel power) of each track.
    scale : FrameScale
    pool : Executor
        Threads; the result does not depend on their number.

    Returns
    -------
    Fingerprints
        About four segments per second that is not silent.

    Source: signs of a spectrogram's changes as bits as in Haitsma & Kalker (2002), "A highly robust audio
    fingerprinting system", ISMIR 3.
    """

    def describe(mel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        coarse = coarse_log_spectrogram(mel, scale=scale)
        frames = _onsets(coarse, scale.width, (_ROWS - 1) * scale.spacing)
        # Without the order 0 in frequency, which is the level.
        cosines = _cosines(_ROWS)[:-1], _cosines(coarse.shape[1])[1:]
        return frames, _coefficients(coarse, frames, scale.spacing, *cosines)

    def encode(mel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        frames, coefficients = describe(mel)
        return frames, np.packbits(coefficients > medians, axis=1).view(np.uint64)[:, 0]

    sample = spectrograms[:: -(-len(spectrograms) // _SAMPLE) or 1]
    described = np.concatenate([np.zeros((1, _ORDERS**2)), *(found for _, found in pool.map(describe, sample))])
    medians = np.median(described, axis=0)
    encoded = list(pool.map(encode, spectrograms))
    return Fingerprints(
        hashes=np.concatenate([np.zeros(0, np.uint64), *(hashes for _, hashes in encoded)]),
        tracks=np.repeat(np.arange(len(encoded)), [len(hashes) for _, hashes in encoded]),
        frames=np.concatenate([np.zeros(0, np.int64), *(frames for frames, _ in encoded)]),
    )


def candidate_pairs(prints: Fingerprints) -> np.ndarray:
    """Find the pairs of tracks of which several segments are similar at one offset.

    Hashes are sorted several times, each time by other bits first, and compared with their neighbours: n log n, however
    many are equal.

    Parameters
    ----------
    prints : Fingerprints

    Returns
    -------
    np.ndarray [shape=(n_pairs, 2), dtype=int64]
        Numbers of the tracks, the lower one first; sorted.

    Source: sorted rotations as in Charikar (2002), "Similarity estimation techniques from rounding algorithms",
    STOC 34; the vote for one offset as in Wang (2003), "An industrial-strength audio search algorithm", ISMIR 4.
    """
    found = []
    for turn in range(_SORTS):
        shift = np.uint64(turn * 64 // _SORTS)
        rotated = (prints.hashes << shift) | (prints.hashes >> (np.uint64(64) - shift) % np.uint64(64))
        order = np.argsort(rotated, kind="stable")
        found.append(_neighbours(prints.hashes[order], prints.tracks[order], order))
    # Most are found after several sorts; each counts once.
    one, other = np.divmod(np.unique(np.concatenate(found)), len(prints.hashes))
    first, second, offsets = prints.tracks[one], prints.tracks[other], prints.frames[one] - prints.frames[other]
    order = np.lexsort((offsets, second, first))
    agreed: np.ndarray = _agreed(first[order], second[order], offsets[order])
    return agreed


def _cosines(n: int) -> np.ndarray:
    """Return cosines of the orders 0 to `_ORDERS` at `n` points [order, point]."""
    return np.cos(np.pi * np.outer(np.arange(_ORDERS + 1), (np.arange(n) + 0.5) / n))


@numba.njit(cache=True, nogil=True)
def _coarse(mel, edges, width):  # type: ignore[no-untyped-def]
    bands = len(edges) - 1
    power = np.zeros((len(mel), bands))
    for t in range(len(mel)):
        for band in range(bands):
            for i in range(edges[band], edges[band + 1]):
                power[t, band] += np.expm1(mel[t, i])
    coarse = np.empty((max(0, len(mel) - width + 1), bands), np.float32)
    # The level of a silent track is arbitrary.
    mean = max(power.mean(), 1e-30) if len(mel) else 1.0
    total = np.zeros(bands)
    for t in range(len(mel)):
        for band in range(bands):
            total[band] += power[t, band]
            if t >= width:
                total[band] -= power[t - width, band]
            if t >= width - 1:
                coarse[t - width + 1, band] = np.log(max(total[band], 0) / (width * mean) + _FLOOR)
    return coarse


@numba.njit(cache=True, nogil=True)
def _onsets(coarse, width, reach):  # type: ignore[no-untyped-def]
    """Return the frames of local maxima of onset strength after which a whole segment follows."""
    rise = np.zeros(max(0, len(coarse) - width))
    for t in range(len(rise)):
        for band in range(coarse.shape[1]):
            rise[t] += max(0, coarse[t + width, band] - coarse[t, band])
    frames = np.empty(len(rise), np.int64)
    n = 0
    for t in range(len(coarse) - reach):
        highest = t < len(rise) and rise[t] >= _RISE * coarse.shape[1]
        for other in range(max(0, t - width), min(len(rise), t + width + 1)):
            highest = highest and (rise[other] < rise[t] if other < t else rise[other] <= rise[t])
        if highest:
            frames[n] = t
            n += 1
    return frames[:n]


@numba.njit(cache=True, nogil=True)
def _coefficients(coarse, frames, spacing, in_time, in_frequency):  # type: ignore[no-untyped-def]
    """Return the cosine coefficients of each segment [segment, order]."""
    orders, rows = in_time.shape
    found = np.zeros((len(frames), orders * len(in_frequency)))
    along = np.empty(coarse.shape[1])
    for segment in range(len(frames)):
        for i in range(orders):
            along[:] = 0
            for row_number in range(rows):
                row = coarse[frames[segment] + row_number * spacing]
                for band in range(len(along)):
                    along[band] += in_time[i, row_number] * row[band]
            for j in range(len(in_frequency)):
                for band in range(len(along)):
                    found[segment, j * orders + i] += in_frequency[j, band] * along[band]
    return found


@numba.njit(cache=True)
def _hamming_distance(one, other):  # type: ignore[no-untyped-def]
    """Count the bits that differ."""
    bits = one ^ other
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)


@numba.njit(cache=True)
def _neighbours(hashes, tracks, numbers):  # type: ignore[no-untyped-def]
    """Return similar neighbours in sorted order, each pair as lower number × number of hashes + higher number."""
    found = [np.int64(0) for _ in range(0)]
    for i in range(len(hashes)):
        compared, j = 0, i + 1
        while j < len(hashes) and compared < _NEIGHBOURS:
            # Repetitions within a loop are between those of its copies.
            if tracks[j] != tracks[i]:
                compared += 1
                if _hamming_distance(hashes[i], hashes[j]) <= _DISTANCE:
                    found.append(min(numbers[i], numbers[j]) * len(hashes) + max(numbers[i], numbers[j]))
            j += 1
    return np.array(found, np.int64)


@numba.njit(cache=True)
def _agreed(first, second, offsets):  # type: ignore[no-untyped-def]
    """Return the pairs of tracks, from sorted rows, of which enough segments agree on an offset within the jitter."""
    pairs = np.empty((len(first), 2), np.int64)
    n = 0
    for i in range(_VOTES - 1, len(first)):
        j = i - _VOTES + 1
        same = first[i] == first[j] and second[i] == second[j] and offsets[i] - offsets[j] <= 2 * _JITTER
        if same and (n == 0 or pairs[n - 1, 0] != first[i] or pairs[n - 1, 1] != second[i]):
            pairs[n, 0], pairs[n, 1] = first[i], second[i]
            n += 1
    return pairs[:n]
