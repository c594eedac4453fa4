"""Input of feature extraction: one track."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Song:
    """One track."""

    track: str
    path: str  # its audio, for features that need more than the spectrogram
    mel: np.ndarray  # [shape=(n_frames, n_mels), dtype=float32] its log-mel spectrogram, ln(1 + power)
    front_end: Mapping[str, Any]  # what made it: the fields of `MelSettings`
