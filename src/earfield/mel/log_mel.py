"""The paper's front end, log-mel spectrograms, and the shards that hold them."""

import functools
import os
from typing import Any

import numpy as np
from scipy import fft

from earfield.audio.read import read_audio
from earfield.errors import AudioError, no_longer_usable
from earfield.files.atomic import write_aside
from earfield.files.tables import usable_tracks, write_csv

_BLOCK = 1024  # frames transformed at a time: 2 MB, which stays in the cache whatever the length of the track


def hz_to_mel(frequency: np.ndarray | float) -> np.ndarray:
    """Convert frequencies to mels on Slaney's scale.

    Parameters
    ----------
    frequency : np.ndarray or float
        Frequencies [Hz].

    Returns
    -------
    np.ndarray
        Mels: linear up to 1 kHz (15 mel), 27 / ln 6.4 mel for each factor of e above.

    Source: Slaney (1998), Auditory Toolbox, technical report 1998-010.
    """
    frequency = np.asarray(frequency, dtype=float)
    linear = frequency * 3 / 200
    return np.where(frequency < 1000, linear, 15 + np.log(np.maximum(frequency, 1000) / 1000) * 27 / np.log(6.4))


def mel_to_hz(mel: np.ndarray | float) -> np.ndarray:
    """Convert mels on Slaney's scale to frequencies; the inverse of `hz_to_mel`.

    Parameters
    ----------
    mel : np.ndarray or float
        Mels.

    Returns
    -------
    np.ndarray
        Frequencies [Hz].
    """
    mel = np.asarray(mel, dtype=float)
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((np.maximum(mel, 15) - 15) * np.log(6.4) / 27))


def band_edges(*, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Return the corners of the triangular mel bands.

    Parameters
    ----------
    n_mels : int
        Number of bands.
    fmin, fmax : float
        Lower edge of the first and upper edge of the last band [Hz].

    Returns
    -------
    np.ndarray [shape=(n_mels + 2,)]
        Frequencies [Hz], equally spaced in mels. Band `i` rises from corner `i`, peaks at corner `i + 1`, and is
        zero again from corner `i + 2`.
    """
    return mel_to_hz(np.linspace(hz_to_mel(fmin), hz_to_mel(fmax), n_mels + 2))


@functools.lru_cache(maxsize=8)
def mel_filters(*, sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Return the weights that sum a power spectrum into mel bands.

    Parameters
    ----------
    sample_rate : int
        Samples per second [Hz].
    n_fft : int
        Length of the Fourier transform [samples].
    n_mels : int
        Number of bands.
    fmin, fmax : float
        Range of the bands [Hz].

    Returns
    -------
    np.ndarray [shape=(n_fft // 2 + 1, n_mels), dtype=float32]
        Triangles of equal area (2 / bandwidth in Hz at the peak), Slaney's normalisation.
    """
    corners = band_edges(n_mels=n_mels, fmin=fmin, fmax=fmax)
    distance = corners[None, :] - np.fft.rfftfreq(n_fft, 1 / sample_rate)[:, None]
    width = np.diff(corners)
    rising, falling = -distance[:, :-2] / width[:-1], distance[:, 2:] / width[1:]
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (corners[2:] - corners[:-2])
    weights = triangles.astype(np.float32)
    weights.flags.writeable = False
    return weights


def log_mel(
    y: np.ndarray,
    *,
    sample_rate: int,
    n_fft: int,
    hop_length: int,
    n_mels: int,
    fmin: float,
    fmax: float,
) -> np.ndarray:
    """Compress a waveform into a log-mel spectrogram, ln(1 + power).

    The numbers are those of librosa's `melspectrogram` with its defaults (periodic Hann window, centred frames,
    zeros beyond the ends, power 2, Slaney's scale and normalisation), without its 3 s of start-up.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        Mono audio, full scale at ±1.
    sample_rate : int
        Samples per second [Hz].
    n_fft, hop_length : int
        Length of the window and distance between windows [samples].
    n_mels : int
        Number of bands.
    fmin, fmax : float
        Range of the bands [Hz].

    Returns
    -------
    np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        Time runs along the first axis: a window of it is contiguous in memory.

    Raises
    ------
    AudioError
        If `y` is empty, not finite or not mono.

    Source: Dong (2018), "CNN achieves human-level accuracy in music genre classification", data pre-processing.
    """
    if y.ndim != 1 or not len(y):
        raise AudioError(f"needs mono audio of one sample or more, not an array of shape {y.shape}")
    if not np.isfinite(y).all():
        raise AudioError("holds a sample that is not finite")
    window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
    weights = mel_filters(sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    padded = np.pad(y.astype(np.float32, copy=False), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    mel = np.empty((len(frames), n_mels), dtype=np.float32)
    for start in range(0, len(frames), _BLOCK):
        spectrum = fft.rfft(frames[start : start + _BLOCK] * window)
        mel[start : start + _BLOCK] = (spectrum.real**2 + spectrum.imag**2) @ weights
    return np.log1p(mel, out=mel)


def write_shard(
    *,
    tracks: str | os.PathLike[str],
    frames_path: str | os.PathLike[str],
    index_path: str | os.PathLike[str],
    sample_rate: int,
    n_fft: int,
    hop_length: int,
    n_mels: int,
    fmin: float,
    fmax: float,
) -> None:
    """Write the log-mel spectrograms of one shard of tracks, end to end in one array, and their index.

    Parameters
    ----------
    tracks : path-like
        The shard's table of tracks; those with a problem are passed over.
    frames_path : path-like
        `.npy` to write: float32 of shape (frames, n_mels).
    index_path : path-like
        `.csv` to write: `track, label, start, frames`, where `start` counts frames from the shard's first.
    sample_rate, n_fft, hop_length, n_mels, fmin, fmax
        As in `log_mel`.

    Raises
    ------
    DatasetError
        If a track can no longer be read as it could when the table was made.
    """
    table = usable_tracks(tracks, some=False)
    front_end: dict[str, Any] = {"n_fft": n_fft, "hop_length": hop_length, "n_mels": n_mels, "fmin": fmin, "fmax": fmax}
    spectrograms = []
    for row in table.itertuples():
        try:
            y = read_audio(row.path, sample_rate=sample_rate)
            spectrograms.append(log_mel(y, sample_rate=sample_rate, **front_end))
        except AudioError as error:
            raise no_longer_usable(row.path, error, tracks=tracks) from None
    lengths = np.array([len(spectrogram) for spectrogram in spectrograms], dtype=int)
    index = table[["track", "label"]].assign(start=np.cumsum(lengths) - lengths, frames=lengths)
    with write_aside(frames_path) as aside, open(aside, "wb") as file:
        # As np.save would, but without a second copy in memory, and with the system's reason if the disk is full.
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (int(lengths.sum()), n_mels)}
        )
        for spectrogram in spectrograms:
            file.write(spectrogram.astype("<f4", copy=False).data)
    write_csv(index, index_path)
