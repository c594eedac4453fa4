"""Input of feature extraction: one track."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Song:
    """One track.

    Attributes
    ----------
    track : str
        Its name.
    path : str
        Its audio, for features that need more than the spectrogram; see `earfield.audio.read.read_audio`.
    mel : np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        Its log-mel spectrogram, ln(1 + power).
    front_end : mapping
        What made the spectrogram: `sample_rate` [Hz], `n_fft`, `hop_length` [samples], `n_mels`, `fmin`, `fmax` [Hz].
    """

    track: str
    path: str
    mel: np.ndarray
    front_end: Mapping[str, Any]
