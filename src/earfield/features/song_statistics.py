"""Song-level statistics: timbre, correlations of cepstral coefficients, modulation spectra, beats, pitches."""

import itertools

import numpy as np
from scipy.fft import dct

from earfield.audio.song import Song
from earfield.features import tzanetakis_cook

N_COEFFICIENTS = 20
N_CORRELATED = 13
N_BANDS = 16
MODULATION_HZ = (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 40)
_LEAST_POWER = 1e-4  # softer bands count as silence: the noise floor differs between recordings
_LEAST_MODULATION = 1e-6
_LEAST = 1e-9  # before a logarithm of variances and sums, which are skewed


def describe(song: Song) -> dict[str, float]:
    """Describe a song by four hundred numbers or fewer.

    Returns
    -------
    dict
        The numbers of `earfield.features.tzanetakis_cook`, logarithms of its variances and sums; mean, standard
        deviation and standard deviation of the slope of `N_COEFFICIENTS` cepstral coefficients; the correlations of the
        first `N_CORRELATED`; ln power of the modulation of each of `N_BANDS` bands between successive `MODULATION_HZ`.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302; Mandel & Ellis (2005),
    "Song-level features and support vector machines for music classification", for covariances of coefficients; Lee,
    Shih, Yu & Lin (2009), IEEE Trans. Multimedia 11, 670-682, for the modulation of bands.
    """
    described = {}
    for name, value in tzanetakis_cook.describe(song).items():
        skewed = name.endswith(("_variance", "_sum"))
        described[f"log_{name}" if skewed else name] = float(np.log(value + _LEAST)) if skewed else value
    level = np.log(np.expm1(np.maximum(song.mel, 0), dtype=np.float64) + _LEAST_POWER)
    frame_rate = song.front_end["sample_rate"] / song.front_end["hop_length"]
    return described | _cepstrum(level) | _modulation(level, frame_rate=frame_rate)


def _cepstrum(level: np.ndarray) -> dict[str, float]:
    """Return statistics of the cepstral coefficients of a spectrogram [frame, band] in ln power."""
    coefficients = dct(level, axis=1, norm="ortho")[:, :N_COEFFICIENTS]
    slopes = np.diff(coefficients, axis=0) if len(coefficients) > 1 else np.zeros_like(coefficients)
    described: dict[str, float] = {}
    statistics = (("mean", coefficients.mean(axis=0)), ("sd", coefficients.std(axis=0)), ("slope", slopes.std(axis=0)))
    for name, values in statistics:
        described |= {f"cepstrum_{n:02d}_{name}": float(value) for n, value in enumerate(values)}
    few = coefficients[:, :N_CORRELATED] - coefficients[:, :N_CORRELATED].mean(axis=0)
    length = np.linalg.norm(few, axis=0)
    few = np.divide(few, length, out=np.zeros_like(few), where=length > 0)  # constant coefficients get correlation 0
    together = few.T @ few
    for first, second in zip(*np.triu_indices(len(together), 1), strict=True):
        described[f"cepstrum_{first:02d}_with_{second:02d}"] = float(together[first, second])
    return described


def _modulation(level: np.ndarray, *, frame_rate: float) -> dict[str, float]:
    """Return the power of the modulation of a spectrogram [frame, band] in ln power, by band and rate."""
    bands = np.stack(
        [part.mean(axis=1) for part in np.array_split(level, min(N_BANDS, level.shape[1]), axis=1)], axis=1
    )
    moving = (bands - bands.mean(axis=0)) * np.hanning(len(bands))[:, None]
    power = np.abs(np.fft.rfft(moving, axis=0)) ** 2 / len(bands)
    rates = np.fft.rfftfreq(len(bands), 1 / frame_rate)
    described = {}
    for low, high in itertools.pairwise(MODULATION_HZ):
        within = (rates >= low) & (rates < high)
        if not within.any():  # a short song has few rates
            within = np.arange(len(rates)) == np.abs(rates - (low + high) / 2).argmin()
        for band, value in enumerate(np.log(power[within].mean(axis=0) + _LEAST_MODULATION)):
            described[f"modulation_{low:g}_hz_band_{band:02d}"] = float(value)
    return described
