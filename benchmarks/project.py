"""What benchmarks run on: a copy of the project, with 1,000 tracks, and shards of noise."""

import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
N_TRACKS = 1000
_SONG_FRAMES = 2586  # of 30 s
_VECTORS = {"avx512_vnni": "AVX-512 VNNI", "avx512f": "AVX-512", "avx2": "AVX2"}


def summarise(values: list[float]) -> list[object]:
    """Return median, lowest, highest and number of the values, as the table's last columns."""
    ordered = sorted(values)
    return [round(ordered[len(ordered) // 2], 3), round(ordered[0], 3), round(ordered[-1], 3), len(ordered)]


def processor() -> str:
    """Return the model of the processor and the widest vectors that it has."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8") if os.path.exists("/proc/cpuinfo") else ""
    names = [line.split(":", 1)[1].strip() for line in facts.splitlines() if line.startswith("model name")]
    flags = next((line.split() for line in facts.splitlines() if line.startswith("flags")), [])
    widest = next((word for flag, word in _VECTORS.items() if flag in flags), "")
    return ", ".join(filter(None, [names[0] if names else platform.processor() or platform.machine(), widest]))


def copy_project(folder: Path) -> None:
    """Copy what a build needs into a folder that is made for it."""
    folder.mkdir(parents=True)
    for part in ("config.yaml", "profiles", "resources", "Snakefile", "src", "workflow"):
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / part)


def commands_environment(folder: Path) -> dict[str, str]:
    """Return the variables under which commands of this environment use a folder's own copy of the package."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {"PATH": path, "PYTHONPATH": str(folder / "src")}


def write_noise(folder: Path, *, tracks: int) -> pd.DataFrame:
    """Write a shard of noise, `a.npy` and `a.csv`, as large as so many songs of 30 s, and return its index."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    mel = np.lib.format.open_memmap(folder / "a.npy", "w+", np.float32, (tracks * _SONG_FRAMES, 64))
    for number in range(tracks):
        mel[number * _SONG_FRAMES : (number + 1) * _SONG_FRAMES] = generator.gamma(0.3, 1.0, (_SONG_FRAMES, 64))
    mel.flush()
    names = [f"track {number}" for number in range(tracks)]
    starts = np.arange(tracks) * _SONG_FRAMES
    index = pd.DataFrame({"track": names, "label": "x", "start": starts, "frames": _SONG_FRAMES})
    index.to_csv(folder / "a.csv", index=False)
    return index


def run_module(name: str, *arguments: str, onednn: bool = False) -> list[float]:
    """Run a module of the benchmarks in a process of its own, and return the numbers that it prints.

    `onednn=True` turns oneDNN on; otherwise TensorFlow, or what the module imports of earfield, decides.
    """
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "TF_ENABLE_ONEDNN_OPTS"}
    environment |= {"TF_ENABLE_ONEDNN_OPTS": "1"} if onednn else {}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return [float(word) for word in done.stdout.split()]


class Project:
    """A copy whose configured dataset `many` has 1,000 tracks, or so many: songs repeated under other names."""

    def __init__(self, folder: Path, songs: Path | None, *, tracks: int = N_TRACKS, **config: object) -> None:
        copy_project(folder)
        self.folder = folder
        if songs is None:
            self.snakemake("--config", "dataset=demo", "--", "data/demo/audio")
            songs = folder / "data" / "demo" / "audio"
        files = sorted(path for path in songs.glob("*/*") if path.suffix == ".flac")
        self.songs = folder / "songs"
        for number in range(tracks):
            song = files[number % len(files)]
            link = self.songs / song.parent.name / f"{number:04d} {song.name}"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(song.resolve())
        self._config = config
        self.set_seeds(30)

    def set_seeds(self, n: int) -> None:
        """Let the dataset have so many seeds."""
        many = {"source": "files", "path": str(self.songs), "seeds": list(range(1, n + 1)), "receptive_fields": True}
        settings = {"dataset": "many", "datasets": {"many": many}} | self._config
        (self.folder / "many.yaml").write_text(yaml.safe_dump(settings))

    def snakemake(self, *arguments: str) -> float:
        """Run Snakemake and return its wall time [s]."""
        many = ["--configfile", "many.yaml"] if (self.folder / "many.yaml").exists() else []
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "2", *many, *arguments],
            cwd=self.folder,
            env=commands_environment(self.folder),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-4000:])
        return time.perf_counter() - started
