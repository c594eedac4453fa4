"""Long-term spectrum: the mean of each band of the log-mel spectrogram."""

import numpy as np

from earfield.audio.song import Song


def describe(song: Song) -> dict[str, float]:
    """Describe a song by the mean of each mel band, ln(1 + power): `mel_00` and so on."""
    return {f"mel_{band:02d}": float(mean) for band, mean in enumerate(song.mel.mean(axis=0, dtype=np.float64))}
