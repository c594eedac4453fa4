"""The tables of tags: means over runs and tags, what has no score, and pairs of models on the same tests."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from earfield.errors import DatasetError
from earfield.evaluate.tag_scores import write_tag_metrics
from earfield.evaluate.tag_tables import write_tag_tables
from earfield.models.predictions import write_predictions
from earfield.tracks.tags import as_text

TAGS = ["a", "b", "c"]


def run(path, n=60, seed=0, signal=2.0, has=None):
    """Write the predictions of one run, and return which track has which tag."""
    rng = np.random.default_rng(seed)
    has = rng.uniform(size=(n, 3)) < 0.4 if has is None else has
    probabilities = 1 / (1 + np.exp(-rng.standard_normal(has.shape) - signal * (has - 0.5)))
    labels = [as_text([tag for tag, own in zip(TAGS, row, strict=True) if own]) for row in has]
    path.parent.mkdir(parents=True, exist_ok=True)
    tracks = pd.DataFrame({"track": [f"{number:03d}" for number in range(len(has))], "label": labels})
    write_predictions(path, tracks=tracks, labels=TAGS, probabilities=probabilities, tags=True)
    return has, probabilities


@pytest.fixture
def tables(tmp_path):
    """Return a function that writes the tables of runs and returns summary, tags and facts."""
    (tmp_path / "tracks.csv").write_text("track,problem\nx,has no tag\ny,\n")

    def write(*paths):
        names = {name: tmp_path / name for name in ("summary.csv", "tags.csv", "paired.csv", "facts.json")}
        write_tag_tables(
            predictions=paths,
            tracks=tmp_path / "tracks.csv",
            summary_path=names["summary.csv"],
            tags_path=names["tags.csv"],
            paired_path=names["paired.csv"],
            facts_path=names["facts.json"],
        )
        facts = json.loads(names["facts.json"].read_text())
        return pd.read_csv(names["summary.csv"]), pd.read_csv(names["tags.csv"]), facts

    return write


def test_tables_are_means_over_runs_and_tags(tmp_path, tables):
    paths, scores, precisions = [], [], []
    for seed in (1, 2):
        paths.append(tmp_path / f"plain/{seed}/cnn/predictions.csv")
        has, probabilities = run(paths[-1], seed=seed)
        scores.append([roc_auc_score(has[:, tag], probabilities[:, tag]) for tag in range(3)])
        precisions.append([average_precision_score(has[:, tag], probabilities[:, tag]) for tag in range(3)])
    summary, tags, facts = tables(*paths)
    assert tags.tag.tolist() == TAGS and (tags.n_predictions == 120).all() and (tags.seeds == 2).all()
    np.testing.assert_allclose(tags.roc_auc, np.mean(scores, axis=0), atol=1e-6)
    np.testing.assert_allclose(tags.average_precision, np.mean(precisions, axis=0), atol=1e-6)
    np.testing.assert_allclose(tags.average_precision_baseline, tags.positives / tags.n_predictions, atol=1e-6)
    assert (tags.roc_auc_baseline == 0.5).all()
    assert summary.roc_auc[0] == pytest.approx(np.mean(scores), abs=1e-6) and summary.tags[0] == 3
    for table in (summary, tags):
        assert ((table.roc_auc_ci_low < table.roc_auc) & (table.roc_auc < table.roc_auc_ci_high)).all()
        assert (
            (table.average_precision_ci_low < table.average_precision) & (table.average_precision_ci_high < 1)
        ).all()
    assert facts["test"]["plain"]["cnn"]["roc_auc"] == summary.roc_auc[0] and facts["unusable"] == {"x": "has no tag"}


def test_tag_without_a_positive_has_no_score(tmp_path, tables):
    has = np.random.default_rng(0).uniform(size=(40, 3)) < 0.5
    has[:, 1], has[:, 2] = False, np.arange(40) == 3
    path = tmp_path / "plain/1/cnn/predictions.csv"
    run(path, has=has)
    summary, tags, _ = tables(path)
    assert tags.n_predictions.tolist() == [40, 0, 40] and tags.positives.tolist() == [int(has[:, 0].sum()), 0, 1]
    scores = tags.filter(regex="roc_auc|average")
    assert scores.iloc[1].isna().all()
    # With one positive there is a score, and nobody knows how far another one would move it.
    assert not np.isnan(tags.roc_auc[2]) and np.isnan(tags.roc_auc_ci_low[2])
    assert summary.tags[0] == 2 and summary.roc_auc[0] == pytest.approx(tags.roc_auc.mean(), abs=1e-6)
    write_tag_metrics(path, tmp_path / "metrics.json")
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["by_tag"]["b"]["roc_auc"] is None and metrics["roc_auc"] == summary.roc_auc[0]


def test_perfect_ranking_is_as_sure_as_the_rarer_side_is_large(tmp_path, tables):
    widths = []
    for positives in (4, 20):
        has = np.repeat(np.arange(40)[:, None] < positives, 3, axis=1)
        path = tmp_path / f"plain/1/m{positives}/predictions.csv"
        run(path, has=has, signal=100.0)
        summary, tags, _ = tables(path)
        assert (tags.roc_auc == 1).all() and (tags.roc_auc_ci_high == 1).all() and summary.roc_auc[0] == 1
        widths.append(1 - tags.roc_auc_ci_low[0])
    assert 0.4 < widths[0] < 0.6 and 0.1 < widths[1] < 0.2


def test_pairs_are_differences_on_the_same_tests(tmp_path, tables):
    has = np.random.default_rng(0).uniform(size=(60, 3)) < 0.4
    paths, scores = [], {}
    for model, signal in (("strong", 3.0), ("weak", 0.5)):
        for seed in range(5):
            paths.append(tmp_path / f"plain/{seed}/{model}/predictions.csv")
            _, probabilities = run(paths[-1], seed=seed, signal=signal, has=has)
            scores.setdefault(model, []).append(roc_auc_score(has, probabilities))
    summary, _, _ = tables(*paths)
    pairs = pd.read_csv(tmp_path / "paired.csv").set_index(["model", "other", "statistic"])
    assert len(pairs) == 4 and (pairs.n_predictions == 300).all() and (pairs.seeds == 5).all()
    row = pairs.loc["strong", "weak", "roc_auc"]
    assert row.difference == pytest.approx(np.mean(scores["strong"]) - np.mean(scores["weak"]), abs=2e-6)
    assert row.value == pytest.approx(summary.roc_auc[0], abs=2e-6) and 0 < row.ci_low < row.difference < row.ci_high
    turned = pairs.loc["weak", "strong", "roc_auc"]
    assert (turned.difference, turned.ci_low, turned.ci_high) == pytest.approx(
        (-row.difference, -row.ci_high, -row.ci_low)
    )


def test_models_without_a_common_score_have_an_empty_row(tmp_path, tables):
    paths = [tmp_path / f"plain/{seed}/{model}/predictions.csv" for seed, model in ((1, "one"), (2, "two"))]
    for path in paths:
        run(path)
    tables(*paths)
    pairs = pd.read_csv(tmp_path / "paired.csv")
    assert (pairs.n_predictions == 0).all() and pairs[["value", "difference", "ci_low", "ci_high"]].isna().all(
        axis=None
    )


def test_models_of_different_splits_are_refused(tmp_path, tables):
    paths = [tmp_path / f"plain/1/{model}/predictions.csv" for model in ("one", "two")]
    run(paths[0], n=60)
    run(paths[1], n=59)
    with pytest.raises(DatasetError, match="only one of 'one' and 'two' has a prediction for '059' in run 1"):
        tables(*paths)


def test_a_constant_has_an_area_of_one_half_for_certain(tmp_path, tables):
    has = np.random.default_rng(0).uniform(size=(60, 3)) < 0.4
    path = tmp_path / "plain/1/cnn/predictions.csv"
    run(path, has=has)
    constant = pd.read_csv(path, keep_default_na=False)
    constant[["p_a", "p_b", "p_c"]] = 0.3
    constant.to_csv(path, index=False)
    summary, tags, _ = tables(path)
    for table in (summary, tags):
        assert (table[["roc_auc", "roc_auc_ci_low", "roc_auc_ci_high"]] == 0.5).all(axis=None)
        assert (table.average_precision_ci_low < table.average_precision).all()
