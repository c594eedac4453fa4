"""The thirty numbers of Tzanetakis & Cook: against librosa where they are the same, and on sounds of known answers."""

import librosa
import numpy as np
import pytest
import soundfile
import soxr
from threadpoolctl import threadpool_limits

import earfield.features.beat_histogram as beat_histogram_module
import earfield.features.pitch_histogram as pitch_histogram_module
from earfield.audio.song import Song
from earfield.features import timbral_texture, tzanetakis_cook
from earfield.features.beat_histogram import beat_histogram, describe_beats
from earfield.features.periodicity import enhance, highest_peaks
from earfield.features.pitch_histogram import describe_pitches, fold, pitch_histogram
from earfield.features.timbral_texture import loudness_and_crossings, low_energy, spectral_shape, texture

RATE = 22050
FRAMES = {"n_fft": 512, "hop_length": 512}
C, D, E, F, G, A, B = 60, 62, 64, 65, 67, 69, 71


def noise(seconds=3.0, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE)).astype(np.float32)


def tone(*frequencies, seconds=1.0, harmonics=1):
    t = np.arange(int(seconds * RATE)) / RATE
    waves = [np.sin(2 * np.pi * k * f * t) / k for f in frequencies for k in range(1, harmonics + 1)]
    return (0.2 * np.sum(waves, axis=0)).astype(np.float32)


def note(number, **settings):
    return tone(440 * 2 ** ((number - 69) / 12), **settings)


def clicks(bpm, seconds=12.0):
    y = np.zeros(int(seconds * RATE), np.float32)
    for start in np.arange(0.1, seconds - 0.1, 60 / bpm):
        y[int(start * RATE) :][:200] += noise(0.01)[:200]
    return y


def music(seed=0, seconds=4.0):
    """Return clicks, notes and noise that comes and goes."""
    rng = np.random.default_rng(seed)
    notes = np.concatenate([note(n, seconds=0.25, harmonics=8) for n in rng.integers(45, 80, int(4 * seconds))])
    t = np.arange(len(notes)) / RATE
    return notes + clicks(110, seconds)[: len(notes)] + noise(seconds)[: len(notes)] * (np.sin(9 * t) > 0) / 5


def describe(y, tmp_path, rate=RATE):
    soundfile.write(tmp_path / "a.wav", y, rate, subtype="FLOAT")
    return tzanetakis_cook.describe(Song("a", str(tmp_path / "a.wav"), np.zeros((1, 64), np.float32), {}))


def test_what_librosa_has_is_as_librosa_has_it():
    y = music()
    shape = spectral_shape(y, sample_rate=RATE, **FRAMES)
    centroid = librosa.feature.spectral_centroid(y=y, sr=RATE, **FRAMES)[0]
    np.testing.assert_allclose(shape[:, 0], centroid, rtol=1e-5)
    rolloff = librosa.feature.spectral_rolloff(y=y, sr=RATE, roll_percent=0.85, **FRAMES)[0]
    assert (shape[:, 1] == rolloff).mean() > 0.99  # a sum that rounds differently may end one bin later
    assert np.abs(shape[:, 1] - rolloff).max() < 1.01 * RATE / 512
    rms, crossings = loudness_and_crossings(y, frame_length=512).T
    np.testing.assert_allclose(rms, librosa.feature.rms(y=y, frame_length=512, hop_length=512)[0], rtol=1e-4)
    rate = librosa.feature.zero_crossing_rate(y, frame_length=512, hop_length=512)[0]
    np.testing.assert_allclose(crossings, rate, atol=1e-12)


