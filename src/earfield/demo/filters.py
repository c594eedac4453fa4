"""The sample rate of the demo, second-order filters and drawn frequency responses."""

import math

import numpy as np
from scipy.signal import lfilter

SAMPLE_RATE = 22050  # Hz


def biquad(y: np.ndarray, *, kind: str, hz: float, q: float = 0.707) -> np.ndarray:
    """Filter a waveform with one second-order section.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
    kind : str
        `lowpass`, `highpass` or `bandpass` (0 dB at its centre).
    hz : float [Hz]
        Corner or centre; held below the Nyquist frequency.
    q : float
        Quality; 0.707 has no bump.

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]

    Source: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients".
    """
    omega = 2 * math.pi * min(hz, 0.45 * SAMPLE_RATE) / SAMPLE_RATE
    cosine, alpha = math.cos(omega), math.sin(omega) / (2 * q)
    if kind == "lowpass":
        b = [(1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2]
    elif kind == "highpass":
        b = [(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2]
    else:
        b = [alpha, 0.0, -alpha]
    # float64 coefficients keep low corners stable; the result goes back to the width of the buses.
    return lfilter(b, [1 + alpha, -2 * cosine, 1 - alpha], y).astype(np.float32)


def bells(hz: np.ndarray, peaks: tuple[tuple[float, float, float], ...]) -> np.ndarray:
    """Return the sum of bell-shaped boosts and cuts [dB] at frequencies `hz`.

    A bell is its centre [Hz], gain [dB] and width [octaves], Gaussian on a logarithmic frequency axis.
    """
    response = np.zeros(len(hz))
    for centre, gain, width in peaks:
        response += gain * np.exp(-0.5 * (np.log2(hz / centre) / width) ** 2)
    return response
