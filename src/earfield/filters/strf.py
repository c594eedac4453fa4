"""Measures of receptive fields, on the axes on which those of the auditory system are measured.

A receptive field K [band, frame] is the template that a unit compares with the spectrogram: time runs forward, and the
last frame is the latest that reaches the unit. Time is measured in seconds, frequency in octaves. Mel bands are equally
spaced in octaves above 1 kHz only; where they are not, K is first interpolated to a uniform grid of octaves. The Gabor
needs no grid and is fitted to K itself.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import fft

from earfield.filters.gabor import fit_gabors

MEASURES = (
    "inseparability",
    "separability",
    "gabor_r2",
    "gabor_rate_hz",
    "gabor_scale_cpo",
    "rate_hz",
    "scale_cpo",
    "direction",
    "bandwidth_octaves",
    "duration_ms",
    "best_frequency_hz",
    "latency_ms",
)

_UNIFORM = 1e-3  # relative: spacings that differ by less are equal
_PADDING = 8  # the modulation spectrum has this many points for each that the window resolves
_TIE = 1e-9  # relative: values that differ by less are equal, so that rounding does not choose between them


@dataclass(frozen=True)
class WindowLimits:
    """What can be seen through a window at all.

    The lowest rate and scale are those of a ripple that completes one cycle in the window: values below are a trend or
    a bump. The highest are Nyquist frequencies: half a cycle from frame to frame, and from band to band where bands are
    closest.
    """

    octaves: float  # height of the window
    milliseconds: float  # its length
    lowest_rate_hz: float
    lowest_scale_cpo: float  # [cycles/octave]
    highest_rate_hz: float
    highest_scale_cpo: float

    def as_columns(self) -> dict[str, float]:
        """Return the limits as tables of measures repeat them, rounded to what is printed."""
        return {
            "window_octaves": round(self.octaves, 3),
            "window_ms": round(self.milliseconds, 1),
            "lowest_rate_hz": round(self.lowest_rate_hz, 3),
            "lowest_scale_cpo": round(self.lowest_scale_cpo, 3),
        }


def window_limits(*, band_hz: np.ndarray, n_frames: int, frame_seconds: float) -> WindowLimits:
    """Return what can be seen through a window of some bands [Hz, rising] and frames.

    The window is n_frames × frame_seconds long, and reaches half a spacing beyond the first and the last centre:
    n_bands × spacing where bands are equally spaced. Its limits in octaves are NaN for a single band, whose centre does
    not tell its width.

    Raises
    ------
    ValueError
        If the frequencies are not positive and rising.
    """
    positions = _band_octaves(band_hz)
    spacings = np.diff(positions) if len(positions) > 1 else np.array([np.nan])
    octaves = float(positions[-1] + (spacings[0] + spacings[-1]) / 2)
    seconds = n_frames * frame_seconds
    return WindowLimits(
        octaves=octaves,
        milliseconds=1000 * seconds,
        lowest_rate_hz=1 / seconds,
        lowest_scale_cpo=1 / octaves,
        highest_rate_hz=0.5 / frame_seconds,
        highest_scale_cpo=0.5 / octave_axis(band_hz)[1],
    )


def octave_axis(band_hz: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the uniform grid of octaves on which a range of bands is measured and drawn.

    Parameters
    ----------
    band_hz : np.ndarray [shape=(n_bands,)]
        Centre frequencies [Hz], rising.

    Returns
    -------
    octaves : np.ndarray [shape=(n_points,)]
        From 0 at the first band to the last. Where bands are equally spaced in octaves (to 0.1%) each has its point;
        elsewhere there are as many more as it takes to be nowhere coarser than the bands.
    step : float
        Distance between points [octaves]; NaN for a single band.

    Raises
    ------
    ValueError
        If the frequencies are not positive and rising.
    """
    positions = _band_octaves(band_hz)
    if len(positions) == 1:
        return positions, float("nan")
    spacings = np.diff(positions)
    steps = len(spacings)
    if np.any(np.abs(spacings / spacings.mean() - 1) > _UNIFORM):
        steps = int(np.ceil(positions[-1] / spacings.min() - _UNIFORM))
    return np.linspace(0, positions[-1], steps + 1), float(positions[-1] / steps)