def test_flux_is_the_distance_of_normalised_spectra_and_hears_falls_that_onset_strength_does_not():
    y = np.concatenate([noise(1), tone(3000, seconds=1) / 20, noise(1)])
    magnitude = np.abs(librosa.stft(y, **FRAMES))
    expected = (np.diff(librosa.util.normalize(magnitude, norm=2, axis=0), axis=1) ** 2).sum(axis=0)
    flux = spectral_shape(y, sample_rate=RATE, **FRAMES)[:, 2]
    assert flux[0] == 0
    np.testing.assert_allclose(flux[1:], expected, atol=1e-5)
    strength = librosa.onset.onset_strength(y=y, sr=RATE, center=False, lag=1, **FRAMES)
    falls, rises = slice(42, 46), slice(85, 89)
    assert strength[rises].max() > 3 * strength[falls].max()
    assert flux[falls].max() > 0.7 and flux[rises].max() > 0.7


def test_coefficients_are_those_of_librosa_from_the_second_on(tmp_path):
    y = music()
    expected = librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=6, n_mels=64, fmax=RATE / 2, **FRAMES)[1:]
    described = describe(y, tmp_path)
    for number, values in enumerate(expected, start=1):
        running = np.lib.stride_tricks.sliding_window_view(values, 43)
        assert described[f"mfcc_{number}_mean"] == pytest.approx(running.mean(), abs=0.01)
        assert described[f"mfcc_{number}_variance"] == pytest.approx(running.var(axis=1).mean(), rel=1e-3)


def test_there_are_thirty_numbers_in_three_groups(tmp_path):
    names = list(describe(music(), tmp_path))
    groups = {group: [name for name in names if name.startswith(group)] for group in ("beat_", "pitch_")}
    assert len(names) == 30 and len(groups["beat_"]) == 6 and len(groups["pitch_"]) == 5


def test_level_moves_nothing_but_the_sums(tmp_path):
    loud, soft = describe(music(), tmp_path), describe(music() / 8, tmp_path)
    for name in set(loud) - {"beat_sum", "pitch_sum"}:
        assert soft[name] == pytest.approx(loud[name], rel=1e-3, abs=1e-3), name
    assert loud["beat_sum"] == pytest.approx(64 * soft["beat_sum"], rel=1e-3)
    assert loud["pitch_sum"] > 2 * soft["pitch_sum"]


def test_song_at_another_rate_is_heard_at_22050_hz(tmp_path):
    y = np.r_[clicks(120, 4.0), note(A)] + noise(5.0) / 30
    expected, described = describe(y, tmp_path), describe(soxr.resample(y, RATE, 44100), tmp_path, rate=44100)
    for name in ("beat_p1", "pitch_up0", "pitch_fp0"):
        assert described[name] == expected[name]
    for name in ("centroid_mean", "rolloff_mean", "crossings_mean", "low_energy", "beat_sum", "pitch_sum"):
        assert described[name] == pytest.approx(expected[name], rel=0.1), name


def test_number_of_processors_changes_no_digit(tmp_path):
    described = []
    for processors in (1, 2):
        with threadpool_limits(processors):
            described.append(describe(music(seconds=8.0), tmp_path))
    assert described[0] == described[1]


@pytest.mark.parametrize(
    "y",
    [
        np.zeros(5 * RATE),
        np.full(5 * RATE, 0.5),
        np.zeros(1),
        np.ones(1),
        noise()[:100],
        noise()[:511],
        noise()[:512],
        noise()[:1000],
        np.r_[np.zeros(RATE), 1e-30 * np.ones(RATE)],
        np.r_[np.ones(40000), -np.ones(40000)],
    ],
    ids=["silence", "constant", "one zero", "one sample", "short", "511", "512", "1000", "denormal", "step"],
)
def test_odd_songs_have_finite_features(y, tmp_path):
    described = describe(y.astype(np.float32), tmp_path)
    assert len(described) == 30 and np.isfinite(list(described.values())).all()


def test_silence_has_no_beat_no_pitch_and_no_change(tmp_path):
    described = describe(np.zeros(5 * RATE, np.float32), tmp_path)
    assert {value for name, value in described.items() if not name.startswith("mfcc")} == {0.0}
    assert described["mfcc_1_variance"] == 0


