"""The best Gabor: planted ones are found again, and nothing that another search finds is better."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.optimize import least_squares

from earfield.filters.gabor import fit_gabors
from earfield.mel.log_mel import band_edges

HOP = 256 / 22050
BAND_HZ = band_edges(n_mels=64, fmin=0, fmax=10000)[1:-1]
OCTAVES = np.log2(BAND_HZ[28:38] / BAND_HZ[28])
SECONDS = np.arange(34) * HOP


def gabor(rate, scale, *, phase=0.3, octaves=OCTAVES, seconds=SECONDS, centre=(0.33, 0.2), width=(0.2, 0.08)):
    x, t = octaves[:, None] - centre[0], seconds - centre[1]
    return np.exp(-((x / width[0]) ** 2 + (t / width[1]) ** 2) / 2) * np.cos(2 * np.pi * (rate * t - scale * x) + phase)


def fit(kernel, *, octaves=OCTAVES):
    return fit_gabors(kernel[None], octaves=octaves, frame_seconds=HOP)[0]


@pytest.mark.parametrize("rate", [4, 9, 20])
@pytest.mark.parametrize("scale", [-5, -3, -1.5, 1.5, 3, 5])
@pytest.mark.parametrize("phase", [0, np.pi / 2, 2.5])
def test_planted_gabor_is_found(rate, scale, phase):
    found = fit(gabor(rate, scale, phase=phase))
    assert found.r2 > 0.9999
    assert found.rate_hz == pytest.approx(rate, abs=0.01)
    assert found.scale_cpo == pytest.approx(scale, abs=0.01)


@pytest.mark.parametrize("width", [(0.08, 0.03), (0.3, 0.1), (1.0, 1.0)])
@pytest.mark.parametrize("centre", [(0.33, 0.2), (0.0, 0.0), (0.6, 0.38)])
def test_planted_gabor_is_found_at_any_size_and_place(width, centre):
    found = fit(gabor(11, -4, width=width, centre=centre))
    assert found.r2 > 0.999
    assert found.rate_hz == pytest.approx(11, abs=0.1)
    assert found.scale_cpo == pytest.approx(-4, abs=0.1)


@pytest.mark.parametrize(("first", "last"), [(0, 10), (5, 25), (12, 40)])
def test_planted_gabor_is_found_on_bands_of_unequal_spacing(first, last):
    octaves = np.log2(BAND_HZ[first:last] / BAND_HZ[first])
    height = octaves[-1]
    kernel = gabor(8, 2 / height, octaves=octaves, centre=(0.6 * height, 0.2), width=(0.25 * height, 0.08))
    found = fit(kernel, octaves=octaves)
    assert found.r2 > 0.9999
    assert found.rate_hz == pytest.approx(8, abs=0.01)
    assert found.scale_cpo == pytest.approx(2 / height, rel=0.01)


def test_noise_takes_its_share_and_no_more():
    kernel = gabor(10, 3)
    noise = np.random.default_rng(1).normal(size=kernel.shape)
    noise *= np.linalg.norm(kernel) / np.linalg.norm(noise) / 2
    found = fit(kernel + noise)
    assert found.r2 == pytest.approx(0.8, abs=0.06)
    assert found.rate_hz == pytest.approx(10, abs=0.5)
    assert found.scale_cpo == pytest.approx(3, abs=0.2)


def test_standing_ripple_is_half_a_moving_one():
    x, t = OCTAVES[:, None] - 0.33, SECONDS - 0.2
    envelope = np.exp(-((x / 0.25) ** 2 + (t / 0.1) ** 2) / 2)
    found = fit(envelope * np.cos(2 * np.pi * 4 * x) * np.cos(2 * np.pi * 12 * t))
    assert found.r2 == pytest.approx(0.5, abs=0.01)  # cos a cos b = (cos(a + b) + cos(a - b)) / 2
    assert found.rate_hz == pytest.approx(12, abs=0.3)


def test_blob_is_a_gabor_without_ripple():
    found = fit(gabor(0, 0, phase=0))
    assert found.r2 > 0.9999
    assert found.rate_hz < 0.1 and abs(found.scale_cpo) < 0.1


def kernels():
    rng = np.random.default_rng(3)
    sparse = np.zeros(340)
    sparse[rng.choice(340, 8, replace=False)] = rng.normal(size=8)
    noise = rng.normal(size=(10, 34))
    # In `misleading` the fit from the best Gabor of the dictionary ends well below the best of all.
    misleading = np.random.default_rng(90).normal(size=(10, 34))
    return {
        "noise": noise,
        "smooth": gaussian_filter(noise, (1, 2)),
        "misleading": gaussian_filter(misleading, (1, 2)),
        "sparse": sparse.reshape(10, 34),
    }


@pytest.mark.parametrize("kind", ["noise", "smooth", "misleading", "sparse"])
def test_no_other_search_finds_a_better_gabor(kind):
    kernel = kernels()[kind]
    rng = np.random.default_rng(4)

    def left(parameters):
        x0, t0, ln_sx, ln_st, rate, scale, a, b = parameters
        options = {"centre": (x0, t0), "width": np.exp([ln_sx, ln_st])}
        model = a * gabor(rate, scale, phase=0, **options) + b * gabor(rate, scale, phase=np.pi / 2, **options)
        return (kernel - model).ravel()

    low = [0, 0, np.log(0.037), np.log(0.006), 0, -6.7, -10, -10]
    high = [OCTAVES[-1], SECONDS[-1], 0, 0, 43, 6.7, 10, 10]
    others = [
        1 - 2 * least_squares(left, rng.uniform(low, high), bounds=(low, high), max_nfev=40).cost / np.sum(kernel**2)
        for _ in range(12)
    ]
    found = fit(kernel).r2
    assert max(others) - 0.002 < found < 1


def test_reversed_time_reverses_the_ripple():
    kernel = kernels()["smooth"]
    forward, backward = fit(kernel), fit(kernel[:, ::-1])
    assert backward.r2 == pytest.approx(forward.r2, abs=1e-4)
    assert backward.rate_hz == pytest.approx(forward.rate_hz, abs=0.05)
    assert backward.scale_cpo == pytest.approx(-forward.scale_cpo, abs=0.05)


@pytest.mark.parametrize("shape", [(1, 34), (10, 1), (1, 1), (2, 2), (3, 100)])
def test_any_window_has_a_fit(shape):
    for kernel in (np.random.default_rng(0).normal(size=shape), np.ones(shape), np.eye(*shape)):
        found = fit(kernel, octaves=np.arange(shape[0]) * 0.1)
        assert 0 <= found.r2 <= 1 and np.isfinite([found.rate_hz, found.scale_cpo]).all()
    assert fit(np.ones(shape), octaves=np.arange(shape[0]) * 0.1).r2 > 0.99  # flat: a wide envelope, no ripple


def test_single_coefficient_is_held_whole():
    kernel = np.zeros((10, 34))
    kernel[4, 20] = -2
    assert fit(kernel).r2 > 0.99
