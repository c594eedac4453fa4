"""Training curves while they grow."""

import json
import os
import subprocess
import sys

import pytest

ROWS = [
    {"epoch": 1, "segments": 10, "train_loss": 2.0, "validation_accuracy": 0.25},
    {"epoch": 2, "segments": 20, "train_loss": 1.5, "validation_accuracy": 0.5},
]
CODE = """
import json, logging, sys
from earfield.train.training_log import Curves
logging.basicConfig(format="%(message)s")
rows, known = json.loads(sys.argv[1]), int(sys.argv[2])
with Curves("tensorboard", "dvclive", rows[:known]) as curves:
    for row in rows[known:]:
        curves.add(row)
"""


def draw(folder, known=0):
    command = [sys.executable, "-c", CODE, json.dumps(ROWS), str(known)]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stderr


@pytest.fixture
def versioned(tmp_path):
    """A folder under git, without a commit, and DVC."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("known", [0, 1])
def test_dvclive_has_every_epoch_also_of_a_run_that_goes_on(tmp_path, known):
    draw(tmp_path, known)
    lines = (tmp_path / "dvclive/plots/metrics/train_loss.tsv").read_text().split()
    assert lines == ["step", "train_loss", "1", "2.0", "2", "1.5"]
    assert json.loads((tmp_path / "dvclive/metrics.json").read_text())["validation_accuracy"] == 0.5
    assert os.listdir(tmp_path / "tensorboard")
    assert not (tmp_path / "dvc.yaml").exists() and not (tmp_path / "dvclive/dvc.yaml").exists()


def test_git_without_a_commit_costs_no_training(versioned):
    assert "No curves for DVCLive (Empty git repo); commit to git before the training" in draw(versioned)
    assert os.listdir(versioned / "tensorboard")
