"""The Gabor function that comes nearest to a receptive field.

A Gabor here is a ripple that moves through the window under a Gaussian envelope:

    G(x, t) = exp(−(x − x₀)² / 2σₓ² − (t − t₀)² / 2σₜ²) · (a cos φ + b sin φ),    φ = 2π (ω t − Ω x)

with x in octaves, t in seconds, rate ω [Hz] and scale Ω [cycles/octave]. It is the real part of c·u(x)·v(t), where
c = a − ib and u, v are envelope and carrier exp(2πif·) along one axis, f = −Ω or ω. With bands and frames apart, every
sum over the window that least squares asks for is a product of sums along the axes: a whole dictionary of Gabors can
be tried to start from, and a step of the fit costs no more than a few products of the kernel with a vector.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from threadpoolctl import threadpool_limits

_NARROWEST = 0.5  # width of the envelope in steps of the axis: a narrower one falls between the samples
_WIDEST = 10.0  # in spans of the axis: a wider one is flat all over the window
_RIDGE = 1e-9  # relative: where rate and scale are zero so is the sine, and its amplitude has no meaning
_STARTS = 24  # sizes of envelope; more find nothing better, neither in noise nor in smooth or sparse kernels
_STEPS = 60
_TOLERANCE = 1e-8  # of the kernel's energy, gained by one step

# What a change of each parameter adds to the Gabor: Re(γ · (x − x₀)^k · (t − t₀)^l · c·u·v). The parameters are Re c,
# Im c, then centre, ln width and frequency f along the bands, then those along the frames. A part that a change of c
# makes up for is left out, since c is solved for again in each step.
_GAMMA = np.array([1, 1j, 1, 1, 1j, 1, 1, 1j])
_BAND_POWER = np.array([0, 0, 1, 2, 1, 0, 0, 0])
_FRAME_POWER = np.array([0, 0, 0, 0, 0, 1, 2, 1])


@dataclass(frozen=True)
class GaborFit:
    """The best Gabor of one receptive field."""

    r2: float  # 1 − Σ(K − G)² / ΣK²; the kernel's mean is not removed, since a Gabor has no constant term
    rate_hz: float  # ω of its ripple, not negative [Hz]
    scale_cpo: float  # Ω of its ripple, positive when the ripple moves up in frequency [cycles/octave]


# Threads of BLAS cost more than they bring here, and on a busy machine, where they wait for each other, 5 to 30 times
# more.
@threadpool_limits.wrap(limits=1, user_api="blas")
def fit_gabors(strfs: np.ndarray, *, octaves: np.ndarray, frame_seconds: float) -> list[GaborFit]:
    """Fit one Gabor to each receptive field by least squares.

    Parameters
    ----------
    strfs : np.ndarray [shape=(n, n_bands, n_frames)]
        Finite kernels, none of them zero all over; time runs forward.
    octaves : np.ndarray [shape=(n_bands,)]
        Positions of the bands [octaves], rising. They need not be equally spaced: the fit is to the coefficients
        themselves, not to an interpolation.
    frame_seconds : float
        Distance between frames [s].

    Returns
    -------
    list of GaborFit
        The best of several Levenberg-Marquardt fits, which start from the best Gabors of different sizes in a
        dictionary that covers the window. The centre stays inside the window, the widths between half a step and ten
        windows, rate and scale below the Nyquist frequencies.

    Source: Qiu, Schreiner & Escabí (2003), J Neurophysiol 90:456 (Gabor models of STRFs, with one ripple where
    subfields are oblique); Golub & Pereyra (1973), SIAM J Numer Anal 10:413 (amplitudes solved for in each step).
    """
    bands = _Axis(np.asarray(octaves, dtype=float), signed=True)
    frames = _Axis(np.arange(strfs.shape[2]) * frame_seconds, signed=False)
    fits = []
    for strf in np.asarray(strfs, dtype=float):
        r2, parameters = _refine(strf, bands, frames, _starts(strf, bands, frames))
        band_frequency, rate = parameters[2], parameters[5]
        # Both frequencies may change their sign together: the ripple is the same.
        fits.append(GaborFit(r2=r2, rate_hz=abs(rate), scale_cpo=-band_frequency if rate >= 0 else band_frequency))
    return fits


class _Axis:
    """One axis of the window: its points, the bounds of a Gabor's parameters along it, and a dictionary on it.

    Attributes
    ----------
    low, high : np.ndarray [shape=(3,)]
        Bounds of centre, ln width and frequency.
    dictionary : list of (parameters [atom, 3], values [atom, point], sum |e|² [atom], sum e² [atom])
        One entry for each width. Any Gabor of that width overlaps with one of them by 0.94 × 0.78 or more: the
        first for its position, the second for its frequency.
    """

    def __init__(self, points: np.ndarray, *, signed: bool) -> None:
        span = float(points[-1] - points[0])
        step = float(np.diff(points).min()) if len(points) > 1 else 1.0
        nyquist = 0.5 / step if len(points) > 1 else 0.0
        self.points = points
        self.low = np.array([points[0], np.log(_NARROWEST * step), -nyquist])
        self.high = np.array([points[-1], np.log(_WIDEST * max(span, step)), nyquist])
        self.dictionary = []
        for width in 0.7 * step * 2.0 ** np.arange(1 + np.ceil(np.log2(max(span, step) / step))):
            centres = np.linspace(points[0], points[-1], 1 + int(np.ceil(span / width)))
            frequencies = np.linspace(0, nyquist, 1 + int(np.ceil(np.pi * width * nyquist)))
            if signed:
                frequencies = np.concatenate([-frequencies[:0:-1], frequencies])
            parameters = np.array(list(product(centres, [np.log(width)], frequencies)))
            values = self.atoms(parameters)[:, 0]
            sums = np.sum(np.abs(values) ** 2, axis=1), np.sum(values**2, axis=1)
            self.dictionary.append((parameters, values, *sums))

    def atoms(self, parameters: np.ndarray) -> np.ndarray:
        """Return (p − p₀)^k · exp(−(p − p₀)² / 2σ² + 2πifp) for k = 0, 1, 2, as [atom, k, point]."""
        centre, log_width, frequency = parameters.T[:, :, None]
        distance = self.points - centre
        atom = np.exp(-0.5 * (distance * np.exp(-log_width)) ** 2 + 2j * np.pi * frequency * self.points)
        return np.stack([atom, distance * atom, distance**2 * atom], axis=1)


def _amplitude(z: np.ndarray, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the c that brings Re(c·e) nearest to K, from z = ΣKe, p = Σ|e|² and q = Σe²."""
    p = p * (1 + _RIDGE)
    return 2 * (p * z.conj() - q.conj() * z) / (p**2 - np.abs(q) ** 2)


