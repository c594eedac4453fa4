"""Statistics of mel-frequency cepstral coefficients (MFCC) and of their slopes."""

import numpy as np

from earfield.audio.song import Song

N_MFCC = 20


def mfcc(mel: np.ndarray) -> np.ndarray:
    """Return the mel-frequency cepstral coefficients of a log-mel spectrogram, from the one that holds the level on.

    Parameters
    ----------
    mel : np.ndarray [shape=(n_frames, n_mels)]
        ln(1 + power).

    Returns
    -------
    np.ndarray [shape=(n_frames, 20), dtype=float64]
        What `librosa.feature.mfcc` gives by its defaults for the same mel bands: the orthonormal discrete cosine
        transform of decibels, cut off 80 dB below the loudest value. The stored ln(1 + power) holds the power to
        seven digits, so no audio is read again.

    Source: Davis & Mermelstein (1980), IEEE Trans. Acoustics, Speech and Signal Processing 28, 357-366.
    """
    import librosa  # here, as its start takes seconds that readers of the tables do not need

    decibels = librosa.power_to_db(np.expm1(mel.T, dtype=np.float64))
    return librosa.feature.mfcc(S=decibels, n_mfcc=N_MFCC).T


def describe(song: Song) -> dict[str, float]:
    """Describe a song by its coefficients and their slopes over nine frames, by mean and standard deviation.

    Returns
    -------
    dict
        Four numbers for each of the 20 coefficients, or for each band if those are fewer: `mfcc_00_mean` and so on.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302, for means and variances of
    coefficients as a description of timbre.
    """
    import librosa

    coefficients = mfcc(song.mel)
    slopes = librosa.feature.delta(coefficients, axis=0, mode="nearest")
    described: dict[str, float] = {}
    for name, values in (("mfcc", coefficients), ("delta", slopes)):
        for number, (mean, sd) in enumerate(zip(values.mean(axis=0), values.std(axis=0), strict=True)):
            described |= {f"{name}_{number:02d}_mean": float(mean), f"{name}_{number:02d}_sd": float(sd)}
    return described