def measure_strfs(strfs: np.ndarray, *, band_hz: np.ndarray, frame_seconds: float) -> pd.DataFrame:
    """Measure receptive fields.

    Parameters
    ----------
    strfs : np.ndarray [shape=(n, n_bands, n_frames)]
        Kernels: bands from low to high, frames from the earliest to the latest.
    band_hz : np.ndarray [shape=(n_bands,)]
        Centre frequencies of the bands [Hz], rising.
    frame_seconds : float
        Distance between frames [s].

    Returns
    -------
    pd.DataFrame
        One row for each kernel, in their order, with the columns `MEASURES`:

        - `inseparability`, `separability`: see `separability`.
        - `gabor_r2`, `gabor_rate_hz` [Hz], `gabor_scale_cpo` [cycles/octave]: see `earfield.filters.gabor.fit_gabors`.
        - `rate_hz` [Hz], `scale_cpo` [cycles/octave], `direction`: see `modulation`.
        - `bandwidth_octaves`, `duration_ms`: see `energy_width`, of the energy E(x) = Σₜ K² and E(t) = Σₓ K².
        - `best_frequency_hz`: centre of the band where E(x) is highest.
        - `latency_ms`: from the frame where E(t) is highest to the window's last frame. For this and the best
          frequency see Miller, Escabí, Read & Schreiner (2002), J Neurophysiol 87:516. Energy is taken for both, not
          excitation alone, since a unit listens to coefficients of either sign.

        All are the same for K, −K and any multiple of them. A kernel that is zero all over, or not finite, has NaN.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or the frequencies are not positive and rising.
    """
    strfs = np.asarray(strfs, dtype=float)
    positions = _band_octaves(band_hz)
    if strfs.ndim != 3 or strfs.shape[1] != len(positions) or not strfs.shape[2]:
        raise ValueError(
            f"{len(positions)} bands need kernels of shape (n, {len(positions)}, frames), not {strfs.shape}"
        )
    table = pd.DataFrame(np.nan, index=range(len(strfs)), columns=list(MEASURES))
    usable = np.isfinite(strfs).all(axis=(1, 2)) & strfs.any(axis=(1, 2))
    if not usable.any():
        return table
    kernels = strfs[usable]
    kernels = kernels / np.abs(kernels).max(axis=(1, 2), keepdims=True)  # no square leaves the range of numbers
    octaves, step = octave_axis(band_hz)
    resampled = _resample(kernels, positions, octaves)
    seconds = np.arange(strfs.shape[2]) * frame_seconds
    inseparability, one_component = separability(resampled)
    rate, scale, direction = modulation(resampled, octave_step=step, frame_seconds=frame_seconds)
    gabors = fit_gabors(kernels, octaves=positions, frame_seconds=frame_seconds)
    energy = resampled**2
    columns = {
        "inseparability": inseparability,
        "separability": one_component,
        "gabor_r2": [gabor.r2 for gabor in gabors],
        "gabor_rate_hz": [gabor.rate_hz for gabor in gabors],
        "gabor_scale_cpo": [abs(gabor.scale_cpo) for gabor in gabors],
        "rate_hz": rate,
        "scale_cpo": scale,
        "direction": direction,
        "bandwidth_octaves": energy_width(energy.sum(axis=2), octaves),
        "duration_ms": 1000 * energy_width(energy.sum(axis=1), seconds),
        "best_frequency_hz": np.asarray(band_hz)[_first_peak(np.sum(kernels**2, axis=2))],
        "latency_ms": 1000 * (seconds[-1] - seconds[_first_peak(energy.sum(axis=1))]),
    }
    table.loc[usable, :] = np.column_stack([columns[name] for name in MEASURES])
    return table


