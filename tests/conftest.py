"""What tests of several modules share."""

import os
import resource

import hypothesis
import numpy as np
import pandas as pd
import pytest
import soundfile

from earfield.files.tables import TRACK_COLUMNS

# TensorFlow's faster kernels, which it takes by itself on AVX-512 alone; subprocesses inherit the variable.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

hypothesis.settings.register_profile("fast", max_examples=20, deadline=None)
hypothesis.settings.register_profile("nightly", max_examples=200, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

FRONT_END = {"sample_rate": 22050, "n_fft": 512, "hop_length": 256, "n_mels": 64, "fmin": 0, "fmax": 10000}


@pytest.fixture(scope="session")
def front_end():
    """Return the paper's front end, as `log_mel` takes it."""
    return dict(FRONT_END)


@pytest.fixture
def song():
    """Return a function that writes a song: noise, or a tone of half the full scale if it is given a frequency."""

    def write(path, *, seconds=1.0, sample_rate=22050, frequency=None, channels=1, seed=0, **options):
        n = round(seconds * sample_rate)
        if frequency is None:
            y = np.random.default_rng(seed).uniform(-0.5, 0.5, (n, channels))
        else:
            y = np.repeat(0.5 * np.sin(2 * np.pi * frequency * np.arange(n) / sample_rate)[:, None], channels, axis=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, y, sample_rate, **options)
        return path

    return write


@pytest.fixture
def largest_file():
    """Return a function that limits the size of files [bytes], as a full disk would; the end of the test lifts it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def tracks_csv(tmp_path):
    """Return a function that writes a table of tracks from rows that need not be complete."""

    def write(rows, name="tracks.csv"):
        table = pd.DataFrame(rows).reindex(columns=TRACK_COLUMNS).astype(object).fillna("")
        table.to_csv(tmp_path / name, index=False)
        return tmp_path / name

    return write


@pytest.fixture
def write_split_of(tmp_path):
    """Return a function that writes a split, with its leakage report, and returns the paths of both."""
    from earfield.splits.protocols import write_split

    def write(tracks, protocol, *, seed=1, repeats=(), tags=False):
        pd.DataFrame(repeats, columns=["track", "other"]).to_csv(tmp_path / "repeats.csv", index=False)
        paths = tmp_path / "split.csv", tmp_path / "split.json"
        write_split(
            tracks=tracks,
            duplicates=tmp_path / "repeats.csv",
            path=paths[0],
            report_path=paths[1],
            seed=seed,
            protocol=protocol,
            tags=tags,
        )
        return paths

    return write
