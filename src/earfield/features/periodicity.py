"""Enhanced autocorrelation: periods without their multiples, and peak picking."""

import numpy as np

_FACTORS = (2, 3, 4, 5)


def enhance(autocorrelation: np.ndarray) -> np.ndarray:
    """Remove the peaks at multiples of a period from an autocorrelation [shape=(n_signals, n_lags)].

    It is clipped to positive values, minus itself expanded in time by 2, clipped again; the same with 3, 4 and 5.

    Source: Tolonen & Karjalainen (2000), IEEE Trans. Speech and Audio Processing 8, 708-716. Tzanetakis & Cook (2002)
    go on to "other integer factors" without naming them.
    """
    values = np.maximum(autocorrelation, 0)
    for factor in _FACTORS:
        lag = np.arange(values.shape[1]) / factor
        before = lag.astype(int)
        weight = (lag - before).astype(values.dtype)
        after = np.minimum(before + 1, values.shape[1] - 1)
        values = np.maximum(values - (values[:, before] * (1 - weight) + values[:, after] * weight), 0)
    return values


def highest_peaks(values: np.ndarray, *, first: int, last: int, n_peaks: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the highest peaks within a range of lags.

    Parameters
    ----------
    values : np.ndarray [shape=(n_signals, n_lags)]
        Not negative.
    first, last : int
        The range, both included; a lag on either side of it is needed.
    n_peaks : int

    Returns
    -------
    tuple of np.ndarray [shape=(n_signals, n_peaks)]
        Lags and heights, the highest first. Where there are fewer peaks, the height is 0.
    """
    inner = values[:, first : last + 1]
    peaked = (inner > values[:, first - 1 : last]) & (inner >= values[:, first + 1 : last + 2])
    heights = np.where(peaked, inner, 0)
    rows = np.arange(len(values))
    lags, found = [], []
    for _ in range(n_peaks):
        place = heights.argmax(axis=1)
        lags.append(place + first)
        found.append(heights[rows, place])
        heights[rows, place] = 0
    return np.column_stack(lags), np.column_stack(found)
