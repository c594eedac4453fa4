"""The tables over runs: by hand where few tests allow it, and against what the tests were made with."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from earfield.claims.evidence import read_table
from earfield.errors import DatasetError
from earfield.evaluate.dataset_tables import write_dataset_tables
from earfield.evaluate.protocol_tables import write_protocol_tables
from earfield.models.predictions import write_predictions

LABELS = ["a", "b", "c", "d"]
# Six tracks of three labels and a fourth label that no track has. By hand: 4 of 6 right; recall 2/3, 1/2, 1/1.
EXAMPLE = [("1", "a", "a"), ("2", "a", "a"), ("3", "a", "b"), ("4", "b", "b"), ("5", "b", "d"), ("6", "c", "c")]
OTHER = [("1", "a", "a"), ("7", "b", "a"), ("8", "c", "a"), ("9", "c", "c")]
NAMES = ("table", "facts", "paired", "recall", "calibration", "excerpts")


def write_run(root, run, rows, *, sure=1.0, labels=LABELS):
    """Write the predictions of a run, `protocol/seed/model`, as sure of themselves as that."""
    path = root / "results/demo" / run / "predictions.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    tracks = pd.DataFrame(rows, columns=["track", "label", "predicted"])
    rest = (1 - sure) / (len(labels) - 1)
    shares = np.array([[sure if label == each else rest for label in labels] for each in tracks.predicted])
    write_predictions(path, tracks=tracks, labels=labels, probabilities=shares)
    return path


@pytest.fixture
def tables(tmp_path, tracks_csv):
    """Return a function that writes the tables of a protocol and reads them."""
    tracks = tracks_csv([{"track": str(n), "problem": "is silent" if n == 11 else ""} for n in range(1, 13)])

    def make(runs, excerpts=(), **options):
        paths = [write_run(tmp_path, run, rows, **options) for run, rows in runs.items()]
        files = {name: tmp_path / f"{name}.csv" for name in NAMES}
        write_protocol_tables(predictions=paths, excerpts=excerpts, tracks=tracks, paths=files)
        found = {name: pd.read_csv(tmp_path / f"{name}.csv", dtype={"bin": str}) for name in NAMES if name != "facts"}
        return found | {"facts": json.loads((tmp_path / "facts.csv").read_text())}

    return make


RUNS = {
    "stratified/1/cnn": EXAMPLE,
    "stratified/2/cnn": OTHER,
    "stratified/10/cnn": EXAMPLE,
    "stratified/1/mfcc": EXAMPLE,
}


def test_summary_has_a_row_for_each_model(tables):
    table = tables(RUNS)["table"]
    assert list(table.columns) == [
        *["protocol", "model", "seeds", "n_tracks", "n_predictions", "accuracy", "ci_low", "ci_high", "sd"],
        *["balanced_accuracy", "baseline"],
    ]
    cnn, mfcc = (table[table.model == model].iloc[0] for model in ("cnn", "mfcc"))
    assert (table.protocol == "stratified").all() and len(table) == 2
    assert (cnn.seeds, cnn.n_tracks, cnn.n_predictions) == (3, 9, 16)
    assert cnn.accuracy == pytest.approx(10 / 16)
    assert cnn.sd == pytest.approx(np.std([4 / 6, 2 / 4, 4 / 6], ddof=1), abs=1e-6)
    one, other = (2 / 3 + 1 / 2 + 1) / 3, (1 + 0 + 1 / 2) / 3
    assert cnn.balanced_accuracy == pytest.approx((2 * one + other) / 3, abs=1e-6)
    assert cnn.baseline == pytest.approx(0.5)
    assert cnn.ci_low < cnn.accuracy < cnn.ci_high
    assert (mfcc.seeds, mfcc.n_tracks, mfcc.n_predictions) == (1, 6, 6)
    assert math.isnan(mfcc.sd)


def test_facts_are_plain_and_say_what_was_left_out(tables):
    found = tables(RUNS)
    table, facts = found["table"], found["facts"]
    assert facts["n_tracks"] == 12 and facts["unusable"] == {"11": "is silent"}
    assert [each["sd"] for each in facts["models"] if each["model"] == "mfcc"] == [None]
    columns = [column for column in table if column != "sd"]
    assert pd.DataFrame(facts["models"])[columns].to_numpy().tolist() == table[columns].to_numpy().tolist()
    for row in facts["models"]:
        assert facts["test"][row["protocol"]][row["model"]] == {
            key: row[key] for key in ("accuracy", "ci_low", "ci_high")
        }


def test_pairs_are_of_the_runs_that_both_have(tables):
    better = [*EXAMPLE[:2], ("3", "a", "a"), ("4", "b", "c"), *EXAMPLE[4:]]
    table = tables({**RUNS, "stratified/1/mfcc": better})["paired"]
    assert list(zip(table.model, table.other, strict=True)) == [("cnn", "mfcc"), ("mfcc", "cnn")]
    row, turned = table.iloc[0], table.iloc[1]
    assert (row.seeds, row.n_tracks, row.n_predictions) == (1, 6, 6)
    assert (row.accuracy, row.other_accuracy, row.difference) == pytest.approx((4 / 6, 4 / 6, 0), abs=1e-6)
    assert (row.disagreements, row.tracks_disagreed, row.p_value) == (2, 2, 1.0)
    assert (turned.ci_low, turned.ci_high) == pytest.approx((-row.ci_high, -row.ci_low))


def test_model_against_itself_is_not_told_apart(tables):
    row = tables({"p/1/x": EXAMPLE, "p/1/y": EXAMPLE})["paired"].iloc[0]
    assert (row.difference, row.disagreements, row.p_value) == (0, 0, 1) and row.ci_low < 0 < row.ci_high


def test_models_of_other_splits_are_refused(tables):
    with pytest.raises(DatasetError, match="only one of 'x' and 'y' has a prediction for '1' in run 1"):
        tables({"p/1/x": EXAMPLE, "p/1/y": EXAMPLE[1:]})


def test_one_model_has_nobody_to_be_compared_with(tables):
    found = tables({"p/1/x": EXAMPLE})
    assert found["paired"].empty and "p_value" in found["paired"] and found["excerpts"].empty


def test_pair_that_cannot_be_equal_has_a_probability_all_the_same(tables):
    rows = [(str(n), "a", "a") for n in range(40)]
    row = tables({"p/1/x": rows, "p/1/y": [(track, "a", "b") for track, _, _ in rows]})["paired"].iloc[0]
    assert (row.difference, row.p_value, row.tracks_disagreed) == (1, 1e-6, 40) and row.ci_high == 1


def test_models_without_a_run_in_common_are_not_compared(tables):
    row = tables({"p/1/x": EXAMPLE, "p/2/y": EXAMPLE})["paired"].iloc[0]
    assert row.n_predictions == 0 and math.isnan(row.difference) and math.isnan(row.p_value)


def test_recall_is_of_the_tests_of_a_label(tables):
    table = tables(RUNS)["recall"].query("model == 'cnn'").set_index("label")
    assert table.recall.to_dict() == pytest.approx({"a": 5 / 7, "b": 2 / 5, "c": 3 / 4}, abs=1e-6)
    assert table.n_predictions.to_dict() == {"a": 7, "b": 5, "c": 4} and table.n_tracks.to_dict() == {
        "a": 3,
        "b": 3,
        "c": 3,
    }
    assert ((table.ci_low < table.recall) & (table.recall < table.ci_high)).all()


@pytest.mark.parametrize("sure", [0.3, 0.7, 1.0])
def test_calibration_is_share_right_less_probability(tables, sure):
    table = tables({"p/1/x": EXAMPLE}, sure=sure)["calibration"]
    assert table.bin.tolist() == [str(min(10, int(sure * 10) + 1)), "all"]
    bin_, whole = table.iloc[0], table.iloc[1]
    assert bin_["from"] <= sure <= bin_["to"]
    assert (bin_.confidence, bin_.accuracy) == pytest.approx((sure, 4 / 6), abs=1e-6)
    assert math.isnan(bin_.brier)
    assert whole.calibration_error == pytest.approx(abs(sure - 4 / 6), abs=1e-6)
    rest = (1 - sure) / 3
    right = (1 - sure) ** 2 + 3 * rest**2
    wrong = sure**2 + (1 - rest) ** 2 + 2 * rest**2
    assert whole.brier == pytest.approx((4 * right + 2 * wrong) / 6, abs=1e-6)


def test_label_that_a_run_does_not_know_has_no_probability_there(tmp_path, tracks_csv):
    paths = [write_run(tmp_path, "p/1/x", EXAMPLE), write_run(tmp_path, "p/2/x", EXAMPLE[:3], labels=["a", "b"])]
    files = {name: tmp_path / f"{name}.csv" for name in NAMES}
    write_protocol_tables(predictions=paths, excerpts=[], tracks=tracks_csv([{"track": "1"}]), paths=files)
    whole = pd.read_csv(tmp_path / "calibration.csv").iloc[-1]
    assert (whole.n_predictions, whole.confidence) == (9, 1) and whole.brier == pytest.approx(2 * 3 / 9, abs=1e-6)


def test_longer_is_compared_with_the_shortest_on_the_same_tests(tables, tmp_path):
    path = tmp_path / "results/demo/p/1/x/excerpts.csv"
    path.parent.mkdir(parents=True)
    rows = [
        ("1", "a", 3.0, 4, 2),
        ("1", "a", 6.0, 2, 2),
        ("2", "b", 3.0, 4, 1),
        ("2", "b", 6.0, 2, 1),
        ("3", "b", 3.0, 1, 1),
    ]
    pd.DataFrame(rows, columns=["track", "label", "seconds", "positions", "hits"]).to_csv(path, index=False)
    table = tables({"p/1/x": EXAMPLE}, excerpts=[path])["excerpts"].set_index("seconds")
    assert table.accuracy.to_dict() == pytest.approx({3.0: (2 / 4 + 1 / 4 + 1) / 3, 6.0: (1 + 1 / 2) / 2}, abs=1e-6)
    assert table.n_predictions.to_dict() == {3.0: 3, 6.0: 2}
    assert table.gain[6.0] == pytest.approx((1 / 2 + 1 / 4) / 2) and table.gain_ci_low[6.0] < table.gain[6.0]
    assert table.gain[3.0] == 0 and math.isnan(table.gain_ci_low[3.0])


@pytest.fixture
def dataset(tmp_path, tracks_csv):
    """Two protocols of a model called 01, one of which has a part of the training tracks, and their tables."""
    tracks = tracks_csv([{"track": "1"}])
    runs = {"full/1/01": EXAMPLE, "full/2/01": EXAMPLE, "half/1/01": [*EXAMPLE[:3], ("4", "b", "a"), *EXAMPLE[4:]]}
    paths = [write_run(tmp_path, run, rows) for run, rows in runs.items()]
    summaries = []
    for protocol in ("full", "half"):
        files = {name: tmp_path / f"{protocol}_{name}.csv" for name in NAMES}
        own = [path for path in paths if path.parts[-4] == protocol]
        write_protocol_tables(predictions=own, excerpts=[], tracks=tracks, paths=files)
        summaries.append(files["table"])
    costs = []
    for path, seconds in zip(paths[:2], (1.0, 3.0), strict=True):
        costs.append(path.with_name("cost.json"))
        costs[-1].write_text(json.dumps({"seconds": seconds, "peak_mb": 100 * seconds, "processors": 2}))
    splits = []
    for name, train in (("full/1", 6), ("full/2", 8), ("half/1", 3)):
        splits.append(tmp_path / "splits" / f"{name}.csv")
        splits[-1].parent.mkdir(parents=True, exist_ok=True)
        rows = pd.DataFrame(
            {"track": map(str, range(10)), "label": "a", "subset": ["train"] * train + ["test"] * (10 - train)}
        )
        rows.to_csv(splits[-1], index=False)
    files = {f"{name}_path": tmp_path / f"{name}.csv" for name in ("summary", "protocols", "learning_curve")}
    curves = {"full": ("full", 1.0), "half": ("full", 0.5)}
    write_dataset_tables(summaries=summaries, costs=costs, predictions=paths, splits=splits, curves=curves, **files)
    return {name: pd.read_csv(tmp_path / f"{name}.csv") for name in ("summary", "protocols", "learning_curve")}


def test_cost_is_the_mean_time_and_the_largest_memory(dataset):
    summary = dataset["summary"].set_index("protocol")
    assert (summary.train_seconds["full"], summary.peak_mb["full"]) == (2, 300)
    assert math.isnan(summary.train_seconds["half"])


def test_protocols_are_compared_both_ways_on_common_tracks(dataset):
    table = dataset["protocols"].set_index(["protocol", "other"])
    row = table.loc[("full", "half")]
    assert (row.accuracy, row.other_accuracy) == pytest.approx((4 / 6, 3 / 6), abs=1e-6) and row.n_tracks == 6
    assert row.difference == pytest.approx(1 / 6, abs=1e-6) and row.ci_low < row.difference < row.ci_high
    assert table.loc[("half", "full")].difference == pytest.approx(-row.difference)


def test_run_in_the_tables_of_two_protocols_counts_once(dataset, tmp_path):
    summary = tmp_path / "summary_of_variants.csv"
    whole = pd.read_csv(tmp_path / "summary.csv", dtype=str)
    variant = whole[whole.protocol == "full"].assign(model="variant")
    pd.concat([whole[whole.protocol == "full"].assign(accuracy="0.123"), variant]).to_csv(summary, index=False)
    files = {f"{name}_path": tmp_path / f"both_{name}.csv" for name in ("summary", "protocols", "learning_curve")}
    both = [tmp_path / "summary.csv", summary]
    write_dataset_tables(summaries=both, costs=[], predictions=[], splits=[], curves={}, **files)
    found = pd.read_csv(files["summary_path"])
    names = ["protocol", "model"]
    assert found[names].values.tolist() == [*whole[names].values.tolist(), ["full", "variant"]]
    assert 0.123 not in found.accuracy.tolist()
    assert read_table("summary", both)[names].values.tolist() == found[names].values.tolist()


def test_curve_of_one_point_is_left_out(dataset, tmp_path):
    files = {f"{name}_path": tmp_path / f"some_{name}.csv" for name in ("summary", "protocols", "learning_curve")}
    write_dataset_tables(
        summaries=[tmp_path / "full_table.csv"],
        costs=[],
        predictions=[tmp_path / "results/demo/full/1/01/predictions.csv"],
        splits=[tmp_path / "splits/full/1.csv"],
        curves={"full": ("full", 1.0), "half": ("full", 0.5)},
        **files,
    )
    assert len(dataset["learning_curve"]) == 2 and pd.read_csv(files["learning_curve_path"]).empty


def test_one_protocol_has_nothing_to_be_compared_with(tmp_path, tables):
    tables({"p/1/x": EXAMPLE})
    files = {f"{name}_path": tmp_path / f"all_{name}.csv" for name in ("summary", "protocols", "learning_curve")}
    paths = [tmp_path / "results/demo/p/1/x/predictions.csv"]
    write_dataset_tables(summaries=[tmp_path / "table.csv"], costs=[], predictions=paths, splits=[], curves={}, **files)
    for name, column in (("protocols", "difference"), ("learning_curve", "train_fraction")):
        assert column in (table := pd.read_csv(files[f"{name}_path"])) and table.empty
    summary = pd.read_csv(files["summary_path"])
    assert len(summary) == 1 and summary[["sd", "train_seconds", "peak_mb"]].isna().all(axis=None)


def test_learning_curve_goes_by_the_tracks_that_were_trained_on(dataset):
    curve = dataset["learning_curve"]
    assert curve.protocol.unique().tolist() == ["full"]
    assert list(zip(curve.train_fraction, curve.train_tracks, curve.seeds, strict=True)) == [(0.5, 3, 1), (1, 7, 2)]
