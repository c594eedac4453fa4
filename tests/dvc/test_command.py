"""Words of the command `earfield` when it cannot do what it is asked."""

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "earfield.cli"]


def said(folder, *arguments):
    done = subprocess.run([*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, env=os.environ | {})
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize("command", ["stages", "record", "adopt", "restore train"])
def test_outside_a_project_it_says_so(tmp_path, command):
    assert "is no folder of the project" in said(tmp_path, *command.split())


def test_project_without_dvc_yaml_says_how_to_make_it(make_project):
    project = make_project()
    (project.folder / "dvc.yaml").unlink()
    for command in ("record", "adopt", "restore train"):
        assert "make it with: earfield stages" in said(project.folder, *command.split())


def test_broken_files_are_named(make_project):
    project = make_project()
    (project.folder / "dvc.yaml").write_text("stages: [")
    assert "dvc.yaml cannot be read" in said(project.folder, "record")
    (project.folder / "dvc.yaml").write_text("")
    assert "dvc.yaml holds no keys; remove it, then say: earfield stages" in said(project.folder, "record")
    (project.folder / "config.yaml").write_text("dataset: [")
    assert "config.yaml cannot be read" in said(project.folder, "record")


def test_stage_and_dataset_that_are_not_there_are_named(make_project):
    project = make_project()
    assert "dvc.yaml has no stage 'trian'; it has tracks, mel" in said(project.folder, "restore", "trian")
    assert "DVC has it as changed" in said(project.folder, "adopt")
    project.configure(dataset="dmo")
    for command in ("stages", "record", "restore train"):
        assert "did you mean 'demo'?" in said(project.folder, *command.split())
