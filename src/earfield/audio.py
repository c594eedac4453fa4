"""Audio files as mono waveforms."""

import os

import numpy as np
import soundfile
import soxr

from earfield.errors import AudioError

PCM16_STEP = 1 / 32768


def read_audio(path: str | os.PathLike[str], *, sample_rate: int | None = None) -> np.ndarray:
    """Read a file as mono audio, resampled if need be.

    Parameters
    ----------
    path : str or path-like
        Any format that libsndfile reads.
    sample_rate : int, optional
        Samples per second [Hz] of the result; without it, the file's own.

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
        The mean of the channels, full scale at ±1.

    Raises
    ------
    AudioError
        If the file cannot be decoded, is empty, ends before its header says, or holds a sample that is not finite.
    """
    try:
        with soundfile.SoundFile(path) as sound:
            y, native = sound.read(dtype="float32", always_2d=True), sound.samplerate
            container = sound.format
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(f"cannot be read as audio ({_reason(error)})") from None
    if not len(y):
        raise AudioError("holds no audio")
    missing = _missing_bytes(path) if container in ("WAV", "WAVEX") else 0
    if missing:
        raise AudioError(f"is cut short: its header promises {missing:,} bytes more than the file holds")
    if not np.isfinite(y).all():
        frame = int(np.argmin(np.isfinite(y).all(axis=1)))
        raise AudioError(f"holds a sample that is not finite, {frame / native:.3f} s after its start")
    mono = y[:, 0] if y.shape[1] == 1 else y.mean(axis=1)
    if sample_rate is None or sample_rate == native:
        return np.ascontiguousarray(mono)
    return soxr.resample(mono, native, sample_rate, quality="HQ")


def _reason(error: soundfile.LibsndfileError | OSError) -> str:
    """Return libsndfile's or the system's reason, without the path that the caller names anyway."""
    text = error.error_string if isinstance(error, soundfile.LibsndfileError) else (os.strerror(error.errno or 0))
    return text.rstrip(".")


def _missing_bytes(path: str | os.PathLike[str]) -> int:
    """Return how many bytes a RIFF file lacks of its data chunk, which libsndfile passes over in silence.

    Programs that write to a pipe leave 0 or the largest number as the chunk's size: these are not cut short.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        if file.read(4) != b"RIFF":
            return 0
        file.seek(12)
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                return 0 if length >= 0xFFFFFFFE - 44 else max(0, length - (size - file.tell()))
            file.seek(length + length % 2, os.SEEK_CUR)
    return 0
