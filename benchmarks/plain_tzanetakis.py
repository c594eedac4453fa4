"""Processor time of the library calls that Tzanetakis & Cook's features are made of, and of nothing else.

    python -m benchmarks.plain_tzanetakis FOLDER

librosa for what it has, PyWavelets and SciPy for envelopes and pitch channels: no histogram, no peak, no texture.
Prints milliseconds a track, of the files of FOLDER as <label>/<file>, after a first one that is not counted.
"""

import sys
import time
from pathlib import Path

import librosa
import numpy as np
import pywt
from scipy import fft, signal

RATE = 22050


def timbre(y: np.ndarray) -> None:
    """Compute what librosa has of the timbral texture."""
    magnitude = np.abs(librosa.stft(y, n_fft=512, hop_length=512))
    librosa.feature.spectral_centroid(S=magnitude, sr=RATE)
    librosa.feature.spectral_rolloff(S=magnitude, sr=RATE)
    np.diff(librosa.util.normalize(magnitude, norm=2, axis=0), axis=1)
    librosa.feature.zero_crossing_rate(y, frame_length=512, hop_length=512)
    librosa.feature.rms(y=y, frame_length=512, hop_length=512)
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=RATE, n_mels=64)
    librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=6)


def beats(y: np.ndarray) -> None:
    """Compute autocorrelations of the envelopes of octaves."""
    for window in librosa.util.frame(y, frame_length=65536, hop_length=32768, axis=0):
        bands = pywt.wavedec(window.copy(), "db4", mode="periodization", level=7)
        alone = [bands[:1] + [None] * 7] + [[None, band] + [None] * (6 - n) for n, band in enumerate(bands[1:])]
        envelope = sum(np.abs(pywt.waverec(band, "db4", mode="periodization")) for band in alone)
        librosa.autocorrelate(signal.lfilter([0.01], [1, -0.99], envelope)[::16])


def pitches(y: np.ndarray) -> None:
    """Compute summary autocorrelations of two channels."""
    low = signal.butter(2, [70, 1000], "bandpass", fs=RATE, output="sos")
    high = signal.butter(2, 1000, "highpass", fs=RATE, output="sos")
    channels = [signal.sosfilt(low, y), signal.sosfilt(low, np.maximum(signal.sosfilt(high, y), 0))]
    window = np.hamming(512)
    frames = [librosa.util.frame(each, frame_length=512, hop_length=512, axis=0) * window for each in channels]
    fft.irfft(sum(np.abs(fft.rfft(each, 1024)) ** 0.67 for each in frames))


def describe(path: Path) -> None:
    """Go through one song."""
    y, _ = librosa.load(path, sr=RATE)
    timbre(y)
    beats(y)
    pitches(y)


def main() -> None:
    """Go through one song after the other."""
    paths = sorted(Path(sys.argv[1]).glob("*/*"))
    describe(paths[0])
    started = time.process_time()
    for path in paths:
        describe(path)
    print(1000 * (time.process_time() - started) / len(paths))


if __name__ == "__main__":
    main()
