"""The features of models other than networks, through Snakemake, against bare calls of librosa."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.project import Project, run_module, summarise

_TRACKS, _REPETITIONS = 130, 5
_TRACKS_OF_30_NUMBERS = 20


def measure_features(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure the MFCCs of 130 tracks; the two ways take turns."""
    project = Project(folder, songs, tracks=_TRACKS, mel={"shards": 8})
    shards = [f"data/many/features/mfcc/shard-{shard:02d}.csv" for shard in range(8)]
    tables = [f"data/many/tracks/shard-{shard:02d}.csv" for shard in range(8)]
    project.snakemake("--", *tables)
    ratios: list[float] = []
    from_mel: list[float] = []
    for _ in range(_REPETITIONS):
        shutil.rmtree(project.folder / "data/many/mel", ignore_errors=True)
        shutil.rmtree(project.folder / "data/many/features", ignore_errors=True)
        ours = project.snakemake("--", *shards)
        shutil.rmtree(project.folder / "data/many/features")
        after_mel = project.snakemake("--", *shards)
        started = time.perf_counter()
        script = str(Path(__file__).with_name("plain_mfcc.py"))
        subprocess.run([sys.executable, script, str(project.songs)], check=True, stdout=subprocess.DEVNULL)
        bare = time.perf_counter() - started
        ratios.append(ours / bare)
        from_mel.append(after_mel / bare)
    return [
        ["MFCC features of 130 tracks, once mel exists / bare librosa script", "<= 1.5", *summarise(from_mel)],
        ["the same with mel", "", *summarise(ratios)],
    ]


def measure_tzanetakis(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure the features of Tzanetakis & Cook, in one process; the two ways take turns."""
    own = str(Project(folder, songs, tracks=_TRACKS_OF_30_NUMBERS).songs)
    ratios, ours = [], []
    for _ in range(_REPETITIONS):
        ours += run_module("our_tzanetakis", own)
        ratios.append(ours[-1] / run_module("plain_tzanetakis", own)[0])
    return [
        ["Tzanetakis & Cook's features of 20 tracks / bare library calls", "<= 1.5", *summarise(ratios)],
        ["the same, ms of one processor a track", "", *summarise(ours)],
    ]
