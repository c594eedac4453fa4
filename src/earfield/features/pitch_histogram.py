"""Pitch histogram from multiple-pitch analysis."""

import numpy as np
from scipy import fft
from scipy.signal import butter, sosfilt

from earfield.features.periodicity import enhance, highest_peaks

N_NOTES = 128
_WINDOW = 512  # samples: 23 ms at 22,050 Hz
_SPLIT, _LOWEST_PASSED, _HIGHEST = 1000.0, 70.0, 2000.0  # Hz
_COMPRESSION = 0.67
_PEAKS = 3
_BLOCK = 512  # windows analysed at a time


def pitch_histogram(y: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Accumulate the pitches of a song.

    The audio is split at 1 kHz; the upper channel is half-wave rectified and low-pass filtered, so that it holds the
    envelope's periods. The magnitude spectra of both, raised to 0.67, are summed and transformed into one
    autocorrelation of each window, which is enhanced. Its three highest peaks are added to the histogram with their
    heights.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        Mono audio.
    sample_rate : int
        Samples per second [Hz].

    Returns
    -------
    np.ndarray [shape=(128,), dtype=float64]
        Of each MIDI note, 69 the A of 440 Hz; a mean over windows.

    Notes
    -----
    Where Tzanetakis & Cook are silent or can be read in two ways: windows of 512 samples follow each other without
    overlap; a period fits twice into a window (86 Hz and up, at 22,050 Hz) and is at least that of 2 kHz; a peak's
    place is refined by a parabola, since the shortest lags are more than a semitone wide; peaks weigh by their heights,
    as in the beat histogram. Filters, Hamming window, compression and the lower channel without rectification are
    Tolonen & Karjalainen's; their whitening is left out, as nothing in Tzanetakis & Cook speaks of it. A low note
    without overtones is heard up to two semitones high, since the autocorrelation of a window falls with the lag,
    which neither corrects.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-C; Tolonen & Karjalainen
    (2000), IEEE Trans. Speech and Audio Processing 8, 708-716.
    """
    low = np.vstack(
        [
            butter(2, _SPLIT, "lowpass", fs=sample_rate, output="sos"),
            butter(2, _LOWEST_PASSED, "highpass", fs=sample_rate, output="sos"),
        ]
    ).astype(np.float32)
    high = butter(2, _SPLIT, "highpass", fs=sample_rate, output="sos").astype(np.float32)
    states = [np.zeros((len(sos), 2), np.float32) for sos in (low, high, low)]
    y = np.pad(y.astype(np.float32, copy=False), (0, max(0, _WINDOW - len(y))))
    n_windows = len(y) // _WINDOW
    histogram = np.zeros(N_NOTES)
    for start in range(0, n_windows, _BLOCK):
        part = y[start * _WINDOW : min(start + _BLOCK, n_windows) * _WINDOW]
        below, states[0] = sosfilt(low, part, zi=states[0])
        above, states[1] = sosfilt(high, part, zi=states[1])
        envelope, states[2] = sosfilt(low, np.maximum(above, 0), zi=states[2])
        lags, heights = _periods(below.reshape(-1, _WINDOW), envelope.reshape(-1, _WINDOW), sample_rate)
        notes = np.rint(69 + 12 * np.log2(sample_rate / lags / 440)).astype(int)
        np.add.at(histogram, notes, heights)
    return histogram / n_windows


def fold(histogram: np.ndarray) -> np.ndarray:
    """Fold a pitch histogram [shape=(128,)] into one octave [shape=(12,)]: the MIDI note n into bin `7 n mod 12`.

    So the bins are in the order of fifths: C, G, D, A and so on.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-C.
    """
    return np.bincount(7 * np.arange(len(histogram)) % 12, weights=histogram, minlength=12)


def describe_pitches(histogram: np.ndarray) -> dict[str, float]:
    """Describe a pitch histogram [shape=(128,)] of MIDI notes.

    Returns
    -------
    dict
        `pitch_fa0`, the highest bin of the folded histogram over its sum, as the amplitudes of the beat histogram are;
        `pitch_up0`, MIDI number of the highest bin of the unfolded one; `pitch_fp0`, number of the highest bin of the
        folded one, in the order of fifths; `pitch_ipo1`, from there to its second highest bin, in fifths from -6 to 5,
        1 for a dominant; `pitch_sum`. All are 0 in silence, and the interval if there is but one pitch class.

    Notes
    -----
    The two most prominent peaks are taken to be the two highest bins: peaks that are higher than their neighbours
    could never be a fifth apart, the interval that the paper expects of tonal music.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, III-C.
    """
    folded, total = fold(histogram), float(histogram.sum())
    first, second = np.argsort(-folded, kind="stable")[:2]
    interval = (int(second) - int(first) + 6) % 12 - 6 if folded[second] > 0 else 0
    return {
        "pitch_fa0": float(folded[first] / total) if total > 0 else 0.0,
        "pitch_up0": float(histogram.argmax()),
        "pitch_fp0": float(first),
        "pitch_ipo1": float(interval),
        "pitch_sum": total,
    }


def _periods(below: np.ndarray, envelope: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lags [samples] and heights of the highest peaks of each window."""
    window = np.hamming(_WINDOW).astype(np.float32)
    magnitude = sum(np.abs(fft.rfft(channel * window, 2 * _WINDOW)) ** _COMPRESSION for channel in (below, envelope))
    first, last = int(np.ceil(sample_rate / _HIGHEST)), _WINDOW // 2
    values = enhance(fft.irfft(magnitude)[:, : last + 2])
    lags, heights = highest_peaks(values, first=first, last=last, n_peaks=_PEAKS)
    before, at, after = (np.take_along_axis(values, lags + step, axis=1) for step in (-1, 0, 1))
    bend = before - 2 * at + after
    return lags + 0.5 * (before - after) / np.where((heights > 0) & (bend < 0), bend, -np.inf), heights
