"""Messages of the command `earfield` when it cannot do what it is asked."""

import subprocess
import sys

COMMAND = [sys.executable, "-m", "earfield.cli"]


def said(folder, *arguments):
    done = subprocess.run([*COMMAND, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr.strip()


def test_help_lists_what_each_command_does():
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True).stdout
    for command in ("report", "record", "adopt", "stage"):
        assert f"    {command} " in shown
    assert "mark Snakemake's results as up to date for DVC" in " ".join(shown.split())


def test_outside_a_project_it_says_so(tmp_path):
    assert "has no Snakefile; run earfield from the repository root" in said(tmp_path, "stage", "train")


def test_bad_input_is_named(make_project):
    project = make_project()
    stage = said(project.folder, "stage", "trian")
    assert "There is no stage 'trian'; those are songs, audio, tracks, mel" in stage
    project.configure(dataset="dmo")
    assert "did you mean 'demo'?" in said(project.folder, "record")
    for content, words in (("dataset: [", "config.yaml cannot be read"), ("", "config.yaml has no keys")):
        (project.folder / "config.yaml").write_text(content)
        assert words in said(project.folder, "adopt")
