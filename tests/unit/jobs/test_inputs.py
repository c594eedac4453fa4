"""Inputs and settings of rules, and results of the old layout."""

import copy
from types import SimpleNamespace

import pytest
import yaml
from result_paths import ROOT, STAGES

from earfield.figures.registry import FIGURES, code_file
from earfield.jobs.figure_inputs import FigureInputs
from earfield.jobs.inputs import Inputs, code, in_order, pattern
from earfield.jobs.old_layout import old_results

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | {"dataset": "demo"}


class Wildcards(SimpleNamespace):
    def get(self, name, default=None):
        return getattr(self, name, default)


@pytest.fixture(scope="module")
def inputs():
    return Inputs(CONFIG)


def test_settings_are_the_same_in_any_order_of_the_configuration():
    one = {"b": 1, "a": {"d": [{"z": 1, "y": 2}], "c": 2}}
    other = {"a": {"c": 2, "d": [{"y": 2, "z": 1}]}, "b": 1}
    assert str(in_order(one)) == str(in_order(other))
    assert str(in_order({"a": 1, "b": 2})) != str(in_order({"a": 2, "b": 1}))


def test_runs_are_files_of_their_stage(inputs):
    wildcards = Wildcards(dataset="demo", protocol="stratified")
    costs = inputs.runs("*/cost.json")(wildcards)
    assert "results/demo/train/stratified/1/cnn/cost.json" in costs
    assert "results/demo/evaluate/stratified/1/mfcc_svm/cost.json" in costs
    excerpts = inputs.runs("evaluate/excerpts.csv", networks=True)(wildcards)
    assert excerpts and not any("mfcc_svm" in path for path in excerpts)
    everywhere = inputs.runs("evaluate/predictions.csv")(Wildcards(dataset="demo"))
    assert len(everywhere) == len(set(everywhere)) > len(costs)


def test_shown_run_is_the_first_seed(inputs):
    wildcards = Wildcards(dataset="demo")
    for name, stage in STAGES.items():
        path = inputs.shown_run(f"{stage}/{name}")(wildcards)
        assert path == f"results/demo/{stage}/stratified/1/cnn/{name}"


@pytest.mark.parametrize("figure", FIGURES)
def test_each_figure_has_inputs_settings_and_code(inputs, figure):
    wildcards = Wildcards(dataset="gtzan", figure=figure)
    found = FigureInputs(Inputs(CONFIG | {"dataset": "gtzan"}))
    assert found.inputs(wildcards)
    assert list(found.settings(wildcards)) == sorted(found.settings(wildcards))
    for part in ("data", "draw"):
        assert code_file(getattr(FIGURES[figure], part)).exists()
        assert found.code(part)(wildcards)


def test_songs_do_not_depend_on_seeds_protocols_or_training(inputs):
    before = inputs.songs_settings(Wildcards(dataset="demo"))
    config = copy.deepcopy(CONFIG)
    config["datasets"]["demo"] |= {"seeds": [1, 2], "protocols": ["stratified"], "train": {"max_epochs": 1}}
    assert Inputs(config).songs_settings(Wildcards(dataset="demo")) == before
    config["datasets"]["demo"]["seconds"] = 16
    assert Inputs(config).songs_settings(Wildcards(dataset="demo")) != before


def test_a_script_depends_on_what_it_imports():
    found = code("mel")
    assert any(path.endswith("workflow/scripts/mel.py") for path in found)
    assert any(path.endswith("src/earfield/mel/log_mel.py") for path in found)
    assert not any("tensorflow" in path or path.endswith("files/atomic.py") for path in found)


def test_a_pattern_of_no_names_matches_nothing():
    import re

    assert re.fullmatch(pattern(["a", "b"]), "b") and not re.fullmatch(pattern([]), "")


def test_results_of_the_old_layout_are_named_and_left(tmp_path):
    assert old_results(CONFIG, root=str(tmp_path)) is None
    (tmp_path / "results/demo/evaluate/stratified").mkdir(parents=True)
    (tmp_path / "results/demo/figures").mkdir()
    assert old_results(CONFIG, root=str(tmp_path)) is None
    old = tmp_path / "results/demo/stratified/1/cnn/model.keras"
    old.parent.mkdir(parents=True)
    old.touch()
    said = old_results(CONFIG, root=str(tmp_path))
    assert "results/demo/stratified" in said and "Nothing is deleted" in said and old.exists()
