"""A copy of the project in an empty folder, with a dataset and a network small enough for a test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tiny_config import TINY

ROOT = Path(__file__).parents[2]
PARTS = ["config.yaml", "profiles", "resources", "Snakefile", "src", "workflow"]


class Project:
    """A copy of the project; `run` calls Snakemake in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, folder / part)
        (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))

    def command(self, *arguments: str, **config: object) -> list[str]:
        (self.folder / "extra.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
        return [sys.executable, "-m", "snakemake", "--configfile", "tiny.yaml", "extra.yaml", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(self.folder / "src")}

    def run(self, *arguments: str, ok: bool = True, **config: object) -> str:
        done = subprocess.run(
            self.command(*arguments, **config),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == ok, output[-8000:]
        return output

    def read(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()


@pytest.fixture(scope="session")
def make_project(tmp_path_factory):
    return lambda: Project(tmp_path_factory.mktemp("project", numbered=True))


@pytest.fixture(scope="session")
def built(make_project):
    """The tiny demo, built from nothing with two cores."""
    project = make_project()
    project.output = project.run("--cores", "2")
    return project
