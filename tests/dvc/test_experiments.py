"""Metrics, plots and experiments of DVC, on the project's own stages."""

import json
import shutil

import pandas as pd
import pytest
import yaml
from result_paths import run_file
from tiny_project import Project

pytestmark = pytest.mark.nightly
RATE = "config.yaml:train.optimizer.learning_rate"


@pytest.fixture(scope="module")
def experimented(recorded, tmp_path_factory):
    """Run one experiment in the workspace and a grid of two from the queue, up to the scores."""
    folder = tmp_path_factory.mktemp("experiments") / "copy"
    shutil.copytree(recorded.folder, folder, symlinks=True)
    project = Project(folder)
    project.said = project.run(f"dvc exp run --name faster -S {RATE}=2.0e-3 evaluate")
    project.run(f"dvc exp run --queue -S {RATE}=3.0e-3,4.0e-3 evaluate")
    project.queued = project.run("dvc queue status")
    project.run("dvc exp run --run-all --jobs 1")
    return project


def rows(project):
    """Return learning rate and accuracy of each experiment."""
    shown = json.loads(project.run("dvc exp show --json"))
    states = [each for revision in shown for experiment in revision["experiments"] or [] for each in experiment["revs"]]
    return {
        state["data"]["params"]["config.yaml"]["data"]["train"]["optimizer"]["learning_rate"]: state["data"]["metrics"][
            "results/demo/evaluate/stratified/summary.json"
        ]["data"]["test"]["stratified"]["cnn"]
        for state in states
    }


def test_experiment_trains_with_the_other_parameter_and_nothing_before_it(experimented):
    assert "Stage 'mel' didn't change, skipping" in experimented.said
    assert "Running stage 'train'" in experimented.said
    assert yaml.safe_load((experimented.folder / "config.yaml").read_text())["train"]["optimizer"] == {
        "name": "adam",
        "learning_rate": 0.002,
    }


def test_grid_is_queued_and_shown_with_our_metrics(experimented):
    assert experimented.queued.count("Queued") == 2
    found = rows(experimented)
    assert set(found) == {0.002, 0.003, 0.004}
    assert all(0 <= each["ci_low"] <= each["accuracy"] <= each["ci_high"] <= 1 for each in found.values())


def test_dvclive_has_the_curves(experimented):
    history = pd.read_csv(experimented.folder / run_file("history.csv"))
    curves = experimented.folder / "logs/demo/stratified/1/cnn/dvclive"
    for name in ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy"):
        curve = pd.read_csv(curves / f"plots/metrics/{name}.tsv", sep="\t")
        assert list(curve.step) == list(history.epoch) and list(curve[name]) == list(history[name])
    assert json.loads((curves / "metrics.json").read_text())["step"] == len(history)
    assert not (experimented.folder / "dvclive").exists()


@pytest.mark.parametrize(("command", "revisions"), [("show", {"workspace"}), ("diff main", {"main", "workspace"})])
def test_plots_render(experimented, command, revisions):
    vl_convert = pytest.importorskip("vl_convert")
    shown = json.loads(experimented.run(f"dvc plots {command} --json").splitlines()[-1])["data"]
    assert set(shown) == {"confusion", "loss", "accuracy", "accuracy by model"}
    for name, plots in shown.items():
        drawn = [row for plot in plots for row in plot["content"]["data"]["values"]]
        assert {row["rev"] for row in drawn} == revisions, name
        for plot in plots:
            assert len(vl_convert.vegalite_to_png(json.dumps(plot["content"]))) > 5_000, name
