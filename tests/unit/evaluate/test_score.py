"""Scores against examples worked out by hand and against SciPy."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from earfield.errors import DatasetError
from earfield.evaluate.score import (
    confusion,
    score,
    wilson_interval,
    write_confusion,
    write_metrics,
)
from earfield.models.predictions import read_predictions, write_predictions

# Six tracks of three labels and a fourth label that no track has. By hand: 4 of 6 right; recall 2/3, 1/2, 1/1.
EXAMPLE = [("1", "a", "a"), ("2", "a", "a"), ("3", "a", "b"), ("4", "b", "b"), ("5", "b", "d"), ("6", "c", "c")]
LABELS = ["a", "b", "c", "d"]
HARD_LABELS = ['R&B, "soul"', "Ελληνικά/λαϊκά", "01", "1", "NA", "None", "../x", "True", "1e3"]


def write_example(path, rows=EXAMPLE, labels=LABELS):
    """Write predictions that are sure of themselves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tracks = pd.DataFrame(rows, columns=["track", "label", "predicted"])
    sure = np.array([[float(label == predicted) for label in labels] for predicted in tracks.predicted])
    write_predictions(path, tracks=tracks, labels=labels, probabilities=sure)
    return path


def test_predictions_are_the_largest_probability(tmp_path):
    probabilities = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3], [0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3]])
    tracks = pd.DataFrame({"label": list("xyzx"), "track": list("stuv"), "path": "p"}, index=[7, 3, 5, 1])
    write_predictions(tmp_path / "p.csv", tracks=tracks, labels=["x", "y", "z"], probabilities=probabilities)
    table = pd.read_csv(tmp_path / "p.csv")
    assert list(table.columns) == ["track", "label", "predicted", "p_x", "p_y", "p_z"]
    assert table.track.tolist() == list("stuv") and table.label.tolist() == list("xyzx")
    assert table.predicted.tolist() == ["y", "x", "z", "x"]
    np.testing.assert_allclose(table.iloc[:, 3:], probabilities, atol=1e-9)


def test_score_of_the_example(tmp_path):
    scores = score(read_predictions(write_example(tmp_path / "p.csv")))
    assert scores["n_tracks"] == 6
    assert scores["accuracy"] == pytest.approx(4 / 6)
    assert (scores["ci_low"], scores["ci_high"]) == wilson_interval(4, 6)
    assert scores["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert scores["baseline"] == pytest.approx(3 / 6)
    assert scores["labels"] == LABELS
    assert scores["confusion"] == [[2, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert {label: (each["n_tracks"], each["recall"]) for label, each in scores["recall"].items()} == {
        "a": (3, pytest.approx(2 / 3)),
        "b": (2, 0.5),
        "c": (1, 1),
    }
    assert (scores["recall"]["b"]["ci_low"], scores["recall"]["b"]["ci_high"]) == wilson_interval(1, 2)


def test_label_that_is_never_predicted_keeps_its_column(tmp_path):
    rows = [("1", "a", "b"), ("2", "b", "b"), ("3", "c", "b")]
    counts = confusion(read_predictions(write_example(tmp_path / "p.csv", rows)))
    assert list(counts.index) == list(counts.columns) == LABELS
    assert counts.to_numpy().tolist() == [[0, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_hard_label_names_keep_their_meaning(tmp_path):
    rows = [(str(n), label, label) for n, label in enumerate(HARD_LABELS)]
    table = read_predictions(write_example(tmp_path / "p.csv", rows, HARD_LABELS))
    assert table.predicted.tolist() == table.label.tolist() == HARD_LABELS
    assert table.correct.all()
    write_metrics(tmp_path / "p.csv", tmp_path / "metrics.json")
    metrics = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["labels"] == sorted(HARD_LABELS) == sorted(metrics["recall"])
    assert metrics["confusion"] == np.eye(9, dtype=int).tolist()


@pytest.mark.parametrize("labels", [["01", "02"], ["1.0", "1.50"], ["1", "2"], ["NA", "nan"]])
def test_labels_that_look_like_numbers_are_text(tmp_path, labels):
    rows = [("1", labels[0], labels[0]), ("2", labels[1], labels[0])]
    assert read_predictions(write_example(tmp_path / "p.csv", rows, labels)).correct.tolist() == [True, False]


@pytest.mark.parametrize("column", ["track", "label", "predicted"])
def test_predictions_without_a_column_are_refused(tmp_path, column):
    path = write_example(tmp_path / "p.csv")
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
    with pytest.raises(DatasetError, match=f"p.csv lacks {column}; make it again"):
        read_predictions(path)


def test_predictions_without_a_track_are_refused(tmp_path):
    (tmp_path / "p.csv").write_text("track,label,predicted\n")
    with pytest.raises(DatasetError, match="p.csv holds no track; make it again"):
        read_predictions(tmp_path / "p.csv")


@given(st.integers(1, 3000), st.data())
def test_wilson_interval_is_scipys(n, data):
    hits = data.draw(st.integers(0, n))
    theirs = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson_interval(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_confusion_shares_add_up(tmp_path):
    again = [("1", "a", "a"), ("2", "a", "c")]
    paths = [write_example(tmp_path / "1.csv"), write_example(tmp_path / "2.csv", again)]
    write_confusion(paths, tmp_path / "confusion.csv")
    table = pd.read_csv(tmp_path / "confusion.csv")
    assert list(table.columns) == ["label", "predicted", "n_predictions", "fraction"]
    assert list(zip(table.label, table.predicted, strict=True)) == [(a, b) for a in "abc" for b in LABELS]
    assert table.n_predictions.tolist() == [3, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0]
    assert table.fraction.tolist() == [0.6, 0.2, 0.2, 0, 0, 0.5, 0, 0.5, 0, 0, 1, 0]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(HARD_LABELS), st.sampled_from(HARD_LABELS)), min_size=1, max_size=30))
def test_parts_agree_with_the_whole(tmp_path_factory, pairs):
    rows = [(str(n), *pair) for n, pair in enumerate(pairs)]
    path = write_example(tmp_path_factory.mktemp("score") / "p.csv", rows, HARD_LABELS)
    scores = score(read_predictions(path))
    matrix = np.array(scores["confusion"])
    assert scores["accuracy"] == np.mean([label == predicted for label, predicted in pairs])
    assert np.trace(matrix) / matrix.sum() == pytest.approx(scores["accuracy"])
    assert sum(each["n_tracks"] * each["recall"] for each in scores["recall"].values()) == pytest.approx(
        np.trace(matrix)
    )
