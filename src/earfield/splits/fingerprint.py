"""Fingerprints of tracks: short stretches of their spectrograms as 64 bits each, and the search for stretches alike.

A stretch begins where the sound rises most, which is the same place of the music wherever a copy was cut. Its bits say
which of its lowest cosine coefficients lie above their medians: neither another level nor a shift by a part of a frame
changes them, and a codec few of them.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numba
import numpy as np

_BANDS = 16  # of a picture
_WIDTH = 0.093  # s of sound in a row of a picture: a shift by half a hop changes little in it
_FLOOR = 1.0e-4  # of a track's mean power; codecs leave what lies lower as they like
_SPACING = 0.0464  # s between the cells of a stretch
_CELLS = 16  # of a stretch: 0.74 s
_ORDERS = 8  # of cosines, in time and in frequency
_RISE = 0.03  # nepers, mean over bands: what rises less is no place to begin at
_SAMPLE = 512  # tracks that medians are taken of
_SORTS = 4  # orders that words are brought into, each by other bits first
_NEIGHBOURS = 64  # words of other tracks that a word is compared with in each order
_TURNED = 12  # bits in which stretches that are alike may differ
_JITTER = 1  # frames by which a place to begin at may move
_VOTES = 2  # stretches that have to agree on an offset


@dataclass(frozen=True)
class Scale:
    """Lengths in frames, for frames of any distance.

    Attributes
    ----------
    width : int
        Frames of sound in a row of a picture.
    spacing : int
        Frames between the cells of a stretch.
    """

    width: int
    spacing: int

    @classmethod
    def of(cls, frame_seconds: float) -> "Scale":
        """Return the scale for frames that are so many seconds apart."""
        return cls(*(max(1, round(seconds / frame_seconds)) for seconds in (_WIDTH, _SPACING)))


@dataclass(frozen=True)
class Fingerprints:
    """The stretches of many tracks, track by track in order of time.

    Attributes
    ----------
    words : np.ndarray [shape=(n_stretches,), dtype=uint64]
        Their bits.
    tracks, frames : np.ndarray [shape=(n_stretches,), dtype=int64]
        Number of the track, and the frame that the stretch begins at.
    """

    words: np.ndarray
    tracks: np.ndarray
    frames: np.ndarray


def picture(mel: np.ndarray, *, scale: Scale) -> np.ndarray:
    """Reduce a spectrogram to what copies of a recording share: log power, coarse in time and frequency.

    Parameters
    ----------
    mel : np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        ln(1 + mel power).
    scale : Scale
        Of its frames.

    Returns
    -------
    np.ndarray [shape=(n_frames - width + 1, n_bands), dtype=float32]
        Nepers re the track's mean power. A track shorter than a row has none.
    """
    bands = min(_BANDS, mel.shape[1])
    edges = np.arange(bands + 1) * mel.shape[1] // bands
    drawn: np.ndarray = _picture(np.ascontiguousarray(mel), edges, scale.width)
    return drawn


def fingerprint(spectrograms: Sequence[np.ndarray], *, scale: Scale, pool: Executor) -> Fingerprints:
    """Take the fingerprints of tracks.

    Parameters
    ----------
    spectrograms : sequence of np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        ln(1 + mel power) of each track.
    scale : Scale
        Of their frames.
    pool : Executor
        Threads; how many makes no difference.

    Returns
    -------
    Fingerprints
        About four stretches for each second that is no silence.

    Source: signs of a spectrogram's changes as bits as in Haitsma & Kalker (2002), "A highly robust audio
    fingerprinting system", ISMIR 3.
    """

    def describe(mel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        drawn = picture(mel, scale=scale)
        # Without the order 0 in frequency, in which a level would show.
        return _describe(drawn, scale, _cosines(_CELLS)[:-1], _cosines(drawn.shape[1])[1:])

    def encode(mel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        frames, coefficients = describe(mel)
        return frames, np.packbits(coefficients > medians, axis=1).view(np.uint64)[:, 0]

    sample = spectrograms[:: -(-len(spectrograms) // _SAMPLE) or 1]
    described = np.concatenate([np.zeros((1, _ORDERS**2)), *(found for _, found in pool.map(describe, sample))])
    medians = np.median(described, axis=0)
    encoded = list(pool.map(encode, spectrograms))
    return Fingerprints(
        words=np.concatenate([np.zeros(0, np.uint64), *(words for _, words in encoded)]),
        tracks=np.repeat(np.arange(len(encoded)), [len(words) for _, words in encoded]),
        frames=np.concatenate([np.zeros(0, np.int64), *(frames for frames, _ in encoded)]),
    )


def alike(prints: Fingerprints) -> np.ndarray:
    """Find the pairs of tracks of which several stretches are alike at one offset.

    Words are sorted several times, each time by other bits first, and compared with their neighbours: n log n, however
    many are the same.

    Parameters
    ----------
    prints : Fingerprints
        Of all tracks.

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
        words = (prints.words << shift) | (prints.words >> (np.uint64(64) - shift) % np.uint64(64))
        order = np.argsort(words, kind="stable")
        found.append(_neighbours(prints.words[order], prints.tracks[order], order))
    # Most are found in several orders, and count once.
    one, other = np.divmod(np.unique(np.concatenate(found)), len(prints.words))
    first, second, offsets = prints.tracks[one], prints.tracks[other], prints.frames[one] - prints.frames[other]
    order = np.lexsort((offsets, second, first))
    agreed: np.ndarray = _agreed(first[order], second[order], offsets[order])
    return agreed


