"""The tiny demo by its tags, from songs to scores: several of each track, from end to end."""

import json

import pandas as pd
import pytest
from result_paths import run_file
from tiny_config import TINY

from earfield.tracks.tags import tags_of_all

FEW = ["cnn", "majority", "mel_logistic"]
TAGS = {
    "dataset": "demo_tags",
    "datasets": {"demo_tags": {**TINY["datasets"]["demo"], "task": {"min_tracks": 5}}},
    "protocols": {"stratified": {"models": FEW}},
}


@pytest.fixture(scope="module")
def tagged(make_project):
    """A tiny demo by its tags, without its filters."""
    project = make_project()
    project.output = project.run("--cores", "2", "all_evaluate", "results/demo_tags/claims/summary.csv", **TAGS)
    return project


def test_tags_are_scored_from_songs_to_tables(tagged):
    tracks = pd.read_csv(tagged.folder / "data/demo_tags/tracks/tracks.csv", keep_default_na=False)
    usable = tracks[tracks.problem == ""]
    tags = tags_of_all(usable.label)
    assert len(tags) >= 5 and usable.label.str.contains(";").mean() > 0.3
    for model in FEW:
        files = {"dataset": "demo_tags", "run": f"stratified/1/{model}"}
        predictions = pd.read_csv(tagged.folder / run_file("predictions.csv", **files), keep_default_na=False)
        assert list(predictions) == ["track", "label", "predicted", *(f"p_{tag}" for tag in tags)]
        metrics = json.loads(tagged.read(run_file("metrics.json", **files)))
        assert list(metrics["by_tag"]) == tags and 0 <= metrics["average_precision"] <= 1
    table = pd.read_csv(tagged.folder / "results/demo_tags/evaluate/stratified/tags.csv")
    assert len(table) == len(FEW) * len(tags)
    summary = pd.read_csv(tagged.folder / "results/demo_tags/evaluate/stratified/summary.csv").set_index("model")
    assert set(summary.index) == set(FEW) and summary.roc_auc["majority"] == 0.5
    assert summary.average_precision["majority"] == pytest.approx(summary.average_precision_baseline["majority"])
    pairs = pd.read_csv(tagged.folder / "results/demo_tags/evaluate/stratified/paired.csv")
    assert len(pairs) == 2 * len(FEW) * (len(FEW) - 1) and (pairs.n_predictions == summary.n_predictions["cnn"]).all()
    whole = pd.read_csv(tagged.folder / "results/demo_tags/claims/summary.csv").set_index("model")
    assert (whole.roc_auc == summary.roc_auc).all() and (whole.train_seconds > 0).all()
    facts = json.loads(tagged.read("results/demo_tags/evaluate/stratified/summary.json"))
    assert facts["test"]["stratified"]["cnn"]["roc_auc"] == summary.roc_auc["cnn"]


def test_card_of_a_network_is_of_its_tags(tagged):
    card, metrics = (
        tagged.read(run_file(name, dataset="demo_tags")).decode() for name in ("MODEL_CARD.md", "metrics.json")
    )
    metrics = json.loads(metrics)
    assert f"Area under the ROC curve {metrics['roc_auc']:.2f}**" in card
    assert f"each of {len(metrics['by_tag'])} tags" in card and "are classified correctly" not in card


def test_what_is_of_one_label_is_left_out(tagged):
    plan = tagged.run("-n", **TAGS)
    assert "fig3_filters" in plan and "Nothing to be done" not in plan
    for name in ("fig2_confusion", "fig5_discriminants"):
        assert name not in plan
    evidence = tagged.run("-n", "evidence", **TAGS)
    assert "claims.md" not in evidence and "fig7_accuracy" not in evidence
