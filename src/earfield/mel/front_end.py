"""Fixed conventions of the front end; conversion to decibels."""

import numpy as np

# Settings that are not parameters, named as in librosa's `melspectrogram`; saved with each network.
CONVENTIONS = {
    "window": "hann",
    "center": True,
    "pad_mode": "constant",
    "power": 2.0,
    "htk": False,
    "norm": "slaney",
    "compression": "ln(1 + x)",
    "full_scale": 1.0,
}

LEAST_POWER = 1e-10  # minimum power of a band for the conversion to decibels


def array_decibels(mel: np.ndarray) -> np.ndarray:
    """Return the decibels of a log-mel spectrogram, 10 log10(power), no less than -100.

    Parameters
    ----------
    mel : np.ndarray [shape=(..., n_mels)]
        ln(1 + power); it holds the power to seven digits, small powers too.

    Returns
    -------
    np.ndarray [shape=(..., n_mels), dtype=float64]
    """
    values: np.ndarray = 10 * np.log10(np.maximum(np.expm1(mel, dtype=np.float64), LEAST_POWER))
    return values
