"""How sound looks from one analysis window to the next, and how that moves within windows of texture."""

import numpy as np
from scipy import fft

_BLOCK = 1024  # windows transformed at a time: what a song's length adds to memory is a few numbers a window
_SILENT = 1e-10  # a sample nearer to zero crosses nothing


def spectral_shape(
    y: np.ndarray, *, sample_rate: int, n_fft: int, hop_length: int, roll_percent: float = 0.85
) -> np.ndarray:
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
    roll_percent : float
        Share of the magnitudes that lies below the rolloff.

    Returns
    -------
    np.ndarray [shape=(n_frames, 3), dtype=float64]
        Centroid [Hz], rolloff [Hz] and flux. The first two are librosa's with the same windows, and 0 in silence. The
        flux is the squared Euclidean distance of successive magnitude spectra, each scaled to length 1 and silence left
        as it is: 0 to 2, and 0 for the first window. It is not librosa's `onset_strength`, which averages rises of the
        level in mel bands and has none for falls.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-A.
    """
    window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
    padded = np.pad(y.astype(np.float32, copy=False), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    frequencies = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    shape = np.empty((len(frames), 3))
    before = None
    for start in range(0, len(frames), _BLOCK):
        magnitude = np.abs(fft.rfft(frames[start : start + _BLOCK] * window))
        centroid, rolloff, flux = shape[start : start + _BLOCK].T
        summed = np.cumsum(magnitude, axis=1, dtype=np.float64)
        total = np.where(summed[:, -1] > 0, summed[:, -1], 1)
        # einsum, not a product of matrices: an order of sums that the number of processors does not change.
        centroid[:] = np.einsum("ij,j->i", magnitude, frequencies) / total
        rolloff[:] = frequencies[(summed >= roll_percent * summed[:, -1:]).argmax(axis=1)]
        length = np.sqrt(np.einsum("ij,ij->i", magnitude, magnitude))[:, None]
        magnitude /= np.where(length > 0, length, 1)
        change = np.diff(magnitude, axis=0, prepend=magnitude[:1] if before is None else before)
        flux[:] = np.einsum("ij,ij->i", change, change)
        before = magnitude[-1:]
    return shape


def loudness_and_crossings(y: np.ndarray, *, frame_length: int) -> np.ndarray:
    """Describe the waveform in each analysis window.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        Mono audio.
    frame_length : int
        Length of the windows, which do not overlap [samples]; they are centred on its multiples.

    Returns
    -------
    np.ndarray [shape=(n_frames, 2), dtype=float64]
        Root mean square, and share of the samples that differ in sign from the one before; librosa's `rms` and
        `zero_crossing_rate` with a hop of `frame_length`. The paper halves the number of crossings instead of dividing
        it by the window's length: a factor that standardisation removes.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-A.
    """
    n_frames, half = 1 + len(y) // frame_length, frame_length // 2
    frames = np.zeros((n_frames, frame_length), np.float32)
    held = frames.reshape(-1)[half:]
    kept = y[: len(held)]
    held[: len(kept)] = kept
    rms = np.sqrt(np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / frame_length)
    crossed = np.zeros((n_frames, frame_length), bool)
    negative = kept < -_SILENT
    crossed.reshape(-1)[half + 1 : half + len(kept)] = negative[1:] != negative[:-1]
    # Whether a window's first sample differs is a matter of the window before.
    return np.column_stack([rms, crossed[:, 1:].sum(axis=1) / frame_length])


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
    """Return the share of analysis windows that are quieter than the mean of their texture window.

    Parameters
    ----------
    rms : np.ndarray [shape=(n_frames,)]
        Root mean square of each analysis window.
    n_windows : int
        As in `texture`.

    Returns
    -------
    float
        Averaged over texture windows. What rounding alone makes quieter is not.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-A.
    """
    mean = _running_mean(rms[:, None], n_windows)
    within = np.lib.stride_tricks.sliding_window_view(rms, min(n_windows, len(rms)))
    return float((within < mean * (1 - 1e-6)).mean())


def _running_mean(values: np.ndarray, n_windows: int) -> np.ndarray:
    length = min(n_windows, len(values))
    summed = np.cumsum(np.pad(values, ((1, 0), (0, 0))), axis=0)
    return (summed[length:] - summed[:-length]) / length
