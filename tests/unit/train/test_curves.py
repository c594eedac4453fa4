"""Training curves while they grow."""

import json
import os
import subprocess

import pytest

ROWS = [
    {"epoch": 1, "segments": 10, "train_loss": 2.0, "validation_accuracy": 0.25},
    {"epoch": 2, "segments": 20, "train_loss": 1.5, "validation_accuracy": 0.5},
]


def draw(folder, monkeypatch, *, known=0):
    from earfield.train.training_log import Curves

    monkeypatch.chdir(folder)
    with Curves("tensorboard", "dvclive", ROWS[:known]) as curves:
        for row in ROWS[known:]:
            curves.add(row)


@pytest.fixture
def versioned(tmp_path):
    """A folder under git, without a commit, and DVC."""
    from dvc.repo import Repo

    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    Repo.init(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("known", [0, 1])
def test_dvclive_has_every_epoch_also_of_a_run_that_goes_on(tmp_path, monkeypatch, known):
    draw(tmp_path, monkeypatch, known=known)
    lines = (tmp_path / "dvclive/plots/metrics/train_loss.tsv").read_text().split()
    assert lines == ["step", "train_loss", "1", "2.0", "2", "1.5"]
    assert json.loads((tmp_path / "dvclive/metrics.json").read_text())["validation_accuracy"] == 0.5
    assert os.listdir(tmp_path / "tensorboard")
    assert not (tmp_path / "dvc.yaml").exists() and not (tmp_path / "dvclive/dvc.yaml").exists()


def test_git_without_a_commit_costs_no_training(versioned, monkeypatch, caplog):
    draw(versioned, monkeypatch)
    assert "No curves for DVCLive (Empty git repo); commit to git before the training" in caplog.text
    assert os.listdir(versioned / "tensorboard")
