"""`snakemake evidence` on the tiny demo: every cell by itself, every table, and a model that somebody adds."""

import itertools
import json
import re

import pandas as pd
import pytest
import yaml

# Enough to have every kind of protocol, and few trainings.
FEW = ["cnn", "mfcc_svm", "majority"]
EVIDENCE = {
    "datasets": {
        "demo": {
            "protocols": ["stratified", "artist", "cross_validation", "stratified_half", "stratified_variants"],
        }
    },
    "protocols": {
        "artist": {"models": FEW},
        "cross_validation": {"folds": 3, "models": ["mfcc_svm", "majority"]},
        "stratified_half": {"models": ["cnn", "mfcc_svm"]},
        "stratified_variants": {"models": ["cnn", "cnn_decibels", "cdbn"]},
    },
}
NEAREST = '''"""The label of the nearest training track by long-term spectrum."""

import numpy as np

from earfield.models.estimator import Task, choose

FEATURES = "mel_mean"


def predict(task: Task, *, k: list[int]) -> np.ndarray:
    """Return shares of labels among the nearest training tracks."""
    x, y, n = task.features, task.targets["train"], len(task.labels)

    def shares(candidate, subset="validation"):
        distance = ((x[subset][:, None] - x["train"][None]) ** 2).sum(axis=2)
        near = y[np.argsort(distance, axis=1)[:, : candidate["k"]]]
        return np.stack([np.bincount(row, minlength=n) / len(row) for row in near])

    def log_shares(candidate):
        return np.log(np.maximum(shares(candidate), 1e-9))

    return shares(choose({"k": k}, log_shares, targets=task.targets["validation"]), "test")
'''


def ran(output):
    """Return the rules of the jobs that a run or a plan names."""
    return set(re.findall(r"^(?:local)?rule (\w+):", output, re.MULTILINE))


@pytest.fixture(scope="module")
def evident(copy_of_whole):
    """A tiny demo with its evidence."""
    project = copy_of_whole()
    project.output += project.run("--cores", "2", "evidence", **EVIDENCE)
    return project


def table(project, name):
    return pd.read_csv(project.folder / "results/demo" / name, keep_default_na=False, na_values=[""])


def test_evidence_is_the_paper_and_the_other_protocols(evident):
    trained = re.findall(r"output: results/demo/train/(\w+)/(\d+)/(\w+)/model\.keras", evident.output)
    assert set(trained) == {
        *(("stratified", "1", model) for model in ("cnn", "cnn_untrained", "cnn_shuffled", "cnn_decibels")),
        *((protocol, "1", "cnn") for protocol in ("artist", "stratified_half")),
    }
    assert len(trained) == len(set(trained))
    assert "Nothing to be done" in evident.run("-n", "evidence", **EVIDENCE)
    assert "Nothing to be done" in evident.run("-n", **EVIDENCE)


def test_every_cell_is_a_row_with_its_cost(evident):
    summary = table(evident, "claims/summary.csv")
    assert set(map(tuple, summary[["protocol", "model"]].to_numpy())) == {
        *(("stratified", model) for model in ("cnn", "cnn_untrained", "cnn_shuffled", "mfcc_svm", "mel_logistic")),
        *(("stratified", model) for model in ("cnn_decibels", "cdbn")),
        *(("stratified", model) for model in ("tzanetakis_gaussian", "tzanetakis_gmm", "tzanetakis_knn", "ensemble")),
        ("stratified", "majority"),
        *(("artist", model) for model in FEW),
        *(("cross_validation", model) for model in ("mfcc_svm", "majority")),
        *(("stratified_half", model) for model in ("cnn", "mfcc_svm")),
    }
    assert (summary.train_seconds >= 0).all() and (summary.peak_mb > 10).all()
    assert ((summary.ci_low <= summary.accuracy) & (summary.accuracy <= summary.ci_high)).all()
    folds = summary[summary.protocol == "cross_validation"]
    assert (folds.seeds == 3).all()
    tracks = pd.read_csv(evident.folder / "data/demo/tracks/tracks.csv")
    assert (folds.n_predictions == len(tracks)).all() and (folds.n_tracks == len(tracks)).all()


def test_variant_is_compared_with_the_network_on_the_same_test_predictions(evident):
    paired = table(evident, "evaluate/stratified_variants/paired.csv")
    pairs = itertools.permutations(("cnn", "cnn_decibels", "cdbn"), 2)
    assert set(map(tuple, paired[["model", "other"]].to_numpy())) == set(pairs)
    assert len(paired) == 6 and set(paired.protocol) == {"stratified"}
    own = table(evident, "evaluate/stratified/summary.csv").set_index("model")
    assert not {"cnn_decibels", "cdbn"} & set(own.index)
    assert set(paired.accuracy[paired.model == "cnn"]) == {own.accuracy["cnn"]}
    assert table(evident, "claims/claims.csv").claim.tolist()[-1] == "scale"


