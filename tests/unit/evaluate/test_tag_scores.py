"""Scores of tags: those of scikit-learn, with intervals that hold the truth."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from earfield.evaluate.tag_scores import average_precision, pseudo_values, roc_auc, tag_rows
from earfield.models.predictions import write_predictions

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


def test_prediction_is_all_tags_that_are_as_probable_as_not(tmp_path):
    tracks = pd.DataFrame({"track": ["x", "y"], "label": ["a;c", "b"]})
    probabilities = np.array([[0.9, 0.1, 0.5], [0.2, 0.4, 0.3]])
    write_predictions(tmp_path / "p.csv", tracks=tracks, labels=TAGS, probabilities=probabilities, tags=True)
    table = pd.read_csv(tmp_path / "p.csv", keep_default_na=False)
    assert list(table) == ["track", "label", "predicted", "p_a", "p_b", "p_c"]
    assert table.predicted.tolist() == ["a;c", ""]


def test_intervals_hold_the_truth():
    rng, n_sets, held = np.random.default_rng(0), 80, 0
    for _ in range(n_sets):
        has = np.arange(60) < 20
        tests = pd.DataFrame({"track": [str(n) for n in range(60)], "run": 1, "label": np.where(has, "a", "b")})
        tests["p_a"] = rng.standard_normal(60)  # tells nothing
        tests["p_b"] = rng.standard_normal(60)
        (row, _), _, _ = tag_rows(tests.astype({"track": "category", "run": "category"}))
        held += row["roc_auc_ci_low"] <= 0.5 <= row["roc_auc_ci_high"]
    assert 0.88 <= held / n_sets <= 1
