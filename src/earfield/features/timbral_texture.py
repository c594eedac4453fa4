"""Spectral shape, loudness and zero crossings of analysis windows, and their statistics in texture windows."""

import numpy as np
from scipy import fft

_BLOCK = 1024  # windows transformed at a time: what a song's length adds to memory is a few numbers per window
_ROLL = 0.85  # of the summed magnitudes is below the rolloff


def spectral_shape(y: np.ndarray, *, sample_rate: int, n_fft: int, hop_length: int) -> np.ndarray:
    """Describe the magnitude spectrum of each analysis window.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        Mono audio.
    sample_rate : int
        Samples per second [Hz].
    n_fft, hop_length : int
        Length of the Hann window and distance between windows [samples]; windows are centred on multiples of the hop,
        with zeros beyond the ends.

    Returns
    -------
    np.ndarray [shape=(n_frames, 3), dtype=float64]
        Centroid [Hz] and rolloff [Hz], which librosa computes from our magnitudes in 64 bits, and flux: the squared
        Euclidean distance of successive magnitude spectra, each scaled to length 1 (silence is left as it is): 0 to 2,
        and 0 for the first window. librosa's `onset_strength` is not it: it averages rises of the level in mel bands
        and has none for falls.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-A.
    """
    import librosa  # here, as its start takes seconds that other features do not need

    window = librosa.filters.get_window("hann", n_fft).astype(np.float32)
    padded = np.pad(y.astype(np.float32, copy=False), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    shape = np.empty((len(frames), 3))
    before = None
    for start in range(0, len(frames), _BLOCK):
        magnitude = np.abs(fft.rfft(frames[start : start + _BLOCK] * window)).T.astype(np.float64)
        centroid, rolloff, flux = shape[start : start + _BLOCK].T
        centroid[:] = librosa.feature.spectral_centroid(S=magnitude, sr=sample_rate)
        rolloff[:] = librosa.feature.spectral_rolloff(S=magnitude, sr=sample_rate, roll_percent=_ROLL)
        scaled = librosa.util.normalize(magnitude, norm=2, axis=0)
        flux[:] = (np.diff(scaled, axis=1, prepend=scaled[:, :1] if before is None else before) ** 2).sum(axis=0)
        before = scaled[:, -1:]
    return shape


def loudness_and_crossings(y: np.ndarray, *, frame_length: int) -> np.ndarray:
    """Describe mono audio in analysis windows that do not overlap, centred on multiples of their length [samples].

    Returns
    -------
    np.ndarray [shape=(n_frames, 2), dtype=float64]
        librosa's `rms` and `zero_crossing_rate`: root mean square, and fraction of the samples that differ in sign
        from the one before. The paper halves the number of crossings instead of dividing it by the window's length: a
        factor that standardisation removes.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-A.
    """
    import librosa

    rms = librosa.feature.rms(y=y, frame_length=frame_length, hop_length=frame_length, dtype=np.float64)
    crossings = librosa.feature.zero_crossing_rate(y, frame_length=frame_length, hop_length=frame_length)
    return np.vstack([rms, crossings]).T


def texture(values: np.ndarray, *, n_windows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return means and variances over running texture windows, averaged over the song.

    Parameters
    ----------
    values : np.ndarray [shape=(n_frames, n_values)]
        Of each analysis window.
    n_windows : int
        Analysis windows in one texture window: each with those before it. A song of fewer is one texture window.

    Returns
    -------
    tuple of np.ndarray [shape=(n_values,)]
        Mean, and variance (divided by the number of windows).

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-A.
    """
    centre = values.mean(axis=0)
    moved = values - centre  # or a small variance would drown in the square of a large mean
    means, squares = (_running_mean(each, n_windows) for each in (moved, moved**2))
    return centre + means.mean(axis=0), np.maximum(squares - means**2, 0).mean(axis=0)


def low_energy(rms: np.ndarray, *, n_windows: int) -> float:
    """Return the fraction of analysis windows that are quieter than the mean of their texture window.

    It is averaged over texture windows of `n_windows`. What rounding alone makes quieter is not.

    Parameters
    ----------
    rms : np.ndarray [shape=(n_frames,)]
        Root mean square of each analysis window.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-A.
    """
    mean = _running_mean(rms[:, None], n_windows)
    within = np.lib.stride_tricks.sliding_window_view(rms, min(n_windows, len(rms)))
    return float((within < mean * (1 - 1e-6)).mean())


def _running_mean(values: np.ndarray, n_windows: int) -> np.ndarray:
    length = min(n_windows, len(values))
    summed = np.cumsum(np.pad(values, ((1, 0), (0, 0))), axis=0)
    return (summed[length:] - summed[:-length]) / length