def _cosines(n: int) -> np.ndarray:
    """Return cosines of the orders 0 to `_ORDERS` at `n` places [order, place]."""
    return np.cos(np.pi * np.outer(np.arange(_ORDERS + 1), (np.arange(n) + 0.5) / n))


def _describe(
    drawn: np.ndarray, scale: Scale, in_time: np.ndarray, in_frequency: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the stretches of a picture begin, and their coefficients."""
    frames = _beginnings(drawn, scale.width, (_CELLS - 1) * scale.spacing)
    return frames, _coefficients(drawn, frames, scale.spacing, in_time, in_frequency)


@numba.njit(cache=True, nogil=True)
def _picture(mel, edges, width):  # type: ignore[no-untyped-def]
    bands = len(edges) - 1
    power = np.zeros((len(mel), bands))
    for t in range(len(mel)):
        for band in range(bands):
            for i in range(edges[band], edges[band + 1]):
                power[t, band] += np.expm1(mel[t, i])
    drawn = np.empty((max(0, len(mel) - width + 1), bands), np.float32)
    # Any level will do for silence throughout.
    mean = max(power.mean(), 1e-30) if len(mel) else 1.0
    total = np.zeros(bands)
    for t in range(len(mel)):
        for band in range(bands):
            total[band] += power[t, band]
            if t >= width:
                total[band] -= power[t - width, band]
            if t >= width - 1:
                drawn[t - width + 1, band] = np.log(max(total[band], 0) / (width * mean) + _FLOOR)
    return drawn


@numba.njit(cache=True, nogil=True)
def _beginnings(drawn, width, reach):  # type: ignore[no-untyped-def]
    """Return the frames after which the sound rises more than anywhere near, and that a stretch can follow."""
    rise = np.zeros(max(0, len(drawn) - width))
    for t in range(len(rise)):
        for band in range(drawn.shape[1]):
            rise[t] += max(0, drawn[t + width, band] - drawn[t, band])
    frames = np.empty(len(rise), np.int64)
    n = 0
    for t in range(len(drawn) - reach):
        highest = t < len(rise) and rise[t] >= _RISE * drawn.shape[1]
        for other in range(max(0, t - width), min(len(rise), t + width + 1)):
            highest = highest and (rise[other] < rise[t] if other < t else rise[other] <= rise[t])
        if highest:
            frames[n] = t
            n += 1
    return frames[:n]


@numba.njit(cache=True, nogil=True)
def _coefficients(drawn, frames, spacing, in_time, in_frequency):  # type: ignore[no-untyped-def]
    """Return the cosine coefficients of each stretch [stretch, order]."""
    orders, cells = in_time.shape
    found = np.zeros((len(frames), orders * len(in_frequency)))
    along = np.empty(drawn.shape[1])
    for stretch in range(len(frames)):
        for i in range(orders):
            along[:] = 0
            for cell in range(cells):
                row = drawn[frames[stretch] + cell * spacing]
                for band in range(len(along)):
                    along[band] += in_time[i, cell] * row[band]
            for j in range(len(in_frequency)):
                for band in range(len(along)):
                    found[stretch, j * orders + i] += in_frequency[j, band] * along[band]
    return found


@numba.njit(cache=True)
def _turned(one, other):  # type: ignore[no-untyped-def]
    """Count the bits in which two words differ."""
    bits = one ^ other
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)


@numba.njit(cache=True)
def _neighbours(words, tracks, numbers):  # type: ignore[no-untyped-def]
    """Return the pairs of neighbours in the list that are alike: lower number × all numbers + higher number."""
    found = [np.int64(0) for _ in range(0)]
    for i in range(len(words)):
        compared, j = 0, i + 1
        while j < len(words) and compared < _NEIGHBOURS:
            # A loop's own repetitions lie between those of its copies.
            if tracks[j] != tracks[i]:
                compared += 1
                if _turned(words[i], words[j]) <= _TURNED:
                    found.append(min(numbers[i], numbers[j]) * len(words) + max(numbers[i], numbers[j]))
            j += 1
    return np.array(found, np.int64)


@numba.njit(cache=True)
def _agreed(first, second, offsets):  # type: ignore[no-untyped-def]
    """Return the pairs, of sorted ones, of which enough stand within the jitter of an offset."""
    pairs = np.empty((len(first), 2), np.int64)
    n = 0
    for i in range(_VOTES - 1, len(first)):
        j = i - _VOTES + 1
        same = first[i] == first[j] and second[i] == second[j] and offsets[i] - offsets[j] <= 2 * _JITTER
        if same and (n == 0 or pairs[n - 1, 0] != first[i] or pairs[n - 1, 1] != second[i]):
            pairs[n, 0], pairs[n, 1] = first[i], second[i]
            n += 1
    return pairs[:n]
