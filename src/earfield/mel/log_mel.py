"""Log-mel spectrograms, the paper's front end, and the files of one shard of tracks."""

import functools
import os

import numpy as np
from scipy import fft

from earfield.audio.read import read_audio
from earfield.configuration.settings import MelSettings
from earfield.errors import AudioError, no_longer_usable
from earfield.files.atomic import write_aside
from earfield.files.tables import usable_tracks, write_csv

_BLOCK = 1024  # frames transformed at a time: 2 MB, which fit the processor's cache


def band_edges(*, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Return the corners of the triangular mel bands [Hz], those of `librosa.filters.mel`, equally spaced in mels.

    Returns
    -------
    np.ndarray [shape=(n_mels + 2,)]
        Band `i` rises from corner `i`, peaks at corner `i + 1`, and is zero again from corner `i + 2`.
    """
    import librosa  # here, as its start takes seconds that other functions of this module do not need

    return librosa.mel_frequencies(n_mels=n_mels + 2, fmin=fmin, fmax=fmax)


@functools.lru_cache(maxsize=8)
def _window_and_filters(
    *, sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the Hann window [n_fft] and the weights that sum a power spectrum into mel bands [n_fft // 2 + 1, n_mels].

    Those of librosa's `melspectrogram` with its defaults, in 32 bits.
    """
    import librosa

    window = librosa.filters.get_window("hann", n_fft).astype(np.float32)
    weights = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    return window, np.ascontiguousarray(weights.T)


def log_mel(
    y: np.ndarray, *, sample_rate: int, n_fft: int, hop_length: int, n_mels: int, fmin: float, fmax: float
) -> np.ndarray:
    """Compress a waveform into a log-mel spectrogram, ln(1 + power).

    The numbers are those of librosa's `melspectrogram` with its defaults (periodic Hann window, centred frames, zeros
    beyond the ends, power 2, Slaney's scale and normalisation) to 1e-6. Computing the transform here, block by block,
    takes three quarters of the time, and its memory does not grow with the length of the track.

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
        Time runs along the first axis, so that a segment is contiguous in memory.

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
    window, weights = _window_and_filters(sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
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
    front_end: MelSettings,
) -> None:
    """Write the log-mel spectrograms of one shard of tracks, concatenated in one array, and their index.

    Parameters
    ----------
    tracks : path-like
        The shard's table of tracks; those with a problem are skipped.
    frames_path : path-like
        `.npy` to write: float32 of shape (frames, n_mels).
    index_path : path-like
        `.csv` to write: `track, label, start, frames`, where `start` counts frames from the shard's first.
    front_end : MelSettings
        Parameters of `log_mel`.

    Raises
    ------
    DatasetError
        If a track can no longer be read as it could when the table was made.
    """
    table = usable_tracks(tracks, some=False)
    spectrograms = []
    for row in table.itertuples():
        try:
            y = read_audio(row.path, sample_rate=front_end.sample_rate)
            spectrograms.append(log_mel(y, **front_end.as_dict()))
        except AudioError as error:
            raise no_longer_usable(row.path, error, tracks=tracks) from None
    lengths = np.array([len(spectrogram) for spectrogram in spectrograms], dtype=int)
    index = table[["track", "label"]].assign(start=np.cumsum(lengths) - lengths, frames=lengths)
    with write_aside(frames_path) as aside, open(aside, "wb") as file:
        # As np.save would, but without a second copy in memory, and with the system's reason if the disk is full.
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (int(lengths.sum()), front_end.n_mels)}
        )
        for spectrogram in spectrograms:
            file.write(spectrogram.astype("<f4", copy=False).data)
    write_csv(index, index_path)
