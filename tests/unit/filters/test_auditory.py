"""The parametric model of auditory receptive fields, and the bank that is made of it."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import hilbert

from earfield.errors import ConfigError, DatasetError
from earfield.filters.auditory import model_strf, read_stages, reference_bank, spectral_seed, temporal_seed
from earfield.mel.log_mel import band_edges

STAGES = "resources/auditory_stages.csv"
WINDOW = {
    "band_hz": band_edges(n_mels=64, fmin=0, fmax=10000)[1:-1][28:38],
    "n_frames": 34,
    "frame_seconds": 256 / 22050,
}
# Long, broad and fine enough that a field is neither cut off nor blurred.
WIDE = {"band_hz": 1000 * 2 ** np.linspace(-4, 4, 161), "n_frames": 800, "frame_seconds": 0.0025}


def modulations(strf, *, band_hz, n_frames, frame_seconds):
    """Return the rate, the scale and the direction at which the spectrum of a field peaks."""
    octaves = np.log2(band_hz[1] / band_hz[0])
    size = (4 * len(band_hz), 4 * n_frames)
    power = np.abs(np.fft.fft2(strf, size)) ** 2
    scale, rate = np.unravel_index(power[:, : size[1] // 2].argmax(), (size[0], size[1] // 2))
    scale_cpo = np.fft.fftfreq(size[0], octaves)[scale]
    # Rows go up in frequency and columns forward in time: a wave whose phases grow along both goes down.
    return np.fft.fftfreq(size[1], frame_seconds)[rate], abs(scale_cpo), -np.sign(scale_cpo)


def sweep(direction, *, octaves_per_second, band_hz, n_frames, frame_seconds):
    """Return a spectrogram through which a narrow peak moves at a steady speed on the octave axis."""
    octaves = np.log2(band_hz / np.sqrt(band_hz[0] * band_hz[-1]))
    seconds = (np.arange(3 * n_frames) - 1.5 * n_frames) * frame_seconds
    return np.exp(-((octaves[:, None] - direction * octaves_per_second * seconds) ** 2) / (2 * 0.1**2))


def response(strf, spectrogram):
    """Return what a unit of this field gives while the spectrogram goes by: the last column is the newest."""
    windows = np.lib.stride_tricks.sliding_window_view(spectrogram, strf.shape[1], axis=1)
    return np.einsum("bwf,bf->w", windows, strf)


def test_seeds_are_those_of_the_paper():
    x = np.linspace(-3, 3, 13)
    u = np.sqrt(2) * np.pi * x
    assert np.allclose(spectral_seed(x).real, (1 - u**2) * np.exp(-(u**2) / 2))
    t = np.linspace(-1, 4, 21)
    assert np.allclose(temporal_seed(t).real, np.where(t > 0, t**2 * np.exp(-3.5 * t) * np.sin(2 * np.pi * t), 0))


def test_seeds_are_analytic():
    x = np.arange(-400, 400, 1 / 64)
    near = np.abs(x) < 5
    assert np.allclose(hilbert(spectral_seed(x).real).imag[near], spectral_seed(x).imag[near], atol=1e-9)
    later = (x >= 0) & near
    assert np.allclose(hilbert(temporal_seed(x).real).imag[later], temporal_seed(x).imag[later], atol=1e-5)


@pytest.mark.parametrize("seed", [spectral_seed, temporal_seed])
def test_seeds_are_tuned_to_one_cycle(seed):
    x = np.arange(-32, 32, 1 / 64)
    frequencies = np.fft.rfftfreq(len(x), 1 / 64)
    assert frequencies[np.abs(np.fft.rfft(seed(x).real)).argmax()] == pytest.approx(1, abs=1 / 64)


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize(("rate_hz", "scale_cpo"), [(4, 0.5), (4, 2), (16, 1), (32, 0.5)])
def test_field_has_the_rate_scale_and_direction_that_were_asked_for(rate_hz, scale_cpo, direction):
    field = model_strf(rate_hz=rate_hz, scale_cpo=scale_cpo, direction=direction, **WIDE)
    rate, scale, sign = modulations(field, **WIDE)
    assert rate == pytest.approx(rate_hz, rel=0.08)
    assert scale == pytest.approx(scale_cpo, rel=0.08)
    assert sign == direction


@pytest.mark.parametrize("window", [WIDE, WINDOW], ids=["wide", "paper"])
@pytest.mark.parametrize(("rate_hz", "scale_cpo"), [(4, 2), (8, 1.5), (16, 2)])
def test_positive_direction_prefers_upward_sweeps(window, rate_hz, scale_cpo):
    up, down = (sweep(sign, octaves_per_second=rate_hz / scale_cpo, **window) for sign in (1, -1))
    upward, downward = (model_strf(rate_hz=rate_hz, scale_cpo=scale_cpo, direction=sign, **window) for sign in (1, -1))
    assert response(upward, up).max() > 1.2 * response(upward, down).max()
    assert response(downward, down).max() > 1.2 * response(downward, up).max()


def test_field_looks_back_from_the_last_frame():
    field = model_strf(rate_hz=8, scale_cpo=1, direction=1, **WIDE)
    lags = (np.arange(WIDE["n_frames"])[::-1]) * WIDE["frame_seconds"]
    energy = (field**2).sum(axis=0)
    assert lags[energy.argmax()] == pytest.approx(0.55 / 8, rel=0.2)  # where the envelope of the seed peaks
    assert energy[lags > 4 / 8].sum() < 1e-3
    assert energy[lags < 0.05 / 8].sum() < 0.01


def test_frames_average_the_field_so_that_fast_ones_do_not_alias():
    rate = {"rate_hz": 39, "scale_cpo": 0.5, "direction": 1, "band_hz": WINDOW["band_hz"]}
    hop = WINDOW["frame_seconds"]
    frames = model_strf(n_frames=34, frame_seconds=hop, **rate)[:, ::-1]
    thirds = model_strf(n_frames=101, frame_seconds=hop / 3, **rate)[:, ::-1]
    averages = np.pad(thirds, ((0, 0), (1, 0))).reshape(10, 34, 3).mean(axis=2)  # nothing comes before lag 0
    assert np.allclose(frames, averages / np.linalg.norm(averages), atol=2e-3)


@pytest.mark.parametrize("best_frequency_hz", [None, 500.0, 3000.0])
def test_field_lies_at_its_best_frequency(best_frequency_hz):
    field = model_strf(rate_hz=8, scale_cpo=1, direction=1, best_frequency_hz=best_frequency_hz, **WIDE)
    energy = (field**2).sum(axis=1)
    centre = 2 ** (np.log2(WIDE["band_hz"]) @ energy / energy.sum())
    assert centre == pytest.approx(best_frequency_hz or 1000, rel=0.01)
    assert np.linalg.norm(field) == pytest.approx(1)


def test_opposite_directions_mirror_each_other_across_the_best_frequency():
    fields = [model_strf(rate_hz=8, scale_cpo=1, direction=sign, **WINDOW) for sign in (1, -1)]
    assert np.allclose(fields[0], fields[1][::-1])


@pytest.mark.parametrize("direction", [0, 2])
def test_a_direction_is_up_or_down(direction):
    with pytest.raises(ValueError, match=f"direction is {direction}"):
        model_strf(rate_hz=8, scale_cpo=1, direction=direction, **WINDOW)


@pytest.fixture(scope="module")
def bank():
    return reference_bank(STAGES, **WINDOW)


def test_bank_spans_each_stage_evenly_on_logarithmic_axes(bank):
    strfs, table = bank
    assert strfs.shape == (len(table), 10, 34) == (3 * 8 * 8 * 2, 10, 34)
    assert np.isfinite(strfs).all() and np.allclose(np.linalg.norm(strfs, axis=(1, 2)), 1)
    assert not table.duplicated().any()
    for stage in read_stages(STAGES).itertuples():
        rows = table[table.stage == stage.stage]
        assert rows.groupby(["rate_hz", "scale_cpo"]).direction.apply(sorted).map(lambda both: both == [-1, 1]).all()
        for values, low, high in (
            (rows.rate_hz, stage.rate_low_hz, min(stage.rate_high_hz, 22050 / 256 / 2)),
            (rows.scale_cpo, stage.scale_low_cpo, stage.scale_high_cpo),
        ):
            steps = np.log(np.unique(values))
            assert np.diff(steps) == pytest.approx(np.log(high / low) / 8)
            assert steps.mean() == pytest.approx(np.log(high * low) / 2)


def test_bank_holds_what_the_model_gives_and_is_always_the_same(bank):
    strfs, table = bank
    row = table.iloc[200]
    expected = model_strf(rate_hz=row.rate_hz, scale_cpo=row.scale_cpo, direction=row.direction, **WINDOW)
    assert np.array_equal(strfs[200], expected)
    again, same = reference_bank(STAGES, **WINDOW)
    assert np.array_equal(strfs, again) and table.equals(same)


def test_rates_that_frames_cannot_carry_are_left_out():
    _, table = reference_bank(STAGES, **(WINDOW | {"frame_seconds": 0.04}))
    assert table.rate_hz.max() < 12.5
    with pytest.raises(ConfigError, match=r"stage 'midbrain' begins at 10, .* rates of less than 8.33 Hz"):
        reference_bank(STAGES, **(WINDOW | {"frame_seconds": 0.06}))


def test_stages_slow_down_from_midbrain_to_cortex_and_cite_their_sources():
    stages = read_stages(STAGES).set_index("stage")
    assert list(stages.index) == ["midbrain", "thalamus", "cortex"]
    assert stages.rate_high_hz.is_monotonic_decreasing and stages.rate_low_hz.is_monotonic_decreasing
    assert stages.source.str.contains(r"\d{4}, \w").all() and stages.note.str.contains("check|Check|model").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"note": None}, "lacks the column 'note'"),
        ({"stage": "cortex"}, "two rows for the stage 'cortex'"),
        ({"rate_low_hz": 0}, "the rates from 0 to"),
        ({"scale_high_cpo": 0.01}, "the scales from"),
        ({"rate_high_hz": np.nan}, "are no range"),
    ],
)
def test_a_wrong_file_of_stages_is_refused(tmp_path, change, message):
    table = pd.read_csv(STAGES)
    for column, value in change.items():
        table[column] = value
        if value is None:
            table = table.drop(columns=column)
    table.to_csv(tmp_path / "stages.csv", index=False)
    with pytest.raises(DatasetError, match=message):
        read_stages(tmp_path / "stages.csv")
    table.head(0).to_csv(tmp_path / "stages.csv", index=False)
    with pytest.raises(DatasetError):
        read_stages(tmp_path / "stages.csv")
