"""Seconds for all measures of 64 filters of 10 bands x 34 frames, half of them noise and half of them sparse."""

import time

import numpy as np

from earfield.filters.strf import measure_strfs
from earfield.mel.log_mel import band_edges


def main() -> None:
    """Measure once, and print the time."""
    generator = np.random.default_rng(0)
    strfs = generator.normal(size=(64, 10, 34))
    strfs[::2] *= generator.random((32, 10, 34)) < 0.2
    band_hz = band_edges(n_mels=64, fmin=0, fmax=10000)[29:39]
    started = time.perf_counter()
    measure_strfs(strfs, band_hz=band_hz, frame_seconds=256 / 22050)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
