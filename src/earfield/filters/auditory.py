"""Reference receptive fields of the auditory system: a parametric model, and the ranges that physiology reports."""

import functools
import itertools
import os

import numpy as np
import pandas as pd
from scipy.signal import hilbert
from scipy.special import dawsn

from earfield.errors import ConfigError, DatasetError
from earfield.filters.strf import window_limits

_RANGES = ("rate_low_hz", "rate_high_hz", "scale_low_cpo", "scale_high_cpo")
STAGE_COLUMNS = ("stage", *_RANGES, "species", "source", "note")
_PARTS = 8  # of a stage's range of rates, and of scales
# The temporal seed has died out after 8 cycles (e^-28); its Hilbert transform, which falls as 1/t, at 64 (1e-4).
_SEED_CYCLES, _SEED_STEPS = 64, 256
_SUBFRAMES = 16  # points over which a frame averages


def spectral_seed(cycles: np.ndarray) -> np.ndarray:
    """Return the spectral seed function and, as its imaginary part, its Hilbert transform.

    Parameters
    ----------
    cycles : np.ndarray
        Distance from the best frequency [octaves] times the scale [cycles/octave].

    Returns
    -------
    np.ndarray [dtype=complex128]
        h(u) = (1 - u²) exp(-u² / 2) with u = √2 π `cycles`, the dilation at which its spectrum peaks at one cycle.

    Source: Chi, Ru & Shamma (2005), J Acoust Soc Am 118:887; the dilation is that of `gen_corf` in their NSL toolbox,
    f² exp(1 - f²) in the frequency domain. The Hilbert transform of a Gaussian is Dawson's integral.
    """
    u = np.sqrt(2) * np.pi * np.asarray(cycles, dtype=float)
    z = u / np.sqrt(2)
    return (1 - u**2) * np.exp(-(u**2) / 2) + 2j / np.sqrt(np.pi) * (z - (2 * z**2 - 1) * dawsn(z))


def temporal_seed(cycles: np.ndarray) -> np.ndarray:
    """Return the temporal seed function and, as its imaginary part, its Hilbert transform.

    Parameters
    ----------
    cycles : np.ndarray
        Lag [s] times the rate [Hz].

    Returns
    -------
    np.ndarray [dtype=complex128]
        h(u) = u² exp(-3.5 u) sin(2 π u) with u = `cycles`, whose spectrum peaks at 1.004 cycles; zero at negative
        lags, also where the Hilbert transform is not, as a receptive field cannot see ahead.

    Source: Chi, Ru & Shamma (2005), J Acoust Soc Am 118:887, with the constants of `gen_cort` in their NSL toolbox,
    without that function's removal of the mean (1% of the spectrum's peak), which would depend on the window.
    """
    grid, values = _temporal_table()
    return np.interp(np.asarray(cycles, dtype=float), grid, values, left=0, right=0)


@functools.cache
def _temporal_table() -> tuple[np.ndarray, np.ndarray]:
    """Return lags [cycles] and the analytic temporal seed there."""
    # As many cycles of nothing before lag 0: the transform takes the signal to be periodic.
    u = np.arange(-_SEED_CYCLES * _SEED_STEPS, _SEED_CYCLES * _SEED_STEPS) / _SEED_STEPS
    later = np.maximum(u, 0)
    analytic = hilbert(later**2 * np.exp(-3.5 * later) * np.sin(2 * np.pi * later))
    return u[u >= 0], analytic[u >= 0]


def model_strf(
    *,
    rate_hz: float,
    scale_cpo: float,
    direction: int,
    band_hz: np.ndarray,
    n_frames: int,
    frame_seconds: float,
    best_frequency_hz: float | None = None,
) -> np.ndarray:
    """Return the model's receptive field of one rate, scale and direction, seen through a window.

    A field that is slower or broader than the window is cut off by it, as a learned one is; a rate above half the
    frame rate cannot be drawn in frames, and comes out slower (see `reference_bank`).

    Parameters
    ----------
    rate_hz : float
        Best temporal modulation [Hz].
    scale_cpo : float
        Best spectral modulation [cycles/octave].
    direction : int
        1 prefers upward sweeps, -1 downward ones.
    band_hz : np.ndarray [shape=(n_bands,)]
        Centre frequencies of the bands [Hz], ascending.
    n_frames : int
        Length of the window.
    frame_seconds : float
        Distance of frames [s]. A frame's weight is the field's mean over that long, not its value at one point.
    best_frequency_hz : float or None
        Centre of the field [Hz]; None takes the centre of the window on an octave axis.

    Returns
    -------
    np.ndarray [shape=(n_bands, n_frames), dtype=float64]
        Of unit Euclidean norm. The last frame has lag 0. It weighs its input (it is not convolved along frequency).

    Source: Chi, Ru & Shamma (2005), J Acoust Soc Am 118:887: Re(s t) and Re(s* t) with the analytic seeds s and t,
    characteristic phases zero.
    """
    if direction not in (-1, 1):
        raise ValueError(f"direction is {direction}; it is 1 (upward) or -1 (downward)")
    best = best_frequency_hz if best_frequency_hz is not None else np.sqrt(band_hz[0] * band_hz[-1])
    spectral = spectral_seed(scale_cpo * np.log2(np.asarray(band_hz, dtype=float) / best))
    within = (np.arange(_SUBFRAMES) + 0.5) / _SUBFRAMES - 0.5
    lags = (np.arange(n_frames)[::-1, None] + within) * frame_seconds
    temporal = temporal_seed(rate_hz * lags).mean(axis=1)
    # With phase growing along both frequency and lag, what is later lies higher: the product prefers upward sweeps.
    field = np.outer(spectral if direction == 1 else spectral.conj(), temporal).real
    return np.asarray(field / np.linalg.norm(field))


