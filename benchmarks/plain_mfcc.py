"""MFCCs and their slopes of many files by librosa and nothing else, spread over two processes.

python plain_mfcc.py FOLDER
"""

import sys
from multiprocessing import Pool
from pathlib import Path

import librosa
import numpy as np


def describe(path: Path) -> int:
    """Decode one file and compute the means and standard deviations of its coefficients."""
    y, rate = librosa.load(path, sr=22050)
    mfcc = librosa.feature.mfcc(y=y, sr=rate, n_mfcc=20, n_fft=512, hop_length=256, n_mels=64, fmax=10000)
    both = np.concatenate([mfcc, librosa.feature.delta(mfcc)])
    return len(np.concatenate([both.mean(axis=1), both.std(axis=1)]))


if __name__ == "__main__":
    with Pool(2) as pool:
        print(sum(pool.imap_unordered(describe, sorted(Path(sys.argv[1]).glob("*/*")), chunksize=8)))
