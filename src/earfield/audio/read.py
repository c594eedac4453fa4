"""Decoding of audio files to mono waveforms."""

import os
from typing import Literal

import numpy as np
import soundfile
import soxr

from earfield.errors import AudioError

PCM16_STEP = 1 / 32768
_AUDIO_CHUNK: dict[bytes, tuple[Literal["little", "big"], bytes]] = {
    b"RIFF": ("little", b"data"),
    b"FORM": ("big", b"SSND"),
}
_UNKNOWN = 0x7FFF0000  # a size from here on was written by a program that could not know it, into a pipe
_SLACK = 64  # bytes: some programs count headers as audio
_MPEG_FRAME = 1152  # samples: how far an MP3's own count may be off


def read_audio(path: str | os.PathLike[str], *, sample_rate: int | None = None) -> np.ndarray:
    """Read a file as mono audio, resampled if a rate is given.

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
    if not os.path.isfile(path):
        raise AudioError("is no file" if os.path.exists(path) else "does not exist")
    try:
        with soundfile.SoundFile(path) as sound:
            promised, native = sound.frames, sound.samplerate
            y = sound.read(dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        raise AudioError(f"cannot be read as audio ({_reason(error)})") from None
    if not len(y):
        raise AudioError("holds no audio")
    missing = _missing_bytes(path)
    if missing > _SLACK:
        raise AudioError(f"is cut short: its header promises {missing:,} bytes more than the file holds")
    if promised - len(y) > 2 * _MPEG_FRAME:
        raise AudioError(f"is cut short: its header promises {(promised - len(y)) / native:.2f} s more than it holds")
    if not np.isfinite(y).all():
        frame = int(np.argmin(np.isfinite(y).all(axis=1)))
        raise AudioError(f"holds a sample that is not finite, {frame / native:.3f} s after its start")
    mono = y[:, 0] if y.shape[1] == 1 else y.mean(axis=1)
    if sample_rate is None or sample_rate == native:
        return np.ascontiguousarray(mono)
    return soxr.resample(mono, native, sample_rate, quality="HQ")


def _reason(error: soundfile.LibsndfileError | OSError | TypeError) -> str:
    """Return libsndfile's or the system's reason, without the path that the caller names anyway."""
    if isinstance(error, TypeError):  # how soundfile answers to the suffix .raw
        return "samples without a header"
    text = error.error_string if isinstance(error, soundfile.LibsndfileError) else os.strerror(error.errno or 0)
    return text.rstrip(".")


def _missing_bytes(path: str | os.PathLike[str]) -> int:
    """Return the number of audio bytes missing from a WAV, AIFF or AU; libsndfile does not report it.

    Programs that write to a pipe leave 0 or a number near 2 or 4 GB as the size: these are not cut short.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        magic = file.read(4)
        if magic == b".snd":
            start, length = int.from_bytes(file.read(4), "big"), int.from_bytes(file.read(4), "big")
            return 0 if length >= _UNKNOWN else max(0, start + length - size)
        if magic not in _AUDIO_CHUNK:
            return 0
        order, audio = _AUDIO_CHUNK[magic]
        file.seek(12)
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[4:], order)
            if head[:4] == audio:
                return 0 if length >= _UNKNOWN else max(0, file.tell() + length - size)
            file.seek(length + length % 2, os.SEEK_CUR)
    return 0