def read_stages(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the ranges of rate and scale that physiology reports, one row per stage of the auditory system.

    Raises
    ------
    DatasetError
        If a column is missing, a stage is there twice, or a range is not one.
    """
    table = pd.read_csv(path, encoding="utf-8")
    missing = [column for column in STAGE_COLUMNS if column not in table]
    if missing:
        raise DatasetError(f"{path} lacks the column '{missing[0]}'; add it.")
    if table.empty:
        raise DatasetError(f"{path} holds no stage; add one.")
    twice = table.stage[table.stage.duplicated()]
    if not twice.empty:
        raise DatasetError(f"{path} has two rows for the stage '{twice.iloc[0]}'; keep one.")
    for row in table.to_dict("records"):
        for quantity, unit in (("rate", "hz"), ("scale", "cpo")):
            low, high = row[f"{quantity}_low_{unit}"], row[f"{quantity}_high_{unit}"]
            if not 0 < low < high < np.inf:
                raise DatasetError(
                    f"{path}, stage '{row['stage']}': the {quantity}s from {low} to {high} are no range; "
                    f"write two positive numbers, the lower one first."
                )
    return table[list(STAGE_COLUMNS)]


def reference_bank(
    stages_path: str | os.PathLike[str], *, band_hz: np.ndarray, n_frames: int, frame_seconds: float
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the model's receptive fields over the range of each stage, seen through a window.

    The rates and scales of a stage lie in the middles of eight equal parts of its range on a logarithmic axis, each
    with each, in both directions. Rates and scales that the frames and bands cannot carry (above half of how many
    there are in a second or an octave) are left out: the range ends there, and the eight parts are those of the rest.
    What is too slow or too broad for the window stays, cut off by it: learned fields are cut off too.

    Parameters
    ----------
    stages_path : path-like
        Read by `read_stages`.
    band_hz, n_frames, frame_seconds
        The window, as in `model_strf`.

    Returns
    -------
    strfs : np.ndarray [shape=(n, n_bands, n_frames), dtype=float64]
        Each of unit Euclidean norm, centred on the window.
    table : pd.DataFrame
        `stage, rate_hz, scale_cpo, direction`, one row per field: what the model was asked for. Sorted as the file's
        stages, then by the other columns.

    Raises
    ------
    DatasetError
        If the file cannot be used.
    ConfigError
        If all rates or scales of a stage are beyond what the frames or bands can carry.
    """
    limits = window_limits(band_hz=band_hz, n_frames=n_frames, frame_seconds=frame_seconds)
    rows = []
    for stage in read_stages(stages_path).to_dict("records"):
        for low, highest, what, mend in (
            (stage["rate_low_hz"], limits.highest_rate_hz, "rates of less than {:.3g} Hz", "shorten mel.hop_length"),
            (stage["scale_low_cpo"], limits.highest_scale_cpo, "less than {:.3g} cycles/octave", "raise mel.n_mels"),
        ):
            if low >= highest:
                raise ConfigError(
                    f"{stages_path}, stage '{stage['stage']}' begins at {low:g}, but the spectrogram carries only "
                    f"{what.format(highest)}; remove the stage or {mend}."
                )
        rates = _middles(stage["rate_low_hz"], min(stage["rate_high_hz"], limits.highest_rate_hz))
        scales = _middles(stage["scale_low_cpo"], min(stage["scale_high_cpo"], limits.highest_scale_cpo))
        rows += [(stage["stage"], *row) for row in itertools.product(rates, scales, (-1, 1))]
    table = pd.DataFrame(rows, columns=["stage", "rate_hz", "scale_cpo", "direction"])
    asked = table.drop(columns="stage").to_dict("records")
    window = functools.partial(model_strf, band_hz=band_hz, n_frames=n_frames, frame_seconds=frame_seconds)
    return np.array([window(**row) for row in asked]), table


def _middles(low: float, high: float) -> np.ndarray:
    """Return the middles of equal parts of a range on a logarithmic axis."""
    return np.geomspace(low, high, 2 * _PARTS + 1)[1::2]
