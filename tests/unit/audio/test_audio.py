"""Decoding: every format that libsndfile reads, and every way in which a file can be bad."""

import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earfield.audio.read import read_audio
from earfield.errors import AudioError

LOSSLESS = [
    ("wav", "PCM_U8", 2**-7),
    ("wav", "PCM_16", 2**-15),
    ("wav", "PCM_24", 2**-23),
    ("wav", "PCM_32", 2**-23),
    ("wav", "FLOAT", 2**-23),
    ("wav", "DOUBLE", 2**-23),
    ("flac", "PCM_S8", 2**-7),
    ("flac", "PCM_16", 2**-15),
    ("flac", "PCM_24", 2**-23),
    ("aiff", "PCM_16", 2**-15),
    ("au", "PCM_16", 2**-15),
    ("au", "FLOAT", 2**-23),
    ("caf", "PCM_16", 2**-15),
]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, shape).astype(np.float32)


def refusal(path):
    """Return why a file is refused."""
    with pytest.raises(AudioError) as caught:
        read_audio(path)
    return str(caught.value)


@pytest.mark.parametrize(("suffix", "subtype", "step"), LOSSLESS)
def test_lossless_formats_give_the_samples(tmp_path, suffix, subtype, step):
    y = noise(5000)
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, y, 22050, subtype=subtype)
    read = read_audio(path)
    assert read.dtype == np.float32 and read.flags.c_contiguous
    np.testing.assert_allclose(read, y, atol=1.01 * step)


@pytest.mark.parametrize(
    ("suffix", "options"), [("ogg", {"subtype": "VORBIS"}), ("mp3", {}), ("opus", {"format": "OGG", "subtype": "OPUS"})]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_formats_give_the_tone(tmp_path, song, suffix, options, channels):
    path = song(tmp_path / f"song.{suffix}", seconds=2, sample_rate=48000, frequency=440, channels=channels, **options)
    y = read_audio(path, sample_rate=22050)
    assert len(y) == pytest.approx(2 * 22050, abs=2500)
    assert tone(y) == pytest.approx((440, 0.5), rel=0.02)


def test_format_is_told_from_the_content_not_from_the_name(tmp_path, song):
    wav = song(tmp_path / "song.wav")
    misnamed = wav.rename(tmp_path / "song.mp3")
    assert len(read_audio(misnamed)) == 22050


def test_name_may_hold_anything(tmp_path, song):
    assert len(read_audio(song(tmp_path / 'it\'s a "Größe"' / "空 ~ é ; *.wav"))) == 22050


def test_channels_are_averaged(tmp_path):
    y = noise(3000, 3)
    soundfile.write(tmp_path / "song.wav", y, 22050, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "song.wav"), y.mean(axis=1), atol=1e-7)


