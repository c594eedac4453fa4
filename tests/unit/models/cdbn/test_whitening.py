"""Whitened spectra: uncorrelated, of unit variance, and back again."""

import numpy as np
import pytest

from earfield.errors import DatasetError
from earfield.models.cdbn.whitening import fit_whitening


@pytest.fixture
def tracks():
    """Six bands whose variances differ a thousandfold, correlated, far from zero, in tracks of different length."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((6, 6)) * np.geomspace(10, 0.3, 6)
    return [(rng.standard_normal((n, 6)) @ mixing + 500).astype(np.float32) for n in (400, 1000, 30)]


def covariance(x):
    return np.cov(x.astype(float).T, bias=True)


def test_all_components_have_unit_variance_and_no_correlation(tracks):
    whitening = fit_whitening(tracks, components=6, floor=0)
    white = whitening(np.concatenate(tracks))
    assert white.dtype == np.float32
    assert np.allclose(white.mean(axis=0), 0, atol=1e-3)
    assert np.allclose(covariance(white), np.eye(6), atol=1e-2)
    assert not np.allclose(covariance(np.concatenate(tracks)), np.eye(6), atol=1)


def test_what_is_read_in_parts_is_what_is_read_at_once(tracks):
    whole = np.concatenate(tracks)
    parts, once = (fit_whitening(each, components=6, floor=0) for each in (iter(tracks), [whole]))
    assert np.allclose(parts.mean, whole.mean(axis=0, dtype=float), rtol=1e-9)
    assert np.allclose(parts.to_components, once.to_components, rtol=1e-6)


def test_share_of_the_variance_sets_the_number(tracks):
    variances = np.linalg.eigvalsh(covariance(np.concatenate(tracks)))[::-1]
    held = np.cumsum(variances) / variances.sum()
    for share in (0.5, 0.9, 0.999):
        whitening = fit_whitening(tracks, components=share, floor=0)
        assert whitening.components == np.argmax(held >= share) + 1
        assert whitening.variance_kept == pytest.approx(held[whitening.components - 1], rel=1e-6)


def test_back_projection_loses_what_was_left_out_and_nothing_else(tracks):
    x = np.concatenate(tracks)
    for components in (6, 2):
        whitening = fit_whitening(tracks, components=components, floor=0.1)
        lost = x - whitening.mean - whitening(x) @ whitening.to_bands
        assert np.mean(lost**2) / np.mean((x - whitening.mean) ** 2) == pytest.approx(
            1 - whitening.variance_kept, abs=1e-4
        )


def test_floor_keeps_small_components_small(tracks):
    plain, damped = (fit_whitening(tracks, components=6, floor=floor) for floor in (0, 0.01))
    x = np.concatenate(tracks)
    first, last = np.diag(covariance(damped(x)))[[0, -1]]
    assert first > 0.95 and last < 0.6
    assert np.diag(covariance(plain(x)))[-1] > 0.95


def test_bands_that_never_vary_are_no_component(tracks):
    silent = [np.pad(track, ((0, 0), (0, 2)), constant_values=3.0) for track in tracks]
    whitening = fit_whitening(silent, components=8, floor=0)
    assert whitening.components == 6 and np.isfinite(whitening.to_components).all()


def test_nothing_to_fit_is_refused():
    with pytest.raises(DatasetError, match="20 training frames are all the same"):
        fit_whitening([np.ones((20, 4), np.float32)], components=4, floor=0.01)
    with pytest.raises(DatasetError, match="no spectrum"):
        fit_whitening([], components=4, floor=0.01)
