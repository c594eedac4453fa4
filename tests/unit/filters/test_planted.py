"""Networks whose units compute known receptive fields: the whole chain has to find those again."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from earfield.configuration.settings import ActivationSettings, FilterSettings, MelSettings, NetworkSettings
from earfield.filters.estimate import write_filters
from earfield.filters.gabor import fit_gabors
from earfield.filters.strf import octave_axis
from earfield.mel.log_mel import band_edges
from earfield.mel.shards import MelShards

FRONT_END = {"sample_rate": 22050, "n_fft": 512, "hop_length": 256, "n_mels": 64, "fmin": 0, "fmax": 10000}
HOP = FRONT_END["hop_length"] / FRONT_END["sample_rate"]
BAND_HZ = band_edges(n_mels=64, fmin=0, fmax=10000)[1:-1]
FRAMES, N_TRACKS = 256, 60
# Rate [Hz], scale [cycles/octave], and 1 for upward, -1 for downward sweeps.
PLANTED = [(4, 2, 1), (4, 2, -1), (6, 3, 1), (6, 3, -1), (8, 1.6, 1), (10, 2.5, -1), (12, 4, 1), (5, 4.5, -1)]


def gabor(rate, scale, direction, *, bands, frames, band_step=1, frame_step=1):
    """Return a Gabor [band, frame] on a patch above 1 kHz, in steps of bands and frames."""
    octaves = np.log2(BAND_HZ[28 : 28 + bands * band_step : band_step] / BAND_HZ[28])
    seconds = np.arange(frames) * frame_step * HOP
    x, t = octaves - octaves.mean(), seconds - seconds.mean()
    envelope = np.exp(-0.5 * ((x[:, None] / 0.25) ** 2 + (t / 0.1) ** 2))
    # A ridge where the phase is constant: upward when frequency rises with time.
    return envelope * np.cos(2 * np.pi * (scale * x[:, None] - direction * rate * t))


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Log-mel spectrograms of no music: smooth noise, as loud in every modulation that a unit is planted for."""
    folder = tmp_path_factory.mktemp("planted")
    generator = np.random.default_rng(5)
    rows, mels, split = [], [], []
    for number in range(N_TRACKS):
        n = 1100
        noise = generator.normal(size=(n, 64)).astype(np.float32)
        mel = noise + 2 * gaussian_filter(noise, (2, 0.7))
        mels.append(np.log1p(np.exp(3 + mel)).astype(np.float32))
        rows.append((f"t{number:02d}", "xy"[number % 2], number * n, n))
        split.append((f"t{number:02d}", "xy"[number % 2], "test" if number % 10 > 6 else "train"))
    np.save(folder / "shard.npy", np.concatenate(mels))
    pd.DataFrame(rows, columns=["track", "label", "start", "frames"]).to_csv(folder / "shard.csv", index=False)
    pd.DataFrame(split, columns=["track", "label", "subset"]).to_csv(folder / "split.csv", index=False)
    return folder


def run_chain(collection, folder, model, *, layer, positions):
    """Save a network, dump its layer, and fit and measure its filters."""
    from earfield.activations.dump import dump_activations, write_gradient
    from earfield.mel.front_end import CONVENTIONS
    from earfield.network.architecture import save_network
    from earfield.network.device import Device

    save_network(model, folder / "model.keras", labels=["x", "y"], front_end=FRONT_END | CONVENTIONS)
    paths = {"frames_paths": [str(collection / "shard.npy")], "index_paths": [str(collection / "shard.csv")]}
    network = {
        "shards": MelShards(**paths),
        "model_path": folder / "model.keras",
        "split": collection / "split.csv",
        "device": Device(gpu=False, workers=2),
        "front_end": MelSettings(**FRONT_END),
        "settings": ActivationSettings(layer=layer, positions=positions, overlap=0.1),
    }
    dump_activations(folder=folder / "activations", partial=folder / "partial", **network)
    write_gradient(path=folder / "gradient.npz", **network)
    table = write_filters(
        dump=folder / "activations",
        gradient=folder / "gradient.npz",
        folder=folder,
        seed=1,
        threads=2,
        settings=FilterSettings(folds=5, alphas=50, min_active=50),
        **paths,
    )
    with np.load(folder / "filters.npz") as archive:
        return table, dict(archive)


def network(conv, kernels):
    """Build a network and set the kernels [unit, in, band, frame] and biases of its convolutions by hand."""
    from earfield.network.architecture import build_network

    settings = NetworkSettings(conv=conv, dense={"units": 2, "l2": 0.0}, dropout=0.0)
    model = build_network(settings, frames=FRAMES, n_mels=64, n_labels=2, seed=1)
    for number, (kernel, bias) in enumerate(kernels, start=1):
        model.get_layer(f"conv{number}").set_weights(
            [kernel.transpose(3, 2, 1, 0).astype(np.float32), np.asarray(bias, dtype=np.float32)]
        )
    return model


