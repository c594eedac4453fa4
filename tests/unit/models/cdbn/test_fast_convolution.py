"""The short way to a correlation along time gives what the long way gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earfield.models.cdbn.fast_convolution import combine, transformed_frames, transformed_weights


def fast(frames, weights, bias, outputs):
    length = weights.shape[1]
    products = transformed_frames(frames, length=length, outputs=outputs) @ transformed_weights(weights)[:, None]
    found = np.full((len(frames), outputs, len(weights)), np.nan, np.float32)
    for number, own in enumerate(found):
        combine(products, bias, number, 0, own)
    return found


def plain(frames, weights, bias):
    patches = np.lib.stride_tricks.sliding_window_view(frames.astype(float), weights.shape[1], axis=1)
    return np.einsum("ntcl,klc->ntk", patches, weights) + bias


@settings(deadline=None)  # the first example pays for the compiler
@given(
    length=st.integers(1, 8),
    outputs=st.integers(1, 14),
    channels=st.integers(1, 5),
    filters=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_outputs_are_those_of_the_definition_for_any_shape(length, outputs, channels, filters, seed):
    rng = np.random.default_rng(seed)
    frames = rng.standard_normal((2, outputs + length - 1, channels)).astype(np.float32)
    weights = rng.standard_normal((filters, length, channels)).astype(np.float32)
    bias = rng.standard_normal(filters).astype(np.float32)
    found = fast(frames, weights, bias, outputs)
    assert np.allclose(found, plain(frames, weights, bias), atol=2e-4)


def test_frames_beyond_those_that_are_needed_change_nothing():
    rng = np.random.default_rng(1)
    frames, weights = rng.standard_normal((1, 20, 3)).astype(np.float32), rng.standard_normal((2, 6, 3)).astype("f4")
    bias = np.zeros(2, np.float32)
    assert np.array_equal(fast(frames, weights, bias, 9), fast(frames[:, :14], weights, bias, 9))


@pytest.mark.parametrize("channels", [64, 300])
def test_rounding_stays_near_that_of_the_plain_way(channels):
    rng = np.random.default_rng(2)
    frames = rng.standard_normal((1, 65, channels)).astype(np.float32)
    weights = rng.standard_normal((30, 6, channels)).astype(np.float32)
    exact = plain(frames, weights, 0)
    error = np.abs(fast(frames, weights, np.zeros(30, np.float32), 60) - exact).max()
    assert 0 < error < 3e-5 * exact.std()
