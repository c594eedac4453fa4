"""A small project under git and DVC: built once by Snakemake, copied for each test."""

import shutil

import pytest
from tiny_project import Project


@pytest.fixture(scope="session")
def make_project(tmp_path_factory):
    """Return a function that makes a project in a new folder, committed to git."""
    return lambda **config: Project.make(tmp_path_factory.mktemp("dvc", numbered=True) / "project", **config)


@pytest.fixture(scope="session")
def recorded(make_project):
    """Build the tiny demo with Snakemake, and record it for DVC."""
    project = make_project()
    project.output = project.run("snakemake --cores 2")
    project.run("earfield record")
    project.commit()
    return project


@pytest.fixture
def built(recorded, tmp_path):
    """Copy the built project, with all that both tools know of it."""
    return Project(shutil.copytree(recorded.folder, tmp_path / "copy", symlinks=True))