def _starts(strf: np.ndarray, bands: _Axis, frames: _Axis) -> np.ndarray:
    """Return the parameters of the best Gabor of each size in the dictionary, as [start, 6]."""
    found = []
    for along_bands, u, pu, qu in bands.dictionary:
        left = u @ strf
        for along_frames, v, pv, qv in frames.dictionary:
            z = left @ v.T
            held = (_amplitude(z, np.outer(pu, pv), np.outer(qu, qv)) * z).real
            band, frame = np.unravel_index(np.argmax(held), held.shape)
            found.append((held[band, frame], np.concatenate([along_bands[band], along_frames[frame]])))
    found.sort(key=lambda each: -each[0])
    return np.array([parameters for _, parameters in found[:_STARTS]])


def _refine(strf: np.ndarray, bands: _Axis, frames: _Axis, starts: np.ndarray) -> tuple[float, np.ndarray]:
    """Return R² and the parameters of the best fit, with all starts on their way at once."""
    energy = np.sum(strf**2)
    low, high = np.concatenate([bands.low, frames.low]), np.concatenate([bands.high, frames.high])
    parameters = np.clip(starts, low, high)
    loss, gram, slope = _normal_equations(strf, bands, frames, parameters)
    damping = np.full(len(parameters), 0.01)
    done = np.zeros(len(parameters), dtype=bool)
    for _ in range(_STEPS):
        free = np.ones(slope.shape, dtype=bool)
        free[:, 2:] = ~((parameters <= low) & (slope[:, 2:] < 0) | (parameters >= high) & (slope[:, 2:] > 0))
        size = np.sqrt(np.diagonal(gram, axis1=1, axis2=2))
        free &= size > 0  # an axis of one point has nothing to fit
        size = np.where(free, size, 1)
        scaled = np.where(free[:, :, None] & free[:, None, :], gram / size[:, :, None] / size[:, None, :], 0)
        scaled += (damping[:, None, None] + 1e-12) * np.eye(slope.shape[1])
        step = np.linalg.solve(scaled, np.where(free, slope / size, 0)[:, :, None])[:, :, 0] / size
        width = np.exp(parameters[:, [1, 1, 1, 4, 4, 4]])
        unit = np.where([True, True, False] * 2, width**2, 0.5 / np.pi)
        trial = np.clip(parameters + step[:, 2:] * unit, low, high)
        new_loss, new_gram, new_slope = _normal_equations(strf, bands, frames, trial)
        better = new_loss < loss
        done |= better & (loss - new_loss < _TOLERANCE * energy) | (damping > 1e6)
        parameters = np.where(better[:, None], trial, parameters)
        gram = np.where(better[:, None, None], new_gram, gram)
        slope = np.where(better[:, None], new_slope, slope)
        loss = np.where(better, new_loss, loss)
        damping = np.where(better, damping / 5, damping * 5)
        if done.all():
            break
    best = np.argmin(loss)
    return float(np.clip(1 - loss[best] / energy, 0, 1)), parameters[best]


def _normal_equations(
    strf: np.ndarray, bands: _Axis, frames: _Axis, parameters: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Σ(K − G)² [start], JᵀJ [start, 8, 8] and Jᵀ(K − G) [start, 8], with c at its best."""
    u, v = bands.atoms(parameters[:, :3]), frames.atoms(parameters[:, 3:])
    z = (u @ strf @ v.transpose(0, 2, 1))[:, _BAND_POWER, _FRAME_POWER]
    # Re(g·e)·Re(h·f) summed is Re(g·h̄·Σef̄ + g·h·Σef) / 2, and each Σ a product of the axes'.
    pairs = []
    for second in ((u.conj(), v.conj()), (u, v)):
        along_bands, along_frames = u @ second[0].transpose(0, 2, 1), v @ second[1].transpose(0, 2, 1)
        pairs.append(
            along_bands[:, _BAND_POWER[:, None], _BAND_POWER] * along_frames[:, _FRAME_POWER[:, None], _FRAME_POWER]
        )
    p, q = pairs
    weight = _amplitude(z[:, 0], p[:, 0, 0].real, q[:, 0, 0])[:, None] * _GAMMA
    gram = (weight[:, :, None] * (weight.conj()[:, None, :] * p + weight[:, None, :] * q)).real / 2
    match = (weight * z).real
    return np.sum(strf**2) - 2 * match[:, 0] + gram[:, 0, 0], gram, match - gram[:, 0]
