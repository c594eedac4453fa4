"""Calls of Snakemake and DVC, and the YAML files that both read."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from earfield.configuration.check import check_config
from earfield.errors import EarfieldError


class Output(NamedTuple):
    """A file or folder of Snakemake's graph: the rule that makes it, and why it is to be made, if it is."""

    path: str
    rule: str
    pending: str


def outputs_of(*targets: str) -> list[Output]:
    """Return what Snakemake makes for these targets and all that they need, made or not."""
    listing = run("snakemake", "--summary", "--", *targets, DVC_STAGE="listing")  # which judges no file
    rows = [line.split("\t") for line in listing.splitlines()[1:]]
    return [Output(row[0], row[2], "" if row[-1] == "no update" else row[-2]) for row in rows]


def read_config() -> dict[str, Any]:
    """Read and check `config.yaml` of the current folder, which is all the configuration that DVC knows."""
    if not Path("Snakefile").exists():
        raise EarfieldError(f"{Path.cwd()} has no Snakefile; run earfield from the repository root.")
    config = read_yaml(Path("config.yaml"))
    check_config(config, Path("workflow", "schemas", "config.schema.yaml"))
    return config


def read_yaml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a YAML file of the project, or say why it cannot be read and what to do."""
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (OSError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise EarfieldError(f"{path} cannot be read ({reason}); restore it, for example from git.") from None
    if not isinstance(content, dict):
        raise EarfieldError(f"{path} has no keys; restore it, for example from git.")
    return content


def run(module: str, *arguments: str, **variables: str) -> str:
    """Run Snakemake or DVC and return what it prints; its message is the error if it fails."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | variables)
    if done.returncode:
        raise EarfieldError(f"`{module} {' '.join(arguments)}` failed:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout
