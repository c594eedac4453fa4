"""Repeated recordings among many tracks of the demo, from the mel shards on."""

import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.project import summarise
from earfield.demo.collection import Recording, plan, render
from earfield.files.tables import write_csv
from earfield.mel.log_mel import log_mel
from earfield.splits.duplicates import write_duplicates

_FRONT_END = {"sample_rate": 22050, "n_fft": 512, "hop_length": 256, "n_mels": 64, "fmin": 0, "fmax": 10000}
_SECONDS, _SHARDS, _REPETITIONS = 15.0, 8, 3


def measure_duplicates(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure 9,750 recordings of 15 s and 250 that are among them a second time; the music is made first."""
    recordings = plan(artists_per_genre=25, tracks_per_artist=39, n_duplicates=250, seed=1)
    shards = _write_shards(folder, recordings)
    times = []
    for _ in range(_REPETITIONS):
        started = time.perf_counter()
        write_duplicates(
            frames_paths=[shard.with_suffix(".npy") for shard in shards],
            index_paths=[shard.with_suffix(".csv") for shard in shards],
            path=folder / "duplicates.csv",
            hop_length=_FRONT_END["hop_length"],
            sample_rate=_FRONT_END["sample_rate"],
            workers=2,
        )
        times.append(time.perf_counter() - started)
    found = {tuple(sorted(pair)) for pair in pd.read_csv(folder / "duplicates.csv")[["track", "other"]].to_numpy()}
    names = {recording.track for recording in recordings}
    planted = {(name.removesuffix("b"), name) for name in names if name.endswith("b")}
    return [
        [f"duplicates among {len(names):,} tracks of 15 s, mel made before [s]", "< 60", *summarise(times)],
        ["planted duplicates that were missed", "0", *summarise([float(len(planted - found))])],
        ["pairs that were not planted", "0", *summarise([float(len(found - planted))])],
    ]


def _write_shards(folder: Path, recordings: list[Recording]) -> list[Path]:
    """Write the spectrograms of recordings as the workflow would, without the audio."""
    folder.mkdir(parents=True)
    shards = []
    with ProcessPoolExecutor(2) as pool:
        for number in range(_SHARDS):
            own = recordings[number::_SHARDS]
            mels = list(pool.map(_mel, own, chunksize=16))
            frames = np.array([len(mel) for mel in mels])
            names = [recording.track for recording in own]
            shards.append(folder / f"shard-{number:02d}")
            np.save(shards[-1].with_suffix(".npy"), np.concatenate(mels))
            index = {"track": names, "label": "x", "start": np.cumsum(frames) - frames, "frames": frames}
            write_csv(pd.DataFrame(index), shards[-1].with_suffix(".csv"))
    return shards


def _mel(recording: Recording) -> np.ndarray:
    return log_mel(render(recording, seconds=_SECONDS), **_FRONT_END)
