"""A copy of the project in an empty folder, with a dataset and a network small enough for a test."""

import fcntl
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


CONFIG = ["--configfile", "tiny.yaml", "extra.yaml"]
# These jobs take all processors; for tests, most of their time is that of imports.
SIDE_BY_SIDE = [
    "--resources=gpu=2",
    "--set-threads",
    *(f"{rule}=1" for rule in ("train", "evaluate_predict", "activations", "activations_gradient", "filters")),
    "figures_data=1",
]


class Project:
    """A copy of the project; `run` calls Snakemake in it."""

    def __init__(self, folder: Path, *, side_by_side: bool = True) -> None:
        self.folder = folder
        self.side_by_side = SIDE_BY_SIDE if side_by_side else []
        if (folder / "tiny.yaml").exists():  # of a build that is there already
            return
        for part in PARTS:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, folder / part)
        (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))

    def command(self, *arguments: str, **config: object) -> list[str]:
        (self.folder / "extra.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
        cores = [] if "--cores" in arguments else ["--cores=2"]
        return [sys.executable, "-m", "snakemake", *cores, *self.side_by_side, *CONFIG, *arguments]

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
            timeout=1200,
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
def whole(tmp_path_factory):
    """The tiny demo, built from nothing with two cores: once for all processes of a test run, never changed."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "whole"
    with open(folder.with_name("whole.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            aside = folder.with_name("whole.new")
            aside.mkdir()
            (folder.with_name("whole.log")).write_text(Project(aside).run("--cores", "2"))
            aside.rename(folder)
    return folder


@pytest.fixture(scope="session")
def copy_of_whole(whole, tmp_path_factory):
    """Return a function that copies the tiny demo, with all that Snakemake knows of it, for tests that change it."""

    def copy(**options):
        folder = shutil.copytree(whole, tmp_path_factory.mktemp("copy") / "project", symlinks=True)
        project = Project(folder, **options)
        project.output = whole.with_name("whole.log").read_text()
        return project

    return copy


@pytest.fixture(scope="module")
def built(copy_of_whole):
    """A copy of the tiny demo for the tests of a module."""
    return copy_of_whole()