def tone(y, sample_rate=22050):
    """Return frequency [Hz] and amplitude of a tone, away from its ends."""
    middle = y[len(y) // 4 : -len(y) // 4] * np.hanning(len(y) - len(y) // 4 - -(-len(y) // 4))
    spectrum = np.abs(np.fft.rfft(middle))
    peak = spectrum.argmax()
    near = slice(max(0, peak - 3), peak + 4)
    frequency = np.average(np.arange(len(spectrum))[near], weights=spectrum[near] ** 2) * sample_rate / len(middle)
    return frequency, np.sqrt(2 * np.mean(y[len(y) // 4 : -len(y) // 4] ** 2))


@pytest.mark.parametrize("native", [8000, 11025, 44100, 48000, 96000])
@pytest.mark.parametrize("frequency", [100, 440, 3000])
def test_tone_survives_resampling(tmp_path, song, native, frequency):
    path = song(tmp_path / "song.wav", seconds=1.5, sample_rate=native, frequency=frequency, channels=2)
    y = read_audio(path, sample_rate=22050)
    assert y.dtype == np.float32
    assert len(y) == pytest.approx(1.5 * 22050, abs=1)
    assert tone(y) == pytest.approx((frequency, 0.5), rel=0.005)


def test_resampling_lets_no_tone_fold_back(tmp_path, song):
    y = read_audio(song(tmp_path / "song.wav", sample_rate=44100, frequency=15000), sample_rate=22050)
    assert np.abs(y[2000:-2000]).max() < 1e-3


def test_same_rate_leaves_samples_alone(tmp_path, song):
    path = song(tmp_path / "song.wav")
    assert np.array_equal(read_audio(path, sample_rate=22050), read_audio(path))


@pytest.mark.parametrize("content", [b"", b"RIFF", b"These are words, no samples.\n" * 100, bytes(range(256)) * 9])
def test_what_is_no_audio_is_refused(tmp_path, content):
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    assert refusal(path).startswith("cannot be read as audio (")
    assert str(path) not in refusal(path)


def test_samples_without_a_header_are_refused(tmp_path):
    (tmp_path / "song.raw").write_bytes(bytes(1000))
    assert refusal(tmp_path / "song.raw") == "cannot be read as audio (samples without a header)"


def test_missing_file_and_folder_are_refused(tmp_path):
    assert refusal(tmp_path / "song.wav") == "does not exist"
    assert refusal(tmp_path) == "is no file"


@pytest.mark.parametrize("suffix", ["wav", "aiff", "au"])
def test_file_without_a_sample_is_refused(tmp_path, suffix):
    soundfile.write(tmp_path / f"song.{suffix}", np.zeros((0, 1)), 22050)
    assert refusal(tmp_path / f"song.{suffix}") == "holds no audio"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_float_file_with_a_sample_that_is_not_finite_is_refused(tmp_path, value):
    y = noise(22050, 2)
    y[11025, 1] = value
    soundfile.write(tmp_path / "song.wav", y, 22050, subtype="FLOAT")
    assert refusal(tmp_path / "song.wav") == "holds a sample that is not finite, 0.500 s after its start"


@pytest.mark.parametrize(("suffix", "options"), [("wav", {}), ("wav", {"format": "WAVEX"}), ("aiff", {}), ("au", {})])
def test_header_that_promises_more_is_refused_with_the_difference(tmp_path, song, suffix, options):
    path = song(tmp_path / f"song.{suffix}", **options)
    path.write_bytes(path.read_bytes()[:-4000])
    assert refusal(path) == "is cut short: its header promises 4,000 bytes more than the file holds"


@pytest.mark.parametrize(("suffix", "reason"), [("flac", "cannot be read as audio"), ("mp3", "is cut short")])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_cut_compressed_file_is_refused(tmp_path, song, suffix, reason, share):
    path = song(tmp_path / f"song.{suffix}", seconds=5)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert refusal(path).startswith(reason)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 60_000), channels=st.integers(1, 2), sample_rate=st.sampled_from([16000, 22050, 44100, 48000]))
def test_whole_mp3_of_any_length_is_not_cut_short(tmp_path_factory, n, channels, sample_rate):
    path = tmp_path_factory.mktemp("mp3") / "song.mp3"
    soundfile.write(path, noise(n, channels), sample_rate)
    assert len(read_audio(path)) == pytest.approx(n, abs=2 * 1152)


def patched(path, chunk, size, order):
    """Overwrite the size of a chunk."""
    data = path.read_bytes()
    at = data.index(chunk) + 4
    path.write_bytes(data[:at] + struct.pack(f"{order}I", size) + data[at + 4 :])


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF - 44, 0x7FFFFFFF, 0x7FFFF000, 0x80000000])
def test_wav_from_a_pipe_is_whole(tmp_path, song, size):
    path = song(tmp_path / "song.wav")
    patched(path, b"data", size, "<")
    assert len(read_audio(path)) == 22050


def test_au_from_a_pipe_is_whole(tmp_path, song):
    path = song(tmp_path / "song.au")
    data = path.read_bytes()
    path.write_bytes(data[:8] + b"\xff" * 4 + data[12:])
    assert len(read_audio(path)) == 22050


def test_wav_whose_size_was_never_filled_in_is_refused(tmp_path, song):
    path = song(tmp_path / "song.wav")
    patched(path, b"data", 0, "<")
    assert refusal(path) == "holds no audio"


def test_header_that_counts_itself_as_audio_is_forgiven(tmp_path, song):
    path = song(tmp_path / "song.wav")
    patched(path, b"data", 2 * 22050 + 44, "<")
    assert len(read_audio(path)) == 22050


def test_chunks_before_and_behind_the_audio_are_passed_over(tmp_path, song):
    path = song(tmp_path / "song.wav")
    data = path.read_bytes()
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    path.write_bytes(data[:12] + odd + data[12:] + b"id3 " + struct.pack("<I", 6) + b"abcdef")
    assert len(read_audio(path)) == 22050
    path.write_bytes(data[:12] + odd + data[12:-5000])
    assert "5,000 bytes" in refusal(path)
