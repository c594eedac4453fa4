"""Scores of tags: those of scikit-learn, with intervals that hold the truth, from predictions alone."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from earfield.predictions import write_predictions
from earfield.tag_scores import (
    average_precision,
    pseudo_values,
    roc_auc,
    tag_rows,
    write_tag_metrics,
    write_tag_tables,
)
from earfield.tags import as_text

TAGS = ["a", "b", "c"]


def toy(n=40, seed=0, signal=1.0):
    """Return which test has the tag, and probabilities with ties."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(size=n) < 0.3
    truth[:2] = [True, False]
    return truth, np.round(1 / (1 + np.exp(-rng.standard_normal(n) - signal * truth)), 1)


@pytest.mark.parametrize("seed", range(20))
def test_scores_are_those_of_scikit_learn(seed):
    truth, probabilities = toy(seed=seed)
    assert roc_auc(truth, probabilities) == pytest.approx(roc_auc_score(truth, probabilities))
    assert average_precision(truth, probabilities) == pytest.approx(average_precision_score(truth, probabilities))


def test_known_answers():
    truth = np.array([True, False, True, False])
    assert (
        roc_auc(truth, np.array([0.9, 0.1, 0.8, 0.2])) == 1 == average_precision(truth, np.array([0.9, 0.1, 0.8, 0.2]))
    )
    assert roc_auc(truth, np.full(4, 0.5)) == 0.5 == average_precision(truth, np.full(4, 0.5))
    assert roc_auc(~truth, np.array([0.9, 0.1, 0.8, 0.2])) == 0
    assert np.isnan(roc_auc(np.ones(3, dtype=bool), np.arange(3))) and np.isnan(
        average_precision(truth[1:2], truth[:1])
    )


@pytest.mark.parametrize("statistic", [roc_auc, average_precision])
def test_pseudo_values_have_the_score_for_mean(statistic):
    truth, probabilities = toy()
    values = pseudo_values(statistic, truth, probabilities)
    assert values.mean() == pytest.approx(statistic(truth, probabilities))


def test_their_variance_is_that_of_delong():
    truth, probabilities = toy(n=300)
    above = (probabilities[truth][:, None] > probabilities[~truth]) + 0.5 * (
        probabilities[truth][:, None] == probabilities[~truth]
    )
    delong = above.mean(axis=1).var(ddof=1) / truth.sum() + above.mean(axis=0).var(ddof=1) / (~truth).sum()
    values = pseudo_values(roc_auc, truth, probabilities)
    assert values.var(ddof=1) / len(values) == pytest.approx(delong, rel=0.02)


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


def test_prediction_is_all_tags_that_are_as_probable_as_not(tmp_path):
    tracks = pd.DataFrame({"track": ["x", "y"], "label": ["a;c", "b"]})
    probabilities = np.array([[0.9, 0.1, 0.5], [0.2, 0.4, 0.3]])
    write_predictions(tmp_path / "p.csv", tracks=tracks, labels=TAGS, probabilities=probabilities, tags=True)
    table = pd.read_csv(tmp_path / "p.csv", keep_default_na=False)
    assert list(table) == ["track", "label", "predicted", "p_a", "p_b", "p_c"]
    assert table.predicted.tolist() == ["a;c", ""]


@pytest.fixture
def tables(tmp_path):
    """Return a function that writes the tables of runs and returns summary, tags and facts."""
    (tmp_path / "tracks.csv").write_text("track,problem\nx,has no tag\ny,\n")

    def write(*paths):
        names = {name: tmp_path / name for name in ("summary.csv", "tags.csv", "facts.json")}
        write_tag_tables(
            predictions=paths,
            tracks=tmp_path / "tracks.csv",
            summary_path=names["summary.csv"],
            tags_path=names["tags.csv"],
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
    assert tags.tag.tolist() == TAGS and (tags.tests == 120).all() and (tags.seeds == 2).all()
    np.testing.assert_allclose(tags.roc_auc, np.mean(scores, axis=0), atol=1e-6)
    np.testing.assert_allclose(tags.average_precision, np.mean(precisions, axis=0), atol=1e-6)
    np.testing.assert_allclose(tags.average_precision_baseline, tags.positives / tags.tests, atol=1e-6)
    assert (tags.roc_auc_baseline == 0.5).all()
    assert summary.roc_auc[0] == pytest.approx(np.mean(scores), abs=1e-6) and summary.tags[0] == 3
    for table in (summary, tags):
        assert ((table.roc_auc_low < table.roc_auc) & (table.roc_auc < table.roc_auc_high)).all()
        assert ((table.average_precision_low < table.average_precision) & (table.average_precision_high < 1)).all()
    assert facts["test"]["plain"]["cnn"]["roc_auc"] == summary.roc_auc[0] and facts["unusable"] == {"x": "has no tag"}


def test_tag_without_a_positive_has_no_score(tmp_path, tables):
    has = np.random.default_rng(0).uniform(size=(40, 3)) < 0.5
    has[:, 1], has[:, 2] = False, np.arange(40) == 3
    path = tmp_path / "plain/1/cnn/predictions.csv"
    run(path, has=has)
    summary, tags, _ = tables(path)
    assert tags.tests.tolist() == [40, 0, 40] and tags.positives.tolist() == [int(has[:, 0].sum()), 0, 1]
    scores = tags.filter(regex="roc_auc|average")
    assert scores.iloc[1].isna().all()
    # With one positive there is a score, and nobody knows how far another one would move it.
    assert not np.isnan(tags.roc_auc[2]) and np.isnan(tags.roc_auc_low[2])
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
        assert (tags.roc_auc == 1).all() and (tags.roc_auc_high == 1).all() and summary.roc_auc[0] == 1
        widths.append(1 - tags.roc_auc_low[0])
    assert 0.4 < widths[0] < 0.6 and 0.1 < widths[1] < 0.2


def test_intervals_hold_the_truth():
    rng, n_sets, held = np.random.default_rng(0), 200, 0
    for _ in range(n_sets):
        has = np.arange(60) < 20
        tests = pd.DataFrame({"track": [str(n) for n in range(60)], "run": 1, "label": np.where(has, "a", "b")})
        tests["p_a"] = rng.standard_normal(60)  # tells nothing
        tests["p_b"] = rng.standard_normal(60)
        (row, _), _ = tag_rows(tests.astype({"track": "category", "run": "category"}))
        held += row["roc_auc_low"] <= 0.5 <= row["roc_auc_high"]
    assert 0.9 <= held / n_sets <= 0.99
