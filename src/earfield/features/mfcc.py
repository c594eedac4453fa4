"""Statistics of mel-frequency cepstral coefficients: what genre classifiers used before networks."""

import numpy as np
from scipy.fft import dct
from scipy.ndimage import correlate1d

from earfield.audio.song import Song
from earfield.mel.front_end import array_decibels

N_MFCC = 20
_RANGE = 80.0  # dB below a track's loudest value, where the rest is cut off
# The slope of the line that comes nearest to nine frames, as librosa takes it from scipy.signal, whose import takes
# longer than the features of a small shard.
_SLOPE = np.arange(-4, 5) / 60


def mfcc(mel: np.ndarray, *, n_mfcc: int = N_MFCC) -> np.ndarray:
    """Return the mel-frequency cepstral coefficients of a log-mel spectrogram.

    Parameters
    ----------
    mel : np.ndarray [shape=(n_frames, n_mels)]
        ln(1 + power).
    n_mfcc : int
        How many, from the one that holds the level on; at most `n_mels`.

    Returns
    -------
    np.ndarray [shape=(n_frames, n_mfcc), dtype=float64]
        Orthonormal discrete cosine transform of the decibels, those of `librosa.feature.mfcc` with its defaults for
        the same mel bands. The stored ln(1 + power) holds the power to seven digits, so no audio is read again.

    Source: Davis & Mermelstein (1980), IEEE Trans. Acoustics, Speech and Signal Processing 28, 357-366.
    """
    decibels = array_decibels(mel)
    return dct(np.maximum(decibels, decibels.max() - _RANGE), axis=1, norm="ortho")[:, :n_mfcc]


def describe(song: Song) -> dict[str, float]:
    """Describe a song by its coefficients and their slopes over nine frames, by mean and standard deviation.

    Parameters
    ----------
    song : Song
        With a log-mel spectrogram of one frame or more.

    Returns
    -------
    dict
        Four numbers for each of the 20 coefficients, or for each band if those are fewer: `mfcc_00_mean` and so on.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, for means and variances of
    coefficients as a description of timbre.
    """
    coefficients = mfcc(song.mel)
    slopes = correlate1d(coefficients, _SLOPE, axis=0, mode="nearest")
    described: dict[str, float] = {}
    for name, values in (("mfcc", coefficients), ("delta", slopes)):
        for number, (mean, sd) in enumerate(zip(values.mean(axis=0), values.std(axis=0), strict=True)):
            described |= {f"{name}_{number:02d}_mean": float(mean), f"{name}_{number:02d}_sd": float(sd)}
    return described