def test_artist_splits_share_no_artist(evident):
    split = pd.read_csv(evident.folder / "data/demo/splits/artist/1.csv")
    tracks = pd.read_csv(evident.folder / "data/demo/tracks/tracks.csv")
    assert (split.merge(tracks, on="track").groupby("artist").subset.nunique() == 1).all()
    audit = json.loads(evident.read("data/demo/splits/artist/1.json"))
    assert audit["shared"]["train"]["test"]["artists"] == 0 and audit["subsets"]["test"]["tracks"] >= 10


def test_planted_repeat_is_found_and_kept_on_one_side(evident):
    repeats = pd.read_csv(evident.folder / "data/demo/splits/duplicates.csv")
    tracks = pd.read_csv(evident.folder / "data/demo/tracks/tracks.csv")
    planted = {(name.removesuffix("b"), name) for name in tracks.track if name.endswith("b")}
    assert set(zip(repeats.track, repeats.other, strict=True)) == planted
    for path in sorted((evident.folder / "data/demo/splits").glob("*/*.csv")):
        subsets = pd.read_csv(path).set_index("track").subset
        for one, other in planted:
            assert len({subsets.get(one), subsets.get(other)} - {None}) <= 1, path


def test_claims_are_those_of_the_tables(evident):
    claims, summary = table(evident, "claims/claims.csv"), table(evident, "claims/summary.csv")
    assert {"holds", "does not hold", "cannot be told from this data"} >= set(claims.verdict)
    own = summary[(summary.protocol == "stratified") & (summary.model == "cnn")].iloc[0]
    shown = claims[claims.claim == "human_level"].iloc[0]
    assert shown.value == pytest.approx(own.accuracy, abs=1e-6) and shown.n_predictions == own.n_predictions
    page = evident.read("results/demo/claims/claims.md").decode()
    assert all(claim.verdict in page for claim in claims.itertuples())
    names = "7_accuracy", "8_learning_curve", "9_excerpt_length", "10_recall", "11_calibration", "12_deep_belief"
    for name in names:
        assert len(evident.read(f"results/demo/claims/figures/fig{name}.png")) > 5_000


def test_further_seed_computes_that_seed_alone(evident):
    config = {**EVIDENCE, "datasets": {"demo": {**EVIDENCE["datasets"]["demo"], "seeds": [1, 2]}}}
    plan = evident.run("-n", "evidence", **config)
    made = set(
        re.findall(r"results/demo/train/(\w+)/(\d+)/\w+/model\.keras", " ".join(re.findall(r"output: (.*)", plan)))
    )
    # Cross-validation has one seed here, the part of the learning curve has five at most.
    assert made == {("stratified", "2"), ("artist", "2"), ("stratified_half", "2")}
    assert not ran(plan) & {"tracks", "mel", "features", "splits_duplicates"}


def test_added_model_is_one_module_an_entry_and_its_name_under_a_protocol(evident):
    module = evident.folder / "src/earfield/models/nearest.py"
    module.write_text(NEAREST)
    run = yaml.safe_load(evident.read("config.yaml"))["protocols"]["stratified"]["models"]
    config = {
        **EVIDENCE,
        "models": {"nearest": {"module": "nearest", "options": {"k": [1, 3]}}},
        "protocols": {**EVIDENCE["protocols"], "stratified": {"models": [*run, "nearest"]}},
    }
    output = evident.run("--cores", "2", "results/demo/evaluate/stratified/summary.csv", **config)
    assert ran(output) == {"evaluate_model", "evaluate_protocol"}
    assert len(re.findall("^(?:local)?rule evaluate_model:", output, re.MULTILINE)) == 1
    summary = table(evident, "evaluate/stratified/summary.csv").set_index("model")
    assert summary.accuracy["nearest"] > summary.accuracy["majority"]
    module.write_text(NEAREST.replace("by long-term spectrum", "by mean spectrum"))
    assert ran(evident.run("-n", "results/demo/evaluate/stratified/summary.csv", **config)) >= {"evaluate_model"}
    assert "train" not in ran(evident.run("-n", "results/demo/evaluate/stratified/summary.csv", **config))


def test_unknown_option_is_refused_before_anything_runs(evident):
    models = {"majority": {"module": "majority", "options": {"k": 1}}}
    output = evident.run("-n", ok=False, models=models)
    assert "models.majority.options.k, which the module does not take" in output
