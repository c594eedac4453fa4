"""Scale of a network's input: ln(1 + power) as stored, or decibels standardised in each mel band."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from earfield.mel.front_end import LEAST_POWER, array_decibels

STANDARDISE = "standardise"  # name of the normalisation layer
_LEAST_SD = 1.0  # dB; floor, so that bands silent in training are not amplified


def decibels(mel: Any) -> Any:
    """Convert ln(1 + power) to decibels, at least -100, with Keras operations, as `array_decibels` does for arrays."""
    from keras import ops

    return 10 / math.log(10) * ops.log(ops.maximum(ops.expm1(mel), LEAST_POWER))


def band_statistics(spectrograms: Iterable[np.ndarray]) -> tuple[list[float], list[float]]:
    """Compute mean and variance of the decibels in each mel band, over all frames.

    Parameters
    ----------
    spectrograms : iterable of np.ndarray [shape=(n_frames, n_mels)]
        ln(1 + power) of the training tracks, one at a time in memory.

    Returns
    -------
    mean, variance : list of float
        Of each mel band [dB] and [dB²]; a variance is at least 1.
    """
    n, total, squares = 0, np.zeros(1), np.zeros(1)
    for mel in spectrograms:
        values = array_decibels(mel)
        n, total, squares = n + len(values), total + values.sum(axis=0), squares + np.square(values).sum(axis=0)
    mean = total / n
    return mean.tolist(), np.maximum(squares / n - mean**2, _LEAST_SD**2).tolist()


def scaled(model: Any, x: Any) -> Any:
    """Apply the input scale of a network of `build_network` to log-mel segments."""
    own = next((layer for layer in model.layers if layer.name == STANDARDISE), None)
    return x if own is None else own(decibels(x))
