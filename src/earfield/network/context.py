"""Summary of a whole track in a few frames: a network's second input, appended to its segment."""

from typing import Any

import numpy as np

CONTEXT = "context"  # name of its first layer


def summarise(mel: np.ndarray, *, frames: int) -> np.ndarray:
    """Average a track over equal parts of its length.

    Parameters
    ----------
    mel : np.ndarray [shape=(n_frames, n_mels)]
        ln(1 + power).
    frames : int
        Number of parts, as equal as whole frames allow.

    Returns
    -------
    np.ndarray [shape=(frames, n_mels), dtype=float32]
        Mean of each part; the nearest frame if a track has fewer frames than parts.
    """
    edges = np.arange(frames + 1) * len(mel) // frames
    starts = np.minimum(edges[:-1], len(mel) - 1)
    sums = np.add.reduceat(mel, starts, axis=0, dtype=np.float64)
    # An empty part has the value of the frame that it begins at; the last part has all remaining frames.
    counts = np.maximum(np.diff(np.append(starts, len(mel))), 1)
    return (sums / counts[:, None]).astype(np.float32)


def context_frames(model: Any) -> int:
    """Return the number of frames of a network's input that summarise the track; 0 without a context."""
    own = next((layer for layer in model.layers if layer.name == CONTEXT), None)
    return 0 if own is None else int(own.output.shape[1])