def test_sine_and_noise_lie_where_they_lie():
    for frequency in (500, 2000, 6000):
        y = tone(frequency, seconds=2)
        centroid, rolloff, flux = spectral_shape(y, sample_rate=RATE, **FRAMES)[2:-2].mean(axis=0)
        assert centroid == pytest.approx(frequency, rel=0.1) and rolloff == pytest.approx(frequency, abs=2 * RATE / 512)
        assert flux < 0.01
        crossings = loudness_and_crossings(y, frame_length=512)[2:-2, 1].mean()
        assert crossings == pytest.approx(2 * frequency / RATE, rel=0.02)
    centroid, rolloff, flux = spectral_shape(noise(), sample_rate=RATE, **FRAMES).mean(axis=0)
    assert centroid == pytest.approx(RATE / 4, rel=0.03) and rolloff == pytest.approx(0.85 * RATE / 2, rel=0.03)
    assert 0.2 < flux < 1
    assert loudness_and_crossings(noise(), frame_length=512)[:, 1].mean() == pytest.approx(0.5, abs=0.01)


def test_texture_is_of_running_windows():
    values = np.random.default_rng(0).standard_normal((100, 2)) * [1, 5] + [1e4, 0]
    running = np.lib.stride_tricks.sliding_window_view(values, 43, axis=0)
    means, variances = texture(values, n_windows=43)
    np.testing.assert_allclose(means, running.mean(axis=(0, 2)))
    np.testing.assert_allclose(variances, running.var(axis=2).mean(axis=0))
    slow = np.repeat([[0.0], [100.0]], 500, axis=0)
    assert texture(slow, n_windows=43)[1] < 0.1 * slow.var()  # what changes once is no texture
    means, variances = texture(values[:5], n_windows=43)
    np.testing.assert_allclose([means, variances], [values[:5].mean(axis=0), values[:5].var(axis=0)])


def test_low_energy_is_the_share_of_quiet_windows():
    assert low_energy(np.tile([4.0, 0.0, 0.0, 0.0], 50), n_windows=40) == pytest.approx(0.75)
    assert low_energy(np.tile([4.0, 4.0, 4.0, 0.0], 50), n_windows=40) == pytest.approx(0.25)
    assert low_energy(np.full(200, 0.3), n_windows=43) == 0
    assert low_energy(np.array([1.0, 3.0]), n_windows=43) == 0.5


def test_enhancement_leaves_the_period_and_takes_its_multiples():
    lags = np.arange(400)
    peaks = sum(np.exp(-(((lags - centre) / 3) ** 2)) * (1 - centre / 800) for centre in range(0, 400, 60))
    before, heights = highest_peaks(peaks[None], first=20, last=350, n_peaks=3)
    assert before.tolist() == [[60, 120, 180]] and (np.diff(heights) < 0).all()
    after, heights = highest_peaks(enhance(peaks[None]), first=20, last=350, n_peaks=3)
    assert after[0, 0] == 60 and heights[0, 0] > 0.9 and heights[0, 1:].max() < 0.01


@pytest.mark.parametrize("bpm", [50, 90, 120, 140, 200])
def test_clicks_are_heard_at_their_tempo(bpm):
    histogram = beat_histogram(clicks(bpm), sample_rate=RATE)
    described = describe_beats(histogram)
    assert abs(described["beat_p1"] - bpm) <= 1
    assert described["beat_a0"] > 0.8
    near = [tempo for tempo in range(40, 201) if min(abs(tempo / bpm - ratio) for ratio in (1 / 3, 1 / 2, 1, 2)) < 0.03]
    assert histogram[np.array(near) - 40].sum() > 0.9 * histogram.sum()


def test_two_tempi_are_two_peaks():
    described = describe_beats(beat_histogram(np.r_[clicks(120, 18.0), clicks(90, 9.0)], sample_rate=RATE))
    assert (described["beat_p1"], described["beat_p2"]) == pytest.approx((120, 90), abs=1)
    assert described["beat_ra"] == pytest.approx(described["beat_a1"] / described["beat_a0"])
    assert described["beat_a0"] > described["beat_a1"] > 0.05


