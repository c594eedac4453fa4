"""Correlation along time by minimal filtering, with five products instead of nine.

Three outputs of a filter with three taps are coefficients of a polynomial that five points determine. Frames and taps
are grouped in threes, so filters may have any length: five matrix products of a third of the frames, then sums.

Source: Winograd (1980), "Arithmetic complexity of computations"; Lavin & Gray (2016), "Fast algorithms for
convolutional neural networks", CVPR.
"""

import numba
import numpy as np

TILE, POINTS = 3, 5
_LINE = 16  # values in a line of the cache
_HALF, _THIRD, _SIXTH = np.float32(1 / 2), np.float32(1 / 3), np.float32(1 / 6)
_TWO, _FOUR = np.float32(2), np.float32(4)


def transformed_weights(weights: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Transform filters to their values at the five points 0, 1, -1, 2 and infinity.

    Parameters
    ----------
    weights : np.ndarray [shape=(n_filters, length, n_channels), dtype=float32]
    out : np.ndarray, optional
        Buffer from an earlier call for weights of this shape: allocating takes longer than filling.

    Returns
    -------
    np.ndarray [shape=(5, taps x n_channels, n_filters), dtype=float32]
        `taps` is a third of the length, rounded up.
    """
    filters, length, channels = weights.shape
    taps = -(-length // TILE)
    if taps * TILE > length:
        weights = np.pad(weights, ((0, 0), (0, taps * TILE - length), (0, 0)))
    if out is None:
        out = np.empty((POINTS, taps * channels, filters), np.float32)
    _transform_weights(np.ascontiguousarray(weights), out.reshape(POINTS, taps, channels, filters))
    return out


@numba.njit(fastmath={"contract"}, nogil=True, cache=True)
def _transform_weights(weights, out):  # type: ignore[no-untyped-def]
    _, taps, channels, filters = out.shape
    for first in range(0, filters, _LINE):  # transposes: one cache line at a time
        last = min(first + _LINE, filters)
        for tap in range(taps):
            for c in range(channels):
                for k in range(first, last):
                    g0, g1, g2 = weights[k, TILE * tap, c], weights[k, TILE * tap + 1, c], weights[k, TILE * tap + 2, c]
                    out[0, tap, c, k] = g0
                    out[1, tap, c, k] = g0 + g2 + g1
                    out[2, tap, c, k] = g0 + g2 - g1
                    out[3, tap, c, k] = g0 + _TWO * (g1 + _TWO * g2)
                    out[4, tap, c, k] = g2


def transformed_frames(frames: np.ndarray, *, length: int, outputs: int) -> np.ndarray:
    """Transform frames to the factors of the filters' values at the five points.

    Parameters
    ----------
    frames : np.ndarray [shape=(n, n_frames, n_channels), dtype=float32]
    length : int
        Of the filters.
    outputs : int
        Number of outputs; those beyond the last frame are undefined.

    Returns
    -------
    np.ndarray [shape=(5, n, tiles, taps x n_channels), dtype=float32]
    """
    n, n_frames, channels = frames.shape
    taps, tiles = -(-length // TILE), -(-outputs // TILE)
    missing = TILE * (tiles + taps) - 1 - n_frames
    if missing > 0:
        frames = np.pad(frames, ((0, 0), (0, missing), (0, 0)))
    out = np.empty((POINTS, n, tiles, taps, channels), np.float32)
    _transform(np.ascontiguousarray(frames), out)
    return out.reshape(POINTS, n, tiles, taps * channels)


@numba.njit(fastmath={"contract"}, nogil=True, cache=True)
def _transform(frames, out):  # type: ignore[no-untyped-def]
    _, n, tiles, taps, channels = out.shape
    for one in range(n):
        for tile in range(tiles):
            for tap in range(taps):
                t = TILE * (tile + tap)
                x0, x1, x2 = frames[one, t], frames[one, t + 1], frames[one, t + 2]
                x3, x4 = frames[one, t + 3], frames[one, t + 4]
                y0, y1, y2 = out[0, one, tile, tap], out[1, one, tile, tap], out[2, one, tile, tap]
                y3, y4 = out[3, one, tile, tap], out[4, one, tile, tap]
                for c in range(channels):
                    middle = x1[c] - x3[c]
                    y0[c] = x0[c] - x2[c] - _HALF * middle
                    y1[c] = x1[c] + _HALF * (x2[c] - x3[c])
                    y2[c] = _HALF * x2[c] - _THIRD * x1[c] - _SIXTH * x3[c]
                    y3[c] = -_SIXTH * middle
                    y4[c] = _TWO * middle - x2[c] + x4[c]


@numba.njit(fastmath={"contract"}, nogil=True, cache=True)
def combine(products, bias, one, first, outputs):  # type: ignore[no-untyped-def]
    """Fill in the outputs [output, filter] of one of several inputs, from a tile on.

    `products` [point, input, tile, filter] are those of the transformed frames and weights, `bias` is each filter's. It
    takes all products: the compiler does not vectorise over a slice.
    """
    count, filters = outputs.shape
    for tile in range(first, first + -(-count // TILE)):
        p0, p1, p2 = products[0, one, tile], products[1, one, tile], products[2, one, tile]
        p3, p4 = products[3, one, tile], products[4, one, tile]
        t = TILE * (tile - first)
        row = outputs[t]
        for k in range(filters):
            row[k] = p0[k] + p1[k] + p2[k] + p3[k] + bias[k]
        if t + 1 < count:
            row = outputs[t + 1]
            for k in range(filters):
                row[k] = p1[k] - p2[k] + _TWO * p3[k] + bias[k]
        if t + 2 < count:
            row = outputs[t + 2]
            for k in range(filters):
                row[k] = p1[k] + p2[k] + _FOUR * p3[k] + p4[k] + bias[k]
