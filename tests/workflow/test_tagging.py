"""The tiny demo by its tags, from songs to scores: several of each track, from end to end."""

import json

import pandas as pd
import pytest
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
    project.output = project.run("--cores", "2", "all_evaluate", "results/demo_tags/summary.csv", **TAGS)
    return project


def test_tags_are_scored_from_songs_to_tables(tagged):
    tracks = pd.read_csv(tagged.folder / "data/demo_tags/tracks.csv", keep_default_na=False)
    usable = tracks[tracks.problem == ""]
    tags = tags_of_all(usable.label)
    assert len(tags) >= 5 and usable.label.str.contains(";").mean() > 0.3
    for model in FEW:
        run = tagged.folder / "results/demo_tags/stratified/1" / model
        predictions = pd.read_csv(run / "predictions.csv", keep_default_na=False)
        assert list(predictions) == ["track", "label", "predicted", *(f"p_{tag}" for tag in tags)]
        metrics = json.loads((run / "metrics.json").read_text())
        assert list(metrics["by_tag"]) == tags and 0 <= metrics["average_precision"] <= 1
    table = pd.read_csv(tagged.folder / "results/demo_tags/stratified/tags.csv")
    assert len(table) == len(FEW) * len(tags)
    summary = pd.read_csv(tagged.folder / "results/demo_tags/stratified/summary.csv").set_index("model")
    assert set(summary.index) == set(FEW) and summary.roc_auc["majority"] == 0.5
    assert summary.average_precision["majority"] == pytest.approx(summary.average_precision_baseline["majority"])
    pairs = pd.read_csv(tagged.folder / "results/demo_tags/stratified/paired.csv")
    assert len(pairs) == 2 * len(FEW) * (len(FEW) - 1) and (pairs.tests == summary.tests["cnn"]).all()
    whole = pd.read_csv(tagged.folder / "results/demo_tags/summary.csv").set_index("model")
    assert (whole.roc_auc == summary.roc_auc).all() and (whole.train_seconds > 0).all()
    facts = json.loads(tagged.read("results/demo_tags/stratified/summary.json"))
    assert facts["test"]["stratified"]["cnn"]["roc_auc"] == summary.roc_auc["cnn"]


def test_card_of_a_network_is_of_its_tags(tagged):
    run = "results/demo_tags/stratified/1/cnn"
    card, metrics = tagged.read(f"{run}/MODEL_CARD.md").decode(), json.loads(tagged.read(f"{run}/metrics.json"))
    assert f"Area under the ROC curve {metrics['roc_auc']:.2f}**" in card
    assert f"each of {len(metrics['by_tag'])} tags" in card and "are labelled right" not in card


def test_what_is_of_one_label_is_left_out(tagged):
    plan = tagged.run("-n", **TAGS)
    assert "fig3_filters" in plan and "Nothing to be done" not in plan
    for name in ("figures_confusion", "figures_discriminants"):
        assert name not in plan
    evidence = tagged.run("-n", "evidence", **TAGS)
    assert "claims.md" not in evidence and "fig7_accuracy" not in evidence
