"""The mel spectrograms of many files by librosa and nothing else, spread over two processes.

python plain_mel.py FOLDER
"""

import sys
from multiprocessing import Pool
from pathlib import Path

import librosa


def mel(path: Path) -> int:
    """Decode one file and compute its mel spectrogram."""
    y, rate = librosa.load(path, sr=22050)
    return librosa.feature.melspectrogram(y=y, sr=rate, n_fft=512, hop_length=256, n_mels=64, fmax=10000).shape[1]


if __name__ == "__main__":
    with Pool(2) as pool:
        print(sum(pool.imap_unordered(mel, sorted(Path(sys.argv[1]).glob("*/*")), chunksize=16)))
