"""A small project under git and DVC: built once by each tool, copied for each test."""

import shutil

import pytest
import yaml
from snakemake.utils import update_config
from tiny_config import TINY
from tiny_project import MODELS, PARTS, ROOT, Project


@pytest.fixture(scope="session")
def make_project(tmp_path_factory):
    """Return a function that makes a project in a new folder, committed to git."""

    def make(**config):
        project = Project(tmp_path_factory.mktemp("dvc", numbered=True) / "project")
        for part in PARTS:
            source, target = ROOT / part, project.folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
        settings = yaml.safe_load((ROOT / "config.yaml").read_text())
        for over in (TINY, config):
            update_config(settings, over)
        settings["models"] = MODELS
        settings["protocols"] = {"stratified": settings["protocols"]["stratified"]}
        for dataset in settings["datasets"].values():
            dataset["protocols"] = ["stratified"]
        (project.folder / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
        project.run("git init -q -b main")
        project.run("earfield stages")
        project.commit()
        return project

    return make


@pytest.fixture(scope="session")
def by_dvc(make_project):
    """Build from nothing with DVC."""
    project = make_project()
    project.output = project.run("dvc repro")
    project.commit()
    return project


@pytest.fixture(scope="session")
def by_snakemake(make_project):
    """Build from nothing with Snakemake, of which DVC knows nothing."""
    project = make_project()
    project.output = project.run("snakemake --cores 2")
    return project


@pytest.fixture
def copy_of(tmp_path):
    """Return a function that copies a built project, with all that Snakemake and DVC know of it."""

    def copy(project):
        shutil.copytree(project.folder, tmp_path / "copy", symlinks=True)
        return Project(tmp_path / "copy")

    return copy


@pytest.fixture
def built(by_dvc, copy_of):
    """Copy the project that DVC built."""
    return copy_of(by_dvc)
