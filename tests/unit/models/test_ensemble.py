"""Statistics of whole songs on sounds with known answers, and the two classifiers that are averaged on them."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
from scipy.fft import idct

from earfield.features import song_statistics, tzanetakis_cook
from earfield.mel.log_mel import log_mel
from earfield.models import ensemble
from earfield.models.estimator import Task

FRONT_END = {"sample_rate": 22050, "n_fft": 512, "hop_length": 256, "n_mels": 64, "fmin": 0, "fmax": 10000}
OPTIONS = {"trees": 50, "inverse_temperature": [0.5, 1, 2]}


def described(y, tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, y, 22050, subtype="FLOAT")
    mel = log_mel(y.astype(np.float32), **FRONT_END)
    return song_statistics.describe(song_statistics.Song("a", str(path), mel, FRONT_END))


def noise(seconds=8.0, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * 22050))


def of_band(found, band):
    """Return the modulation of a band, by rate."""
    return {
        float(name.split("_")[1]): value
        for name, value in found.items()
        if name.startswith("modulation") and name.endswith(f"band_{band:02d}")
    }


@pytest.mark.parametrize(("rate", "low"), [(0.7, 0.5), (2.5, 2), (5.0, 4), (9.0, 8), (20.0, 16)])
def test_modulation_is_heard_at_its_rate(rate, low, tmp_path):
    t = np.arange(8 * 22050) / 22050
    modulation = of_band(described(noise() * (1 + 0.8 * np.sin(2 * np.pi * rate * t)), tmp_path), 8)
    assert max(modulation, key=modulation.get) == low
    still = of_band(described(noise(), tmp_path), 8)
    assert modulation[low] > still[low] + 2
    assert len(modulation) == len(song_statistics.MODULATION_HZ) - 1


def test_modulation_is_of_its_band(tmp_path):
    t = np.arange(8 * 22050) / 22050
    found = described(0.3 * np.sin(2 * np.pi * 300 * t) * (1 + np.sin(2 * np.pi * 5 * t)) + noise() / 100, tmp_path)
    at_five = [of_band(found, band)[4] for band in range(16)]
    assert np.argmax(at_five) < 4 and at_five[15] < max(at_five) - 2


def test_bands_that_move_together_are_told_from_those_that_do_not():
    rng = np.random.default_rng(0)
    apart = rng.standard_normal((2000, 64))
    found = song_statistics._cepstrum(apart)
    correlations = np.array([value for name, value in found.items() if "_with_" in name])
    assert len(correlations) == 13 * 12 / 2 and np.abs(correlations).max() < 0.12
    cepstrum = rng.standard_normal((2000, 64))
    cepstrum[:, 5] = -2 * cepstrum[:, 2] + 1
    found = song_statistics._cepstrum(idct(cepstrum, axis=1, norm="ortho"))
    assert found["cepstrum_02_with_05"] == pytest.approx(-1)
    assert found["cepstrum_05_sd"] == pytest.approx(2 * found["cepstrum_02_sd"])
    assert found["cepstrum_03_slope"] == pytest.approx(np.sqrt(2) * found["cepstrum_03_sd"], rel=0.1)


def test_numbers_of_tzanetakis_and_cook_come_first_skewed_ones_as_logarithms(tmp_path):
    found = described(noise(), tmp_path)
    mel = log_mel(noise().astype(np.float32), **FRONT_END)
    own = tzanetakis_cook.describe(song_statistics.Song("a", str(tmp_path / "song.wav"), mel, FRONT_END))
    assert [name.removeprefix("log_") for name in found][:30] == list(own)
    assert found["centroid_mean"] == own["centroid_mean"]
    assert found["log_centroid_variance"] == pytest.approx(np.log(own["centroid_variance"]))
    assert len(found) == 30 + 60 + 78 + 176
    # What the trees see ends where correlations begin.
    assert list(found)[ensemble._SUMMARY - 1].endswith("_slope") and "_with_" in list(found)[ensemble._SUMMARY]


@pytest.mark.parametrize("y", [np.zeros(22050), np.zeros(1), noise(0.3), np.ones(22050)], ids=len)
def test_odd_songs_have_finite_features(y, tmp_path):
    found = described(y, tmp_path)
    assert len(found) == 344 and np.isfinite(list(found.values())).all()


def made(*, train, validation, test, apart=6.0, n_features=120, seed=0):
    """Return a task of three labels, each a cloud of its own."""
    rng = np.random.default_rng(seed)
    centres = apart * rng.standard_normal((3, n_features)) / np.sqrt(2 * n_features)
    truth = {"train": np.array(train), "validation": np.array(validation), "test": np.array(test)}
    return Task(
        labels=["a", "b", "c"],
        tracks={subset: [f"{subset} {number}" for number in range(len(y))] for subset, y in truth.items()},
        targets={subset: y for subset, y in truth.items() if subset != "test"},
        features={subset: centres[y] + rng.standard_normal((len(y), n_features)) for subset, y in truth.items()},
        shards=None,
        seed=1,
    )


def test_what_lies_apart_is_told_apart_and_what_does_not_is_not():
    test = [0, 1, 2] * 60
    for apart, least, most in ((8.0, 0.95, 1.0), (0.0, 0.2, 0.47)):
        task = made(train=[0, 1, 2] * 20, validation=[0, 1, 2] * 8, test=test, apart=apart)
        probabilities = ensemble.predict(task, **OPTIONS)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        assert least <= (probabilities.argmax(axis=1) == test).mean() <= most


def test_validation_tracks_are_learned_from_in_the_end():
    task = made(train=[0, 1] * 20, validation=[0, 1, 2] * 8, test=[2] * 40, apart=8.0)
    assert (ensemble.predict(task, **OPTIONS).argmax(axis=1) == 2).mean() > 0.8


def test_one_track_of_each_label_is_for_the_trees_alone():
    task = made(train=[0, 1, 2], validation=[0, 1, 2], test=[0, 1, 2] * 20, apart=12.0)
    probabilities = ensemble.predict(task, **OPTIONS)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == [0, 1, 2] * 20).mean() > 0.6


def test_sharpness_is_what_suits_validation_tracks():
    sure = made(train=[0, 1, 2] * 20, validation=[0, 1, 2] * 8, test=[0, 1, 2] * 20, apart=9.0)
    unsure = made(train=[0, 1, 2] * 20, validation=[0, 1, 2] * 8, test=[0, 1, 2] * 20, apart=0.0)
    one, other = (ensemble.predict(task, **OPTIONS).max(axis=1).mean() for task in (sure, unsure))
    assert one > 0.9 and other < 0.6


def test_same_seed_gives_the_same_digits_another_one_others():
    task = made(train=[0, 1, 2] * 10, validation=[0, 1, 2] * 4, test=[0, 1, 2] * 10, apart=2.0)
    first = ensemble.predict(task, **OPTIONS)
    assert np.array_equal(first, ensemble.predict(task, **OPTIONS))
    assert not np.array_equal(first, ensemble.predict(replace(task, seed=2), **OPTIONS))
