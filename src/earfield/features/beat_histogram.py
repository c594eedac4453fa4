"""Beat histogram: strength of the periodicities of a song's envelope, by tempo."""

import math

import numpy as np
import pywt
from scipy import fft
from scipy.signal import lfilter

from earfield.features.periodicity import enhance, highest_peaks

SLOWEST, FASTEST = 40, 200  # bpm
_WINDOW, _HOP = 65536, 32768  # samples: 3 s at 22,050 Hz
_WAVELET, _LEVELS = "db4", 7  # octaves from the highest down to 86 Hz, and the rest below
_ALPHA = 0.99
_STEP = 16
_PEAKS = 3
_BLOCK = 4  # windows transformed at a time, which stay in the cache


def beat_histogram(y: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Accumulate the periods of a song's envelope.

    Each window is split into octaves by a wavelet transform; they are rectified, smoothed by one pole, taken at every
    16th sample, freed of their mean and summed. The three highest peaks of the sum's enhanced autocorrelation are added
    to the histogram with their heights.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        Mono audio.
    sample_rate : int
        Samples per second [Hz].

    Returns
    -------
    np.ndarray [shape=(161,), dtype=float64]
        Of 40, 41, ... 200 bpm, a mean over windows: a long song has no larger one than a short one.

    Notes
    -----
    Where the paper is silent or can be read in two ways: the wavelet is Daubechies' with four vanishing moments (DAUB4
    is also a name of that with four coefficients); there are eight bands; each is brought back to the full rate, so
    that all are smoothed and taken down alike and can be added; smoothing acts on the sum of the bands, which is the
    same because it is linear; the autocorrelation's first three peaks are the three highest ones in the range, not
    those of the shortest periods; a song shorter than a window is one window; a last part of a window is left out.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-B.
    """
    y = y.astype(np.float32, copy=False)
    padded = np.pad(y, (0, max(0, _WINDOW - len(y))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    n_envelope = math.ceil(min(len(y), _WINDOW) / _STEP)
    rate = sample_rate / _STEP
    # Periods whose tempo, rounded, is in the range.
    first, last = math.ceil(60 * rate / (FASTEST + 0.5)), math.floor(60 * rate / (SLOWEST - 0.5))
    histogram = np.zeros(FASTEST - SLOWEST + 1)
    for start in range(0, len(windows), _BLOCK):
        envelope = _envelope(windows[start : start + _BLOCK])[:, :n_envelope]
        envelope -= envelope.mean(axis=1, keepdims=True)
        power = np.abs(fft.rfft(envelope, 2 * _WINDOW // _STEP)) ** 2
        autocorrelation = fft.irfft(power)[:, : last + 2] / n_envelope
        lags, heights = highest_peaks(enhance(autocorrelation), first=first, last=last, n_peaks=_PEAKS)
        tempo = np.rint(60 * rate / lags).astype(int)
        np.add.at(histogram, np.clip(tempo, SLOWEST, FASTEST) - SLOWEST, heights)
    return histogram / len(windows)


def describe_beats(histogram: np.ndarray) -> dict[str, float]:
    """Describe a beat histogram [shape=(161,)] of 40 to 200 bpm.

    Returns
    -------
    dict
        `beat_a0`, `beat_a1`, heights of the highest and the second peak over the sum; `beat_ra`, the second over the
        first; `beat_p1`, `beat_p2` [bpm]; `beat_sum`. A bin is a peak if it is higher than the one
        before and no lower than the next. What a histogram with fewer peaks does not have is 0.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-B.
    """
    (lags,), (heights,) = highest_peaks(np.pad(histogram, 1)[None], first=1, last=len(histogram), n_peaks=2)
    total = float(histogram.sum())
    relative = heights / total if total > 0 else np.zeros(2)
    tempi = np.where(heights > 0, lags - 1 + SLOWEST, 0)
    return {
        "beat_a0": float(relative[0]),
        "beat_a1": float(relative[1]),
        "beat_ra": float(relative[1] / relative[0]) if relative[0] > 0 else 0.0,
        "beat_p1": float(tempi[0]),
        "beat_p2": float(tempi[1]),
        "beat_sum": total,
    }


def _envelope(windows: np.ndarray) -> np.ndarray:
    """Return the summed envelopes of the octaves, at the reduced rate."""
    bands = pywt.wavedec(windows, _WAVELET, mode="periodization", level=_LEVELS)
    rectified = np.zeros_like(windows)
    for number, band in enumerate(bands):
        alone = ([band] if number == 0 else [None, band]) + [None] * (_LEVELS - number)
        rectified += np.abs(pywt.waverec(alone, _WAVELET, mode="periodization"))
    return lfilter([1 - _ALPHA], [1, -_ALPHA], rectified.astype(np.float64), axis=1)[:, ::_STEP]
