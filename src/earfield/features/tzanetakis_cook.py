"""The thirty features of Tzanetakis & Cook (2002): timbral texture, rhythm, pitch."""

import numpy as np
from threadpoolctl import threadpool_limits

from earfield.audio.read import read_audio
from earfield.audio.song import Song
from earfield.features.beat_histogram import beat_histogram, describe_beats
from earfield.features.mfcc import mfcc
from earfield.features.pitch_histogram import describe_pitches, pitch_histogram
from earfield.features.timbral_texture import loudness_and_crossings, low_energy, spectral_shape, texture
from earfield.mel.log_mel import log_mel

SAMPLE_RATE = 22050  # Hz
N_FFT = 512  # 23 ms
N_TEXTURE = 43  # 1 s
N_MELS = 64
_MFCC = slice(1, 6)  # the one before holds the level


def describe(song: Song) -> dict[str, float]:
    """Describe a song by timbral texture (19 numbers), beats (6) and pitches (5).

    The stored spectrogram is not used: it lacks phases and detail within bands, and may have other windows than the
    paper's.

    Returns
    -------
    dict
        `centroid_mean`, `centroid_variance` and so on of centroid, rolloff [Hz], flux, crossings and `mfcc_1` to
        `mfcc_5` [dB]; `low_energy`; those of `describe_beats` and `describe_pitches`.

    Notes
    -----
    Where the paper is silent or can be read in two ways: the analysis windows are Hann's and do not overlap (43 of them
    then last the second that they are to last); spectra are normalised to Euclidean length 1 for the flux; texture
    windows end at every analysis window and are averaged over the song; mel bands are Slaney's 64 up to 11,025 Hz and
    the coefficients those of `earfield.features.mfcc`, of decibels of power, twice the paper's log-amplitude; a
    histogram's sum is per window. Audio keeps its level, so that the sums grow with it. `beat_histogram` and
    `pitch_histogram` say what holds for them.

    Source: Tzanetakis & Cook (2002), IEEE Trans. Speech and Audio Processing 10, 293-302.
    """
    y = read_audio(song.path, sample_rate=SAMPLE_RATE)
    shape = spectral_shape(y, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=N_FFT)
    rms, crossings = loudness_and_crossings(y, frame_length=N_FFT).T
    with threadpool_limits(1):  # sums in an order that the number of processors does not change
        mel = log_mel(
            y, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=N_FFT, n_mels=N_MELS, fmin=0, fmax=SAMPLE_RATE / 2
        )
    means, variances = texture(np.column_stack([shape, crossings, mfcc(mel)[:, _MFCC]]), n_windows=N_TEXTURE)
    names = ["centroid", "rolloff", "flux", "crossings", *(f"mfcc_{number}" for number in range(1, 6))]
    described: dict[str, float] = {}
    for name, mean, variance in zip(names, means, variances, strict=True):
        described |= {f"{name}_mean": float(mean), f"{name}_variance": float(variance)}
    return {
        **described,
        "low_energy": low_energy(rms, n_windows=N_TEXTURE),
        **describe_beats(beat_histogram(y, sample_rate=SAMPLE_RATE)),
        **describe_pitches(pitch_histogram(y, sample_rate=SAMPLE_RATE)),
    }
