"""A training that is killed goes on to the same result."""

import os
import signal
import subprocess
import time

import pandas as pd
import pytest
from result_paths import run_file

LONGER = {"datasets": {"demo": {"train": {"max_epochs": 8, "segments_per_track": 4}}}}


def kill_once_there(project, path, *arguments, **config):
    """Start a run, and kill it with all its children, without warning, as soon as the file is there."""
    process = subprocess.Popen(
        project.command(*arguments, **config),
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while not (project.folder / path).exists():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_killed_training_goes_on_to_the_same_result(copy_of_whole):
    whole, killed = copy_of_whole(), copy_of_whole()
    target = ["--", run_file("model.keras")]
    whole.run(*target, **LONGER)
    kill_once_there(killed, ".snakemake/checkpoints/demo/stratified/1/cnn/checkpoint.npz", *target, **LONGER)
    killed.run("--unlock")
    output = killed.run(*target, **LONGER)
    assert "going on after epoch" in output
    for name in ("history.csv", "model.keras"):
        assert killed.read(run_file(name)) == whole.read(run_file(name)), name


@pytest.mark.nightly
def test_checkpoint_of_another_run_is_not_taken(copy_of_whole):
    project = copy_of_whole()
    checkpoint = ".snakemake/checkpoints/demo/stratified/1/cnn/checkpoint.npz"
    kill_once_there(project, checkpoint, "--", run_file("model.keras"), **LONGER)
    project.run("--unlock")
    changed = {"demo": {"train": {"max_epochs": 2, "segments_per_track": 10}}}
    output = project.run("--", run_file("model.keras"), datasets=changed)
    assert "going on after epoch" not in output
    assert len(pd.read_csv(project.folder / run_file("history.csv"))) == 2
