"""DVC over the workflow: how long it takes to tell what changed, and what it adds to a full run."""

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from benchmarks.project import ROOT, commands_environment, copy_project, summarise

_REPETITIONS = 5
_PAIRS = 2
_DVC = (".dvc/config", ".dvcignore", "dvc.yaml")


def measure_status(folder: Path) -> list[list[object]]:
    """Measure `dvc status` in a project of 1,000 tracks and 30 seeds that Snakemake has built."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    update_config(config, yaml.safe_load((folder / "many.yaml").read_text()))
    version(folder, config)
    record = run(folder, "earfield", "record")
    seconds = [run(folder, "dvc", "status") for _ in range(_REPETITIONS)]
    return [
        ["earfield record, 1,000 tracks x 30 seeds [s]", "", *summarise([record])],
        ["dvc status, 1,000 tracks x 30 seeds [s]", "< 5", *summarise(seconds)],
    ]


def measure_versions(folder: Path, songs: Path | None) -> list[list[object]]:
    """Build the demo from nothing with Snakemake and with DVC, in turn, and compare."""
    overheads = []
    for pair in range(_PAIRS):
        seconds = {}
        ways = [("snakemake", ("snakemake", "--cores", "2")), ("dvc", ("dvc", "repro"))]
        for name, command in ways if pair % 2 else reversed(ways):  # neither is always the one that finds warm caches
            project = folder / f"{name} {pair}"
            copy_project(project)
            version(project, yaml.safe_load((project / "config.yaml").read_text()) | {"dataset": "demo"})
            seconds[name] = run(project, *command)
            shutil.rmtree(project)
        overheads.append(seconds["dvc"] / seconds["snakemake"] - 1)
    return [["dvc repro / snakemake - 1, demo from nothing", "< 0.1", *summarise(overheads)]]


def version(folder: Path, config: Mapping[str, Any]) -> None:
    """Put a project under git and DVC, with this configuration."""
    for part in _DVC:
        (folder / part).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / part, folder / part)
    (folder / "config.yaml").write_text(yaml.safe_dump(dict(config), sort_keys=False))
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)


def run(folder: Path, *command: str) -> float:
    """Run a command of the environment in a project and return its wall time [s]."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=commands_environment(folder), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-4000:]}")
    return time.perf_counter() - started
