"""One stage of `dvc.yaml`: a run of Snakemake over what the stage makes, after what DVC removed is put back."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earfield.configuration.run_grid import NOT_OF_SONGS
from earfield.errors import EarfieldError
from earfield.files.atomic import write_json
from earfield.tracks.audio_files import SONG_HASHES, fingerprints
from earfield.versioning.output_links import put_back
from earfield.versioning.tools import outputs_of, read_config, run

PATHS_LOCK = Path(".dvc", "tmp", "rwlock")
# Each makes one folder: data/{dataset}/{stage} or results/{dataset}/{stage}.
_STAGES = {
    "data": ("audio", "tracks", "mel", "features", "splits"),
    "results": ("train", "evaluate", "activations", "filters", "figures", "claims"),
}
_NOT_SONGS = (NOT_OF_SONGS - {"source"}) | {"mirrors"}


def run_stage(stage: str) -> None:
    """Make what a stage of `dvc.yaml` makes, whose folder DVC has removed.

    Outputs that the configuration asks for and Snakemake made earlier are put back, so that Snakemake makes what is
    outdated alone: on all cores, or as the profile in SNAKEMAKE_PROFILE says. The lock that a killed Snakemake left is
    removed. If Snakemake fails, so does this.
    """
    config = read_config()
    known = folders(config["dataset"])
    if stage == "songs":
        return write_songs(config)
    if stage not in known:
        raise EarfieldError(f"There is no stage '{stage}'; those are songs, {', '.join(known)}.")
    if any(Path(".snakemake", "locks").glob("*")) and not _others_at_work():
        run("snakemake", "--unlock")
    target, folder = f"all_{stage}", known[stage]
    outputs = [output for output in outputs_of(target) if Path(output.path).is_relative_to(folder)]
    if not outputs:  # no audio of the user's own songs, no claims without `evidence`
        return folder.mkdir(parents=True, exist_ok=True)
    for path in put_back(output.path for output in outputs):
        print(f"put back: {path}", flush=True)
    rules = {output.rule for output in outputs}
    cores = [] if "SNAKEMAKE_PROFILE" in os.environ else ["--cores", "all"]
    command = ["snakemake", *cores, "--allowed-rules", *sorted(rules), target, "--", target]
    if status := subprocess.run([sys.executable, "-m", *command]).returncode:
        sys.exit(status)
    return None


def folders(dataset: str) -> dict[str, Path]:
    """Return the folder of each stage that Snakemake runs."""
    return {stage: Path(top, dataset, stage) for top, stages in _STAGES.items() for stage in stages}


def write_songs(config: Mapping[str, Any]) -> None:
    """Write what decides the songs of the chosen dataset, by which DVC notices a change."""
    name = config["dataset"]
    songs = {key: value for key, value in config["datasets"][name].items() if key not in _NOT_SONGS}
    path = os.path.expanduser(songs.get("path") or songs.get("archive") or "")
    if path and not (songs["source"] == "gtzan" and os.path.isfile(path)):  # an archive is unpacked once
        songs["fingerprints"] = fingerprints(path, shards=config["mel"]["shards"], hashes=SONG_HASHES)
    write_json(Path("data", name, "songs.json"), songs)


def _others_at_work() -> bool:
    """Return whether a live process other than those that started this one is in DVC's lock of paths."""
    import psutil

    if not PATHS_LOCK.exists():
        return False
    try:
        lock = json.loads(PATHS_LOCK.read_text(encoding="utf-8"))
    except json.JSONDecodeError:  # a live process writes it just now
        return True
    holders = [*lock.get("write", {}).values(), *itertools.chain(*lock.get("read", {}).values())]
    pids = {holder["pid"] for holder in holders} - {process.pid for process in psutil.Process().parents()}
    return any(map(psutil.pid_exists, pids))
