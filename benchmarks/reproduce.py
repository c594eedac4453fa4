"""Build a dataset twice from nothing, with different numbers of cores, and compare every file that comes out.

    python -m benchmarks.reproduce [DATASET] [CONFIGFILE ...]

Prints each file that differs, and ends with exit status 1 if there is any. DATASET is `demo` unless it is given.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.project import copy_project

_CORES = (1, 2)


def main() -> None:
    """Build in two folders, compare, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?", default="demo")
    parser.add_argument("configfiles", nargs="*", type=Path, help="over config.yaml, for something smaller")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earfield-reproduce-") as folder:
        builds = []
        for cores in _CORES:
            builds.append(build(Path(folder, f"{cores}-cores"), arguments.dataset, arguments.configfiles, cores=cores))
            print(f"{len(builds[-1])} files with {cores} core{'s' * (cores > 1)}", flush=True)
        different = compare(*builds)
    for path, reason in different.items():
        print(f"{path}: {reason}")
    if different:
        sys.exit(f"{len(different)} of {len(builds[0])} files differ.")
    print("All files are equal.")


def build(folder: Path, dataset: str, configfiles: list[Path], *, cores: int) -> dict[str, str]:
    """Build a dataset in a copy of the project.

    Parameters
    ----------
    folder : Path
        To make the copy in.
    dataset : str
        Key of `datasets`.
    configfiles : list of Path
        Configuration over `config.yaml`.
    cores : int
        For Snakemake.

    Returns
    -------
    dict
        SHA-256 of each file of data and results, by path.
    """
    copy_project(folder)
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        str(cores),
        "--config",
        f"dataset={dataset}",
        "--quiet",
        "all",
    ]
    if configfiles:
        command += ["--configfile", *(str(path.resolve()) for path in configfiles)]
    subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(folder / "src")}, check=True)
    return hashes(folder)


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file under data and results of a folder, by path, but for what a run cost."""
    files = sorted(path for part in ("data", "results") for path in (folder / part).rglob("*") if path.is_file())
    files = [path for path in files if path.name != "cost.json"]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def compare(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """Return what differs between two builds, with the reason.

    Parameters
    ----------
    one, other : dict
        From `hashes`.

    Returns
    -------
    dict
        By path: "only in the first", "only in the second" or "other content".
    """
    found = dict.fromkeys(one.keys() - other.keys(), "only in the first")
    found |= dict.fromkeys(other.keys() - one.keys(), "only in the second")
    found |= {path: "other content" for path in one.keys() & other.keys() if one[path] != other[path]}
    return dict(sorted(found.items()))


if __name__ == "__main__":
    main()
