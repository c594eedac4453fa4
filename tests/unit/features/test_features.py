"""Features against librosa, and their shards."""

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile

from earfield.audio.song import Song
from earfield.configuration.settings import MelSettings
from earfield.errors import DatasetError
from earfield.features import mel_mean, mfcc
from earfield.features.shards import read_features, write_features
from earfield.files.tables import TRACK_COLUMNS, write_csv
from earfield.mel.log_mel import log_mel, write_shard

FRONT_END = {"sample_rate": 22050, "n_fft": 512, "hop_length": 256, "n_mels": 64, "fmin": 0, "fmax": 10000}


def sound(seed=0, seconds=3.0):
    """Return a tone that moves, in noise that comes and goes: loud and quiet bands, also 100 dB apart."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * 22050)) / 22050
    y = 0.4 * np.sin(2 * np.pi * (200 + 100 * seed + 80 * np.sin(2 * np.pi * t)) * t)
    y += 0.1 * rng.standard_normal(len(t)) * (np.sin(2 * np.pi * 1.5 * t) > 0) + 1e-5 * rng.standard_normal(len(t))
    return y.astype(np.float32)


@pytest.mark.parametrize("gain", [1.0, 0.01])
def test_coefficients_are_those_of_librosa(gain):
    y = sound() * np.float32(gain)
    settings = {key: FRONT_END[key] for key in ("n_fft", "hop_length", "n_mels", "fmin", "fmax")}
    expected = librosa.feature.mfcc(y=y, sr=22050, n_mfcc=20, **settings).T
    np.testing.assert_allclose(mfcc.mfcc(log_mel(y, **FRONT_END)), expected, atol=0.02)
    slopes = librosa.feature.delta(expected.T, mode="nearest").T
    described = mfcc.describe(Song("a", "a.wav", log_mel(y, **FRONT_END), FRONT_END))
    assert len(described) == 80
    assert described["mfcc_03_mean"] == pytest.approx(expected[:, 3].mean(), abs=0.01)
    assert described["mfcc_03_sd"] == pytest.approx(expected[:, 3].std(), abs=0.01)
    assert described["delta_05_sd"] == pytest.approx(slopes[:, 5].std(), abs=0.01)


def test_level_moves_the_first_coefficient_alone():
    one, other = (mfcc.mfcc(log_mel(sound() * np.float32(gain), **FRONT_END)) for gain in (1, 0.5))
    assert np.abs(one[:, 1:] - other[:, 1:]).max() < 0.05
    # 6.02 dB in each of 64 bands, by the orthonormal transform 8 times as much.
    np.testing.assert_allclose(one[:, 0] - other[:, 0], 8 * 20 * np.log10(2), atol=0.05)


@pytest.mark.parametrize(
    "mel", [np.zeros((1, 64), np.float32), np.zeros((300, 64), np.float32)], ids=["one", "silence"]
)
def test_odd_songs_have_finite_features(mel):
    for module in (mfcc, mel_mean):
        described = module.describe(Song("a", "a.wav", mel, FRONT_END))
        assert described and np.isfinite(list(described.values())).all()


@pytest.fixture
def shard(tmp_path):
    """Two tracks and one that cannot be used, with their spectrograms."""
    rows = []
    for number, name in enumerate(["01", 'x "y", z']):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, sound(number), 22050)
        rows.append({"track": name, "label": "a", "path": str(path), "problem": ""})
    rows.append({"track": "broken", "label": "a", "path": str(tmp_path / "no.wav"), "problem": "is missing"})
    tracks = tmp_path / "tracks.csv"
    write_csv(pd.DataFrame(rows).reindex(columns=TRACK_COLUMNS, fill_value=""), tracks)
    paths = {"frames_path": tmp_path / "s.npy", "index_path": tmp_path / "s.csv"}
    write_shard(tracks=tracks, **paths, front_end=MelSettings(**FRONT_END))
    return {"tracks": tracks, "front_end": FRONT_END, **paths}


def test_shards_are_read_as_they_were_written(shard, tmp_path):
    write_features(features="mel_mean", path=tmp_path / "f.csv", **shard)
    table = read_features([tmp_path / "f.csv"])
    assert list(table.index) == ["01", 'x "y", z'] and table.shape == (2, 64)
    expected = log_mel(sound(1), **FRONT_END).mean(axis=0)
    np.testing.assert_allclose(table.loc['x "y", z'], expected, rtol=1e-3, atol=1e-5)


def test_empty_shard_is_none_to_readers(shard, tmp_path):
    write_features(features="mfcc", path=tmp_path / "f.csv", **shard)
    (tmp_path / "empty.csv").write_text("track\n")
    for paths in ([tmp_path / "empty.csv", tmp_path / "f.csv"], [tmp_path / "f.csv", tmp_path / "empty.csv"]):
        assert read_features(paths).shape == (2, 80)


def test_audio_that_is_gone_is_named(shard, tmp_path):
    (tmp_path / "1.wav").unlink()
    with pytest.raises(DatasetError, match=r"'.*1\.wav' does not exist, but was usable when .*tracks\.csv was made"):
        write_features(features="tzanetakis_cook", path=tmp_path / "f.csv", **shard)
    assert not (tmp_path / "f.csv").exists()


def test_feature_that_is_no_number_is_refused(shard, tmp_path, monkeypatch):
    monkeypatch.setattr(mel_mean, "describe", lambda song: {"a": 1.0, "b": float("nan") if song.track == "01" else 2.0})
    with pytest.raises(DatasetError, match="'b' of '01' is no finite number"):
        write_features(features="mel_mean", path=tmp_path / "f.csv", **shard)
    assert not (tmp_path / "f.csv").exists()
