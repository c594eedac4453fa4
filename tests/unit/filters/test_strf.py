"""Measures of receptive fields: known answers, planted ripples, what must not change them, what they refuse."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from earfield.filters.strf import (
    MEASURES,
    energy_width,
    measure_strfs,
    modulation,
    octave_axis,
    separability,
    window_limits,
)
from earfield.mel.log_mel import band_edges

HOP = 256 / 22050
ALL_HZ = band_edges(n_mels=64, fmin=0, fmax=10000)[1:-1]
BAND_HZ = ALL_HZ[28:38]
OCTAVES = np.log2(BAND_HZ / BAND_HZ[0])
SECONDS = np.arange(34) * HOP
STEP = OCTAVES[-1] / 9


def gabor(rate, scale, *, phase=0.3, octaves=OCTAVES, seconds=SECONDS, centre=(0.33, 0.2), width=(0.2, 0.08)):
    x, t = octaves[:, None] - centre[0], seconds - centre[1]
    return np.exp(-((x / width[0]) ** 2 + (t / width[1]) ** 2) / 2) * np.cos(2 * np.pi * (rate * t - scale * x) + phase)


def sparse(count, *, n, seed=0):
    rng = np.random.default_rng(seed)
    kernels = np.zeros((n, 340))
    for kernel in kernels:
        kernel[rng.choice(340, count, replace=False)] = rng.normal(size=count)
    return kernels.reshape(n, 10, 34)


def white(n, *, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 10, 34))


def measure(*kernels, band_hz=BAND_HZ):
    return measure_strfs(np.array(kernels), band_hz=band_hz, frame_seconds=HOP)


# Axes


def test_bands_above_1_khz_are_their_own_grid():
    octaves, step = octave_axis(BAND_HZ)
    assert np.allclose(octaves, OCTAVES, atol=1e-12)
    assert 1 / step == pytest.approx(13.5, abs=0.05)  # bands to the octave


@pytest.mark.parametrize(("first", "last"), [(0, 2), (0, 10), (15, 25), (0, 64)])
def test_grid_is_uniform_and_nowhere_coarser_than_the_bands(first, last):
    band_hz = ALL_HZ[first:last]
    octaves, step = octave_axis(band_hz)
    positions = np.log2(band_hz / band_hz[0])
    assert octaves[0] == 0 and octaves[-1] == pytest.approx(positions[-1])
    assert np.allclose(np.diff(octaves), step)
    finest = np.diff(positions).min()
    assert 0.9 * finest < step < 1.002 * finest


def test_one_band_has_no_spacing():
    octaves, step = octave_axis(ALL_HZ[5:6])
    assert octaves.tolist() == [0] and np.isnan(step)


@pytest.mark.parametrize("band_hz", [[], [0, 50], [100, 100], [200, 100], [-1], [np.nan, 100], [[100, 200]]])
def test_impossible_bands_are_refused(band_hz):
    with pytest.raises(ValueError, match="positive and rise"):
        octave_axis(np.array(band_hz))


def test_limits_of_the_papers_window():
    limits = window_limits(band_hz=BAND_HZ, n_frames=34, frame_seconds=HOP)
    assert limits.octaves == pytest.approx(0.74, abs=0.001)
    assert limits.milliseconds == pytest.approx(394.74, abs=0.01)
    assert limits.lowest_rate_hz == pytest.approx(2.533, abs=0.001)
    assert limits.lowest_scale_cpo == pytest.approx(1.351, abs=0.001)
    assert limits.highest_rate_hz == pytest.approx(22050 / 512)
    assert limits.highest_scale_cpo == pytest.approx(6.757, abs=0.001)


def test_limits_follow_the_window():
    wide = window_limits(band_hz=ALL_HZ[:62], n_frames=242, frame_seconds=HOP)
    # From half a spacing below 49.7 Hz to half a spacing above band 61.
    assert wide.octaves == pytest.approx(np.log2(ALL_HZ[61] / ALL_HZ[0]) + 0.5 + 0.037, abs=0.001)
    assert wide.milliseconds == pytest.approx(242 * HOP * 1000)
    single = window_limits(band_hz=ALL_HZ[:1], n_frames=1, frame_seconds=HOP)
    assert single.milliseconds == pytest.approx(1000 * HOP) and np.isnan(single.octaves)


# Separability


def test_separability_of_known_singular_values():
    rng = np.random.default_rng(0)
    u, v = (np.linalg.qr(rng.normal(size=(size, 3)))[0] for size in (10, 34))
    inseparability, first = separability((u * [3, 2, 1] @ v.T)[None])
    assert inseparability == pytest.approx(1 - 9 / 14)
    assert first == pytest.approx(3 / 6)


def test_product_of_profiles_is_separable_and_has_no_direction():
    rng = np.random.default_rng(1)
    table = measure(*(np.outer(rng.normal(size=10), rng.normal(size=34)) for _ in range(5)))
    assert np.allclose(table.inseparability, 0, atol=1e-12)
    assert np.allclose(table.separability, 1)
    assert np.allclose(table.direction, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("kernels", "expected", "tolerance"), [(white(300), 0.79, 0.01), (sparse(5, n=300), 0.38, 0.02)]
)
def test_inseparability_of_structureless_kernels(kernels, expected, tolerance):
    assert separability(kernels)[0].mean() == pytest.approx(expected, abs=tolerance)


# Modulation


@pytest.mark.parametrize("rate", [4, 9, 20])
@pytest.mark.parametrize("scale", [-5, -3, -1.5, 1.5, 2.2, 5])
@pytest.mark.parametrize("phase", [0, 2.0])
def test_planted_ripple_is_found(rate, scale, phase):
    (found,) = measure(gabor(rate, scale, phase=phase)).itertuples()
    assert found.gabor_r2 > 0.99
    assert found.gabor_rate_hz == pytest.approx(rate, abs=0.01)
    assert found.gabor_scale_cpo == pytest.approx(abs(scale), abs=0.01)
    # A tenth of what the window resolves: the ripple and its mirror image overlap a little in the spectrum.
    assert found.rate_hz == pytest.approx(rate, abs=0.25)
    assert found.scale_cpo == pytest.approx(abs(scale), abs=0.13)
    assert np.sign(scale) * found.direction > 0.9


@pytest.mark.parametrize(("first", "last", "scale"), [(3, 23, 1.0), (10, 30, -2.0), (0, 64, 0.6)])
def test_scale_is_in_cycles_per_octave_on_bands_that_are_not(first, last, scale):
    band_hz = ALL_HZ[first:last]
    octaves = np.log2(band_hz / band_hz[0])
    centre, width = (0.6 * octaves[-1], 0.2), (0.22 * octaves[-1], 0.08)
    (found,) = measure(gabor(9, scale, octaves=octaves, centre=centre, width=width), band_hz=band_hz).itertuples()
    assert found.scale_cpo == pytest.approx(abs(scale), rel=0.05)
    assert found.gabor_scale_cpo == pytest.approx(abs(scale), rel=0.01)
    assert found.rate_hz == pytest.approx(9, abs=0.25)
    assert np.sign(scale) * found.direction > 0.8
    assert found.bandwidth_octaves == pytest.approx(np.sqrt(2) * width[0], rel=0.1)
    assert np.log2(found.best_frequency_hz / band_hz[0]) == pytest.approx(centre[0], abs=0.5)


def responses(kernel, spectrogram):
    """Correlate the latest frames of a passing spectrogram [band, frame] with the kernel, as a unit does."""
    windows = np.lib.stride_tricks.sliding_window_view(spectrogram, kernel.shape[1], axis=1)
    return np.einsum("bft,bt->f", windows, kernel)


@pytest.mark.parametrize("octaves_per_second", [-8, -3, 3, 8])
def test_positive_direction_answers_more_to_upward_sweeps(octaves_per_second):
    def sweep(speed):
        # One tone that glides through the bands as time runs on.
        middle = OCTAVES[5] + speed * (np.arange(200) - 100) * HOP
        return np.exp(-(((OCTAVES[:, None] - middle) / 0.08) ** 2) / 2)

    # A unit whose last input frame is the one where the glide leaves the bands.
    end = 100 + int(0.4 / abs(octaves_per_second) / HOP)
    kernel = sweep(octaves_per_second)[:, end - 34 : end]
    kernel = kernel - kernel.mean()
    up, down = (responses(kernel, sweep(speed * abs(octaves_per_second))).max() for speed in (1, -1))
    (found,) = measure(kernel).itertuples()
    assert np.sign(found.direction) == np.sign(up - down) == np.sign(octaves_per_second)
    assert abs(found.direction) > 0.3


@pytest.mark.parametrize("kernel", [*white(3), *sparse(5, n=3), gabor(6, 2), gabor(6, -2)])
def test_direction_is_the_power_of_responses_to_moving_ripples(kernel):
    _, _, (direction,) = modulation(kernel[None], octave_step=STEP, frame_seconds=HOP)
    power = {1: 0.0, -1: 0.0}
    seconds = np.arange(34) * HOP
    for upward in power:
        for scale in (np.arange(40) + 0.5) / 40 * 0.5 / STEP:
            for rate in (np.arange(60) + 0.5) / 60 * 0.5 / HOP:
                ripple = np.exp(2j * np.pi * (rate * seconds - upward * scale * OCTAVES[:, None]))
                power[upward] += np.abs(np.sum(kernel * ripple)) ** 2
    assert direction == pytest.approx((power[1] - power[-1]) / (power[1] + power[-1]), abs=0.02)


def test_kernel_of_one_sign_has_its_peak_at_no_modulation():
    (found,) = measure(gabor(0, 0, phase=0)).itertuples()
    assert (found.rate_hz, found.scale_cpo) == (0, 0)


# Extent and place


def test_spread_of_known_distributions():
    x = np.linspace(-50, 50, 2001)
    gauss, ends, point = np.exp(-(x**2) / 2 / 3**2), (np.abs(x) == 50) * 1.0, (x == 0) * 1.0
    assert np.allclose(energy_width(np.array([gauss, ends, point]), x), [6, 100, 0])


def test_extent_of_a_planted_gabor():
    (found,) = measure(gabor(20, 6, width=(0.1, 0.05))).itertuples()
    assert found.bandwidth_octaves == pytest.approx(np.sqrt(2) * 0.1, rel=0.05)
    assert found.duration_ms == pytest.approx(np.sqrt(2) * 50, rel=0.02)


@pytest.mark.parametrize(("band", "frame"), [(0, 33), (9, 0), (4, 20)])
def test_single_coefficient_is_measured_where_it_is(band, frame):
    kernel = np.zeros((10, 34))
    kernel[band, frame] = -0.3
    (found,) = measure(kernel).itertuples()
    assert found.best_frequency_hz == pytest.approx(BAND_HZ[band])
    assert found.latency_ms == pytest.approx((33 - frame) * HOP * 1000)
    assert (found.bandwidth_octaves, found.duration_ms) == (0, 0)
    assert (found.rate_hz, found.scale_cpo) == (0, 0)  # a flat spectrum has no peak; the slowest of equals counts
    assert found.inseparability == pytest.approx(0) and found.direction == pytest.approx(0)


# What must not change the measures


SOME = {
    "gabor": gabor(9, -2.5),
    "smooth": gaussian_filter(white(1, seed=5)[0], (1, 2)),
    "sparse": sparse(5, n=1, seed=6)[0],
    "product": np.outer(np.hanning(12)[1:-1], np.sin(np.arange(34) / 3)),
}


@pytest.mark.parametrize("kind", SOME)
@pytest.mark.parametrize("factor", [-1, 3.7, -1e-30, 1e200])
def test_sign_and_size_do_not_matter(kind, factor):
    one, other = (measure(kernel) for kernel in (SOME[kind], factor * SOME[kind]))
    pd.testing.assert_frame_equal(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["gabor", "smooth", "sparse"])
@pytest.mark.parametrize("axis", [0, 1])
def test_reversal_of_either_axis_turns_the_direction(kind, axis):
    (one,), (other,) = (measure(kernel).itertuples() for kernel in (SOME[kind], np.flip(SOME[kind], axis)))
    assert other.direction == pytest.approx(-one.direction)
    for name in ("inseparability", "separability", "bandwidth_octaves", "duration_ms", "rate_hz", "scale_cpo"):
        assert getattr(other, name) == pytest.approx(getattr(one, name)), name
    assert other.gabor_r2 == pytest.approx(one.gabor_r2, abs=1e-3)


def test_rows_do_not_depend_on_their_neighbours():
    kernels = [*white(2), *SOME.values()]
    together = measure(*kernels)
    alone = pd.concat([measure(kernel) for kernel in kernels], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone, rtol=1e-6)


# Any kernel, any window


def test_unusable_kernels_keep_their_rows():
    empty, broken, endless = np.zeros((10, 34)), gabor(5, 2), gabor(5, 2)
    broken[3, 3], endless[0, 0] = np.nan, np.inf
    table = measure(empty, gabor(5, 2), broken, endless)
    assert list(table.columns) == list(MEASURES)
    assert table.isna().all(axis=1).tolist() == [True, False, True, True]
    assert table.loc[1].notna().all()
    assert measure(empty).isna().all(axis=None)
    assert measure_strfs(np.zeros((0, 10, 34)), band_hz=BAND_HZ, frame_seconds=HOP).shape == (0, len(MEASURES))


def assert_within_limits(table, *, band_hz, n_frames):
    limits = window_limits(band_hz=band_hz, n_frames=n_frames, frame_seconds=HOP)
    assert np.isfinite(table.to_numpy()).all()
    for name in ("inseparability", "separability", "gabor_r2"):
        assert table[name].between(-1e-12, 1 + 1e-12).all(), name
    assert table.direction.between(-1, 1).all()
    assert table.best_frequency_hz.isin(band_hz).all()
    assert table.latency_ms.between(0, limits.milliseconds).all()
    assert table.duration_ms.between(0, limits.milliseconds).all()
    assert table[["rate_hz", "gabor_rate_hz"]].le(limits.highest_rate_hz + 1e-9).all(axis=None)
    if len(band_hz) > 1:
        assert table.bandwidth_octaves.between(0, limits.octaves).all()
        assert table[["scale_cpo", "gabor_scale_cpo"]].le(limits.highest_scale_cpo + 1e-9).all(axis=None)
    else:
        assert (table[["scale_cpo", "gabor_scale_cpo", "bandwidth_octaves"]] == 0).all(axis=None)
    assert table[["rate_hz", "scale_cpo", "gabor_rate_hz", "gabor_scale_cpo"]].ge(0).all(axis=None)


@pytest.mark.parametrize(
    ("first", "n_bands", "n_frames"),
    [(28, 10, 34), (0, 1, 34), (28, 10, 1), (40, 1, 1), (0, 2, 3), (10, 20, 34), (0, 64, 20), (28, 10, 80)],
)
def test_any_window_is_measured(first, n_bands, n_frames):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, n_bands, n_frames)).astype(np.float32)
    few = noise * (rng.random(noise.shape) < 0.1)
    few[:, 0, 0] = 1
    band_hz = ALL_HZ[first : first + n_bands]
    table = measure(*noise, *few, np.ones_like(noise[0]), band_hz=band_hz)
    assert_within_limits(table, band_hz=band_hz, n_frames=n_frames)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, -1.0, 0.5, 1e-12]) | st.floats(-1e3, 1e3), min_size=20, max_size=20)
)
def test_any_kernel_is_measured(values):
    kernel = np.array(values).reshape(4, 5)
    if kernel.any():
        assert_within_limits(measure(kernel, band_hz=ALL_HZ[18:22]), band_hz=ALL_HZ[18:22], n_frames=5)


def test_kernels_that_do_not_fit_the_bands_are_refused():
    for shape in [(3, 34, 10), (10, 34), (1, 10, 0)]:
        with pytest.raises(ValueError, match=r"10 bands need kernels of shape \(n, 10, frames\)"):
            measure_strfs(np.ones(shape), band_hz=BAND_HZ, frame_seconds=HOP)