def test_beats_are_stronger_than_noise_and_as_strong_in_a_longer_song():
    strength = {
        name: describe_beats(beat_histogram(y * (0.1 / np.sqrt(np.mean(y**2))), sample_rate=RATE))["beat_sum"]
        for name, y in {"clicks": clicks(120), "longer": clicks(120, 36.0), "noise": noise(12)}.items()
    }
    assert strength["clicks"] > 10 * strength["noise"]
    assert strength["longer"] == pytest.approx(strength["clicks"], rel=0.1)


def test_beats_of_a_histogram_are_read_off_it():
    histogram = np.zeros(161)
    histogram[[0, 1, 50, 160]] = [3, 1, 4, 2]
    expected = {"beat_a0": 0.4, "beat_a1": 0.3, "beat_ra": 0.75, "beat_p1": 90, "beat_p2": 40, "beat_sum": 10}
    assert describe_beats(histogram) == pytest.approx(expected)


@pytest.mark.parametrize(("number", "harmonics"), [(57, 10), (60, 10), (64, 1), (69, 1), (69, 10), (81, 5)])
def test_note_is_heard_as_itself(number, harmonics):
    histogram = pitch_histogram(note(number, harmonics=harmonics), sample_rate=RATE)
    described = describe_pitches(histogram)
    assert described["pitch_up0"] == number and histogram[number] > 0.8 * histogram.sum()
    assert described["pitch_fp0"] == 7 * number % 12 and described["pitch_fa0"] > 0.8


@pytest.mark.parametrize("harmonics", [1, 10])
def test_scale_has_its_notes(harmonics):
    scale = [C, D, E, F, G, A, B]
    y = np.concatenate([note(number, seconds=0.5, harmonics=harmonics) for number in scale])
    histogram = pitch_histogram(y, sample_rate=RATE)
    assert sorted(np.argsort(-histogram)[:7]) == scale
    # From F to B a scale of C is one stretch of the circle of fifths, which five pitch classes are not in.
    assert fold(histogram)[[11, 0, 1, 2, 3, 4, 5]].sum() > 0.95 * histogram.sum()


def test_fifth_is_two_notes_a_step_apart():
    y = note(C, harmonics=10) + 0.8 * note(G, harmonics=10)
    histogram = pitch_histogram(y, sample_rate=RATE)
    described = describe_pitches(histogram)
    assert sorted(np.argsort(-histogram)[:2]) == [C, G]
    assert (described["pitch_fp0"], described["pitch_ipo1"]) == (0, 1)
    other = describe_pitches(pitch_histogram(np.r_[note(C), note(G, seconds=2)], sample_rate=RATE))
    assert (other["pitch_fp0"], other["pitch_ipo1"]) == (1, -1)


def test_order_of_fifths():
    for place, number in enumerate([C, G, D, A, E, B]):
        assert fold(np.eye(128)[number]).argmax() == place == fold(np.eye(128)[number - 24]).argmax()
    histogram = np.zeros(128)
    histogram[[F, C, A]] = [3, 2, 1]
    expected = {"pitch_fa0": 0.5, "pitch_up0": F, "pitch_fp0": 11, "pitch_ipo1": 1, "pitch_sum": 6}
    assert describe_pitches(histogram) == pytest.approx(expected)


def test_blocks_join_without_a_seam(tmp_path, monkeypatch):
    at_once = describe(music(), tmp_path)
    for module in (beat_histogram_module, pitch_histogram_module, timbral_texture):
        monkeypatch.setattr(module, "_BLOCK", 1 if module is beat_histogram_module else 3)
        in_blocks = describe(music(), tmp_path)
        assert in_blocks == pytest.approx(at_once, rel=1e-4, abs=1e-7), module.__name__
        monkeypatch.undo()
