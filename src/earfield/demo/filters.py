"""Second-order filters and drawn frequency responses."""

import math

import numpy as np
from scipy.signal import lfilter


def biquad(y: np.ndarray, *, kind: str, hz: float, sample_rate: int, q: float = 0.707) -> np.ndarray:
    """Filter a waveform with one second-order section.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        Waveform.
    kind : str
        `lowpass`, `highpass` or `bandpass` (0 dB at its centre).
    hz : float [Hz]
        Corner or centre; held below the Nyquist frequency.
    sample_rate : int [Hz]
        Samples per second.
    q : float
        Quality; 0.707 has no bump.

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
        The filtered waveform.

    Source: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients".
    """
    omega = 2 * math.pi * min(hz, 0.45 * sample_rate) / sample_rate
    cosine, alpha = math.cos(omega), math.sin(omega) / (2 * q)
    if kind == "lowpass":
        b = [(1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2]
    elif kind == "highpass":
        b = [(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2]
    elif kind == "bandpass":
        b = [alpha, 0.0, -alpha]
    else:
        raise ValueError(f"kind is {kind!r}; use lowpass, highpass or bandpass")
    # float64 coefficients keep low corners stable; the result goes back to the width of the buses.
    return lfilter(b, [1 + alpha, -2 * cosine, 1 - alpha], y).astype(np.float32)


def bells(hz: np.ndarray, peaks: tuple[tuple[float, float, float], ...]) -> np.ndarray:
    """Sum of bell-shaped boosts and cuts.

    Parameters
    ----------
    hz : np.ndarray [shape=(n,), unit=Hz]
        Where to evaluate; above 0.
    peaks : tuple of (centre in Hz, gain in dB, width in octaves)
        The bells, Gaussian on a logarithmic frequency axis.

    Returns
    -------
    np.ndarray [shape=(n,), unit=dB]
        The response.
    """
    response = np.zeros(len(hz))
    for centre, gain, width in peaks:
        response += gain * np.exp(-0.5 * (np.log2(hz / centre) / width) ** 2)
    return response