def separability(strfs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each kernel is from one spectral times one temporal profile.

    Parameters
    ----------
    strfs : np.ndarray [shape=(n, n_bands, n_frames)]
        Kernels, none of them zero all over.

    Returns
    -------
    inseparability : np.ndarray [shape=(n,)]
        1 − σ₁² / Σσᵢ², with σ the singular values from the highest: 0 if the kernel is such a product.
    separability : np.ndarray [shape=(n,)]
        σ₁ / Σσᵢ: 1 if it is.

    Source: Depireux, Simon, Klein & Shamma (2001), J Neurophysiol 85:1220 (the first); Sen, Theunissen & Doupe (2001),
    J Neurophysiol 86:1445 (the second).
    """
    sigma = np.linalg.svd(strfs, compute_uv=False)
    return np.sum(sigma[:, 1:] ** 2, axis=1) / np.sum(sigma**2, axis=1), sigma[:, 0] / np.sum(sigma, axis=1)


def modulation(
    strfs: np.ndarray, *, octave_step: float, frame_seconds: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return best rate, best scale and direction of each kernel from its modulation spectrum.

    The spectrum P(Ω, ω) is the power of the two-dimensional Fourier transform of K(x, t). The kernel is neither
    windowed nor freed from its mean, and padded with zeros to 8 times its size, which samples the same spectrum more
    finely but resolves no more. A ripple cos 2π(ωt − Ωx) with ω, Ω > 0 moves up in frequency, one with Ω < 0 down.

    Parameters
    ----------
    strfs : np.ndarray [shape=(n, n_points, n_frames)]
        Kernels on a uniform grid of octaves, none of them zero all over.
    octave_step, frame_seconds : float
        Distance between points [octaves] and between frames [s].

    Returns
    -------
    rate_hz, scale_cpo : np.ndarray [shape=(n,)]
        |ω| and |Ω| where P is highest in either direction, or on an axis: 0 where the kernel does not change sign.
        A parabola through the peak and its neighbours refines them. Of equal peaks the slowest counts.
    direction : np.ndarray [shape=(n,)]
        (P↑ − P↓) / (P↑ + P↓), where P↑ is the power summed over all upward ripples and P↓ over all downward ones,
        without both axes. 1: only upward sweeps are matched; 0: both alike, as by every separable kernel.

    Source: Depireux, Simon, Klein & Shamma (2001), J Neurophysiol 85:1220 (directionality index); Chi, Ru & Shamma
    (2005), JASA 118:887 (rate and scale); Miller, Escabí, Read & Schreiner (2002), J Neurophysiol 87:516 (best
    modulation frequencies from the transform of the STRF).
    """
    n_scales, n_rates = (_PADDING * size for size in strfs.shape[1:])
    results = []
    for strf in strfs:
        power = np.abs(fft.fft2(strf, (n_scales, n_rates))) ** 2
        # The transform counts a ripple that moves up at ω > 0 and minus its scale. Half of the plane says all.
        upward, downward = power[n_scales // 2 + 1 :, 1 : n_rates // 2], power[1 : n_scales // 2, 1 : n_rates // 2]
        direction = (upward.sum() - downward.sum()) / (upward.sum() + downward.sum())
        half = power[:, : n_rates // 2 + 1].T
        rate, scale = divmod(int(_first_peak(half.ravel())), n_scales)
        at_rate = rate + _vertex(power[scale, np.arange(rate - 1, rate + 2) % n_rates])
        at_scale = scale + _vertex(power[np.arange(scale - 1, scale + 2) % n_scales, rate])
        results.append((_fold(at_rate / n_rates), _fold(at_scale / n_scales), direction))
    rates, scales, directions = np.array(results).reshape(-1, 3).T
    return rates / frame_seconds, np.zeros_like(scales) if strfs.shape[1] == 1 else scales / octave_step, directions


def energy_width(energy: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return twice the standard deviation of energy along an axis.

    Parameters
    ----------
    energy : np.ndarray [shape=(n, n_points)]
        E ≥ 0, not all zero.
    positions : np.ndarray [shape=(n_points,)]
        x, in any unit.

    Returns
    -------
    np.ndarray [shape=(n,)]
        2 √(Σ E (x − x̄)² / Σ E), x̄ = Σ E x / Σ E, in the same unit: 0 for a single point, √2 σ for a Gaussian
        envelope exp(−x² / 2σ²), and never more than the axis is long. No threshold has a part in it, so that it does
        not jump with single coefficients as a width at half height does.

    Source: Cohen (1995), Time-frequency analysis, Prentice Hall (duration and bandwidth as standard deviations).
    """
    share = energy / energy.sum(axis=1, keepdims=True)
    distance = positions - (share @ positions)[:, None]
    return 2 * np.sqrt(np.sum(share * distance**2, axis=1))


def _band_octaves(band_hz: np.ndarray) -> np.ndarray:
    """Return the bands' positions in octaves above the first."""
    band_hz = np.asarray(band_hz, dtype=float)
    if band_hz.ndim != 1 or not len(band_hz) or not band_hz[0] > 0 or not np.all(np.diff(band_hz) > 0):
        raise ValueError(f"centre frequencies must be positive and rise from band to band, not {band_hz.tolist()}")
    return np.log2(band_hz / band_hz[0])


def _resample(kernels: np.ndarray, positions: np.ndarray, octaves: np.ndarray) -> np.ndarray:
    """Interpolate kernels linearly to a uniform grid; those on one already are returned as they are."""
    if len(positions) == len(octaves):
        return kernels
    weights = np.array([np.interp(octaves, positions, band) for band in np.eye(len(positions))])
    return np.einsum("bp,nbt->npt", weights, kernels)


def _first_peak(values: np.ndarray) -> np.ndarray:
    """Return where values are highest along the last axis: the first place, if several are equal but for rounding."""
    return np.argmax(values >= (1 - _TIE) * values.max(axis=-1, keepdims=True), axis=-1)


def _vertex(three: np.ndarray) -> float:
    """Return where a parabola through a peak and its two neighbours is highest, in steps from the peak."""
    curvature = three[0] - 2 * three[1] + three[2]
    if curvature > -_TIE * three[1]:
        return 0.0
    return float((three[0] - three[2]) / (2 * curvature))


def _fold(cycles: float) -> float:
    """Return the frequency of a sampled ripple [cycles/sample] between 0 and the Nyquist frequency."""
    return abs(cycles - round(cycles))
