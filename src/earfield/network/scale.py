"""The scale that a network sees: ln(1 + power) as it is stored, or decibels standardised in each band."""

import math
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from earfield.mel.front_end import LEAST_POWER, array_decibels

Scale = Literal["log_power", "decibels"]

STANDARDISE = "standardise"  # the layer that does it
_LEAST_SD = 1.0  # dB; a band that is silent in training is not blown up elsewhere


def decibels(mel: Any) -> Any:
    """Return what `array_decibels` does, by operations of Keras, which a network can hold.

    Parameters
    ----------
    mel : array or tensor of Keras [shape=(..., n_mels)]
        ln(1 + power).

    Returns
    -------
    tensor [shape=(..., n_mels)]
        10 log10(power), no less than -100.
    """
    from keras import ops

    return 10 / math.log(10) * ops.log(ops.maximum(ops.expm1(mel), LEAST_POWER))


def band_statistics(spectrograms: Iterable[np.ndarray]) -> tuple[list[float], list[float]]:
    """Return mean and variance of the decibels in each mel band, over all frames.

    Parameters
    ----------
    spectrograms : iterable of np.ndarray [shape=(n_frames, n_mels)]
        ln(1 + power) of the training tracks, one at a time in memory.

    Returns
    -------
    mean, variance : list of float
        [dB] and [dB²], by mel band; a variance is no less than 1.
    """
    n, total, squares = 0, np.zeros(1), np.zeros(1)
    for mel in spectrograms:
        values = array_decibels(mel)
        n, total, squares = n + len(values), total + values.sum(axis=0), squares + np.square(values).sum(axis=0)
    mean = total / n
    return mean.tolist(), np.maximum(squares / n - mean**2, _LEAST_SD**2).tolist()


def scaled(model: Any, x: Any) -> Any:
    """Return what the first convolution of a network of `build_network` sees of log-mel segments."""
    own = next((layer for layer in model.layers if layer.name == STANDARDISE), None)
    return x if own is None else own(decibels(x))
