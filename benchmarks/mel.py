"""The mel stage through Snakemake against a bare script, and the memory of one of its jobs."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import librosa
import numpy as np
import pandas as pd

from benchmarks.project import Project, summarise
from earfield.mel.log_mel import log_mel

_REPETITIONS = 3
_FRONT_END = {"n_fft": 512, "hop_length": 256, "n_mels": 64, "fmin": 0, "fmax": 10000}


def measure_mel(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure 1,000 tracks; the two ways take turns."""
    project = Project(folder, songs, mel={"shards": 8})
    shards = [f"data/many/mel/shard-{shard:02d}.npy" for shard in range(8)]
    tracks = project.snakemake("--", "data/many/tracks/tracks.csv")
    ratios, ours = [], []
    for _ in range(_REPETITIONS):
        shutil.rmtree(project.folder / "data/many/mel", ignore_errors=True)
        ours.append(project.snakemake("--", *shards))
        started = time.perf_counter()
        script = str(Path(__file__).with_name("plain_mel.py"))
        subprocess.run([sys.executable, script, str(project.songs)], check=True, stdout=subprocess.DEVNULL)
        ratios.append(ours[-1] / (time.perf_counter() - started))
    memory = _job_memory(project)
    finer = Project(folder.with_name(f"{folder.name}_finer"), songs, mel={"shards": 16})
    finer.snakemake("--", *[f"data/many/mel/shard-{shard:02d}.npy" for shard in range(16)])
    return [
        ["log_mel of 30 s / librosa's melspectrogram, equal to 1e-6, in one process", "<= 1", *summarise(_loop())],
        ["mel of 1,000 tracks through Snakemake / bare librosa script", "<= 1.3", *summarise(ratios)],
        ["mel of 1,000 tracks through Snakemake [s]", "", *summarise(ours)],
        ["table of 1,000 tracks: decoding, hashes, checks [s]", "", *summarise([tracks])],
        ["memory of a mel job, 1/8 of 1,000 tracks [MB]", "bounded by the shard", *summarise(memory)],
        ["memory of a mel job, 1/16 of 1,000 tracks [MB]", "bounded by the shard", *summarise(_job_memory(finer))],
    ]


def _loop() -> list[float]:
    """Return the processor time of our loop over frames over that of librosa's, several times."""
    y = np.random.default_rng(0).uniform(-1, 1, 30 * 22050).astype(np.float32)
    ratios = []
    for _ in range(2 + 5 * _REPETITIONS):  # the first two start both
        started = time.process_time()
        ours = log_mel(y, sample_rate=22050, **_FRONT_END)
        between = time.process_time()
        theirs = np.log1p(librosa.feature.melspectrogram(y=y, sr=22050, **_FRONT_END)).T
        ratios.append((between - started) / (time.process_time() - between))
        assert np.abs(ours - theirs).max() <= 1e-6
    return ratios[2:]


def _job_memory(project: Project) -> list[float]:
    """Return the largest resident memory of each mel job [MB], as Snakemake measured it."""
    files = (project.folder / "benchmarks/many/mel").glob("*.tsv")
    return [float(pd.read_csv(file, sep="\t").max_rss[0]) for file in files]