def assert_found(table, planted, *, rate, scale):
    """Check rate, scale and direction of each planted unit by the modulation spectrum and by the Gabor fit."""
    for row, (planted_rate, planted_scale, direction) in zip(table.itertuples(), planted, strict=True):
        case = (planted_rate, planted_scale, direction)
        assert row.status == "fitted", case
        assert row.rate_hz == pytest.approx(planted_rate, abs=rate), case
        assert row.scale_cpo == pytest.approx(planted_scale, abs=scale), case
        assert row.gabor_rate_hz == pytest.approx(planted_rate, abs=rate), case
        assert row.gabor_scale_cpo == pytest.approx(planted_scale, abs=scale), case
        assert np.sign(row.direction) == direction and abs(row.direction) > 0.15, case


@pytest.mark.parametrize("rectified", [False, True])
def test_linear_and_rectified_units_are_found_again(collection, tmp_path, rectified):
    kernels = np.stack([gabor(*each, bands=10, frames=34) for each in PLANTED])
    mel = np.load(collection / "shard.npy", mmap_mode="r")[:2000]
    windows = np.lib.stride_tricks.sliding_window_view(mel[:, 28:38], (34, 10))[:, 0]
    drive = np.einsum("nfb,ubf->nu", windows, kernels)
    # Half of the time below zero, or never.
    bias = -np.median(drive, axis=0) if rectified else -drive.min(axis=0) * 2 + 50
    model = network(
        [{"filters": len(PLANTED), "kernel": [10, 34], "pool": [1, 1], "l2": 0.0}], [(kernels[:, None], bias)]
    )
    positions = [[frame, 28] for frame in range(0, 220, 20)]
    table, arrays = run_chain(collection, tmp_path, model, layer="conv1", positions=positions)
    assert_found(table, PLANTED, rate=1.0, scale=0.35)
    assert (table.gradient_correlation > (0.85 if rectified else 0.9999)).all()
    assert (table.r2_held_out > (0.6 if rectified else 0.9999)).all()
    if not rectified:
        np.testing.assert_allclose(arrays["filters"], kernels, atol=0.02 * np.abs(kernels).max())
        np.testing.assert_allclose(arrays["gradients"], kernels, atol=1e-5)
    # The Gabor fit sees a Gabor, and the planted one.
    octaves, _ = octave_axis(arrays["band_hz"])
    truth = fit_gabors(kernels, octaves=octaves, frame_seconds=HOP)
    assert (table.gabor_r2 > (0.75 if rectified else 0.99)).all() and min(fit.r2 for fit in truth) > 0.999


# What the steps behind the first pool, two bands and four frames, can still tell apart.
COARSE = [(4, 1.6, 1), (4, 1.6, -1), (6, 2, 1), (6, 2, -1), (4, 2.5, 1), (8, 2, -1)]


@pytest.fixture(scope="module")
def papers_network():
    """The paper's kernels and pools: the first layer hands its input on, the second holds coarse Gabors."""
    coarse = [gabor(*each, bands=3, frames=5, band_step=2, frame_step=4) for each in COARSE]
    conv = [
        {"filters": 1, "kernel": [3, 3], "pool": [2, 4], "l2": 0.0},
        {"filters": len(COARSE), "kernel": [3, 5], "pool": [2, 4], "l2": 0.0},
    ]
    first = np.zeros((1, 1, 3, 3))
    first[0, 0, 1, 1] = 1
    return network(conv, [(first, [0]), (np.stack(coarse)[:, None], np.full(len(COARSE), 40.0))])


def test_units_behind_the_papers_first_pool_are_found_again(collection, papers_network, tmp_path):
    positions = [[frame, 14] for frame in range(0, 59, 4)]
    table, _ = run_chain(collection, tmp_path, papers_network, layer="conv2", positions=positions)
    assert_found(table, COARSE, rate=1.5, scale=0.6)


def test_papers_second_pool_hides_what_is_faster_than_it(collection, papers_network, tmp_path):
    """It takes the largest of eight places up to 139 ms apart: little that is linear is left, and that looks slower."""
    positions = [[frame, 7] for frame in range(14)]
    table, _ = run_chain(collection, tmp_path, papers_network, layer="pool2", positions=positions)
    rates, _, directions = np.array(COARSE).T
    assert table.r2_held_out.max() < 0.4
    # The exact gradient says the same: it is what the unit computes, not how the filter is estimated.
    for measured in (table, pd.read_csv(tmp_path / "gradients.csv")):
        assert (measured.rate_hz < 0.7 * rates).all()
        assert (np.sign(measured.direction) == directions).all()
