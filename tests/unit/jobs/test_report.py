"""The last words of a run."""

import csv
import json
import subprocess
import sys

import pytest

from earfield.jobs.summary import describe

ROW = {
    "protocol": "stratified",
    "model": "cnn",
    "seeds": 5,
    "n_tracks": 126,
    "n_predictions": 195,
    "accuracy": 0.61538,
    "ci_low": 0.5349,
    "ci_high": 0.69011,
    "sd": None,
    "balanced_accuracy": 0.6,
    "baseline": 0.1,
}


@pytest.fixture
def summary(tmp_path):
    """Return a function that writes the summary of a dataset named `mine`."""

    def write(models=(ROW,), problems=()):
        folder = tmp_path / "results/mine"
        (folder / "figures").mkdir(parents=True)
        (folder / "evaluate" / "stratified").mkdir(parents=True)
        (folder / "evaluate" / "stratified" / "summary.json").write_text(
            json.dumps({"models": list(models)}), encoding="utf-8"
        )
        (tmp_path / "data/mine/tracks").mkdir(parents=True)
        rows = [("fine", ""), *problems]
        with open(tmp_path / "data/mine/tracks/tracks.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("track", "problem"), *rows])
        return tmp_path

    return write


def test_it_says_how_accurate_how_sure_and_where_to_look(summary):
    root = summary()
    assert describe("mine", root=str(root)).splitlines() == [
        "mine, stratified, cnn: accuracy 61.5%, 95% interval 53.5% to 69.0% "
        "(195 predictions of 126 tracks, 5 seeds; most frequent label: 10.0%)",
        f"Figures: {root}/results/mine/figures/",
    ]


def test_it_has_a_line_for_each_model_and_knows_the_singular(summary):
    lines = describe("mine", root=str(summary(models=[ROW, ROW | {"model": "mfcc_svm", "seeds": 1}]))).splitlines()
    assert "cnn: accuracy" in lines[0] and "5 seeds;" in lines[0]
    assert "mfcc_svm: accuracy" in lines[1] and "1 seed;" in lines[1]


def test_it_says_which_tracks_were_left_out_and_why(summary):
    problems = [("jazz/Größe", "is silent"), ('a "b"', "ends after 0.50 s of audio; 2.96 s are needed")]
    lines = describe("mine", root=str(summary(problems=problems))).splitlines()
    assert lines[1:4] == [
        "2 of 3 tracks cannot be used:",
        "  'jazz/Größe' is silent",
        "  'a \"b\"' ends after 0.50 s of audio; 2.96 s are needed",
    ]


def test_it_names_recordings_under_two_labels(summary):
    root = summary()
    labels = {"one": "jazz", "copy": "blues", "again": "jazz", "silent": "pop"}
    rows = [(track, label, "is silent" * (track == "silent")) for track, label in labels.items()]
    with open(root / "data/mine/tracks/tracks.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("track", "label", "problem"), *rows])
    (root / "data/mine/splits").mkdir()
    duplicates = root / "data/mine/splits/duplicates.csv"
    duplicates.write_text("track,other,offset\nagain,one,0\none,silent,0\n", encoding="utf-8")
    assert not any("same recording" in line for line in describe("mine", root=str(root)).splitlines())
    duplicates.write_text("track,other,offset\nagain,one,0\ncopy,one,0\none,silent,0\n", encoding="utf-8")
    assert describe("mine", root=str(root)).splitlines()[3:5] == [
        "1 pair of tracks is the same recording under two labels; correct one or remove a track:",
        "  'copy' is 'blues' and 'one' is 'jazz'",
    ]


def test_it_has_nothing_to_say_before_there_is_anything(tmp_path):
    assert describe("mine", root=str(tmp_path)) == ""
    command = [sys.executable, "-m", "earfield.cli", "report", "mine"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode and "no results of 'mine'" in done.stderr


def test_a_long_list_of_tracks_left_out_is_cut(summary):
    lines = describe("mine", root=str(summary(problems=[(f"{n}", "is silent") for n in range(25)]))).splitlines()
    assert lines[1] == "25 of 26 tracks cannot be used:" and lines[21] == "  '19' is silent"
    assert lines[22].startswith("  ... and 5 more: column 'problem' of ")


def test_command_prints_the_same_and_imports_nothing_heavy(summary):
    root = summary()
    code = (
        "import sys; from earfield.cli import main; sys.argv = ['earfield', 'report', 'mine']; main();"
        "print({'numpy', 'pandas', 'tensorflow'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True).stdout
    assert out == describe("mine", root=str(root)).replace(f"{root}/", "") + "\nset()\n"


def test_it_says_how_well_filters_predict_and_against_what(summary):
    root = summary()
    (root / "results/mine/filters").mkdir()
    (root / "results/mine/filters/resemblance.csv").write_text(
        "protocol,measure,null,trained,null_value,difference,ci_low,ci_high,units,null_units,seeds\n"
        "stratified,separability,cnn_untrained,0.3,0.2,0.1,0.05,0.15,60,64,5\n"
        "stratified,r2_held_out,cnn_untrained,0.571,0.552,0.019,-0.022,0.059,60,64,5\n"
        "stratified,r2_held_out,cnn_shuffled,,,,,,60,0,0\n"
    )
    lines = describe("mine", root=str(root)).splitlines()
    assert lines[1:] == [
        "mine, stratified: mean R² of the filters on held-out tracks 0.57, cnn_untrained 0.55, 95% interval of the "
        "difference -0.02 to +0.06 (60 and 64 units, seeds: 5)",
        "mine, stratified: mean R² of the filters on held-out tracks: no filter to compare with cnn_shuffled",
        f"Filters and the auditory system, measure by measure: {root}/results/mine/filters/resemblance.csv",
        f"Figures: {root}/results/mine/figures/",
    ]
