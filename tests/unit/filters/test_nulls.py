"""Kernel nulls: what they keep of a filter, and the files they are written to."""

import numpy as np
import pandas as pd
import pytest

from earfield.configuration.null_models import NULL_KERNELS
from earfield.errors import DatasetError
from earfield.filters.null_kernels import same_sparsity, same_spectrum, write_null
from earfield.filters.strf import MEASURES
from earfield.mel.log_mel import band_edges

KINDS = {"same_spectrum": same_spectrum, "same_sparsity": same_sparsity}
FIT = ["rows", "active", "alpha", "nonzeros", "r2_fit", "r2_cv", "r2_held_out", "gradient_correlation"]


def share_of_first_component(kernels):
    energy = np.linalg.svd(np.asarray(kernels), compute_uv=False) ** 2
    return float((energy[:, 0] / energy.sum(axis=1)).mean())


def sparse_kernels(rng, *, n, nonzeros, shape=(10, 34)):
    kernels = np.zeros((n, np.prod(shape)))
    for kernel in kernels:
        kernel[rng.choice(kernel.size, nonzeros, replace=False)] = rng.standard_normal(nonzeros)
    return kernels.reshape(n, *shape)


@pytest.mark.parametrize("shape", [(10, 34), (3, 3), (9, 33), (1, 8)])
def test_same_spectrum_keeps_power_and_moves_phases(shape):
    rng = np.random.default_rng(1)
    kernel = rng.standard_normal(shape)
    null = same_spectrum(kernel, rng)
    power = np.abs(np.fft.fft2(kernel)) ** 2
    assert null.shape == shape and np.isrealobj(null)
    assert np.abs(np.abs(np.fft.fft2(null)) ** 2 - power).max() < 1e-6 * power.max()
    assert not np.allclose(null, kernel, atol=0.1)


@pytest.mark.parametrize("nonzeros", [0, 1, 5, 340])
def test_same_sparsity_keeps_the_coefficients(nonzeros):
    rng = np.random.default_rng(2)
    kernel = sparse_kernels(rng, n=1, nonzeros=nonzeros)[0]
    null = same_sparsity(kernel, rng)
    assert np.array_equal(np.sort(null, axis=None), np.sort(kernel, axis=None))
    assert nonzeros == 0 or not np.array_equal(null, kernel)


def test_sparsity_alone_looks_separable():
    rng = np.random.default_rng(3)
    five = [same_sparsity(kernel, rng) for kernel in sparse_kernels(rng, n=1500, nonzeros=5)]
    assert share_of_first_component(five) == pytest.approx(0.62, abs=0.02)


def test_spectrum_alone_does_not_look_separable():
    rng = np.random.default_rng(4)
    noise = [same_spectrum(kernel, rng) for kernel in rng.standard_normal((500, 10, 34))]
    assert share_of_first_component(noise) == pytest.approx(0.21, abs=0.01)
    impulse = np.zeros((10, 34))
    impulse[4, 20] = 1
    assert share_of_first_component([impulse]) == pytest.approx(1)
    assert share_of_first_component([same_spectrum(impulse, rng) for _ in range(500)]) < 0.22


@pytest.fixture
def network(tmp_path):
    """Return the two files of a network with five units, of which two were not fitted."""
    rng = np.random.default_rng(5)
    filters = sparse_kernels(rng, n=5, nonzeros=30).astype(np.float32)
    filters[[1, 3]] = 0
    np.savez(
        tmp_path / "filters.npz",
        filters=filters,
        gradients=filters + 1,
        intercepts=np.arange(5.0),
        band_hz=band_edges(n_mels=64, fmin=0, fmax=10000)[29:39],
        frame_seconds=256 / 22050,
        layer="pool2",
        positions=np.array([[6, 6]]),
    )
    table = pd.DataFrame({"unit": range(5), "status": ["fitted", "dead", "fitted", "nan", "fitted"]})
    table["problem"] = ["", "unit 1 is never active", "", "unit 3 has no number", ""]
    table[[*FIT, *MEASURES]] = 0.5
    table.loc[[1, 3], [*FIT, *MEASURES]] = np.nan
    table.to_csv(tmp_path / "filters.csv", index=False)
    return {"filters_npz": tmp_path / "filters.npz", "filters_csv": tmp_path / "filters.csv"}


def make(network, folder, *, kind, seed=1):
    paths = {"npz_path": folder / "filters.npz", "csv_path": folder / "filters.csv"}
    write_null(kind=kind, **network, **paths, seed=seed)
    with np.load(paths["npz_path"]) as archive:
        return dict(archive), pd.read_csv(paths["csv_path"], keep_default_na=False, na_values={"alpha": [""]})


@pytest.mark.parametrize("kind", NULL_KERNELS)
def test_null_is_written_like_a_network(network, tmp_path, kind):
    with np.load(network["filters_npz"]) as archive:
        own = dict(archive)
    stored, table = make(network, tmp_path / kind, kind=kind)
    assert set(own) - set(stored) == {"gradients"}
    assert all(np.array_equal(stored[name], own[name]) for name in set(stored) - {"filters"})
    kernels = stored["filters"]
    assert kernels.dtype == np.float32 and kernels.shape == own["filters"].shape
    assert not kernels[[1, 3]].any() and kernels[[0, 2, 4]].any(axis=(1, 2)).all()
    original = pd.read_csv(network["filters_csv"], keep_default_na=False)
    assert list(table) == list(original)
    for column in ("unit", "status", "problem"):
        assert list(table[column]) == list(original[column])
    assert (table[[name for name in FIT if name not in ("alpha", "nonzeros")]] == "").all(axis=None)
    assert table.alpha.isna().all()
    assert (table.loc[[1, 3], ["nonzeros", *MEASURES]] == "").all(axis=None)
    expected = "30" if kind == "same_sparsity" else "340"
    assert list(table.nonzeros[[0, 2, 4]]) == [expected] * 3


def test_measures_are_those_of_the_null(network, tmp_path):
    stored, table = make(network, tmp_path / "null", kind="same_spectrum")
    for unit in (0, 2, 4):
        sigma = np.linalg.svd(stored["filters"][unit].astype(float), compute_uv=False)
        assert float(table.inseparability[unit]) == pytest.approx(1 - sigma[0] ** 2 / (sigma**2).sum(), abs=1e-5)


@pytest.mark.parametrize("kind", NULL_KERNELS)
def test_seed_and_unit_decide_chance(network, tmp_path, kind):
    with np.load(network["filters_npz"]) as archive:
        own = dict(archive)
    own["filters"][2] = own["filters"][0]
    np.savez(network["filters_npz"], **own)
    first, again, other = (
        make(network, tmp_path / str(place), kind=kind, seed=seed)[0]["filters"] for place, seed in enumerate((1, 1, 2))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], first[2])
    assert (tmp_path / "0" / "filters.csv").read_bytes() == (tmp_path / "1" / "filters.csv").read_bytes()


def test_null_says_what_it_cannot_use(network, tmp_path):
    with pytest.raises(ValueError, match=r"no null 'white'; there are same_spectrum, same_sparsity"):
        make(network, tmp_path, kind="white")
    short = pd.read_csv(network["filters_csv"])[:4]
    short.to_csv(network["filters_csv"], index=False)
    with pytest.raises(DatasetError, match=r"holds 5 filters and .*filters.csv 4 rows; delete both"):
        make(network, tmp_path / "null", kind="same_spectrum")
    assert not (tmp_path / "null").exists()
