"""The card of a network: its numbers are those of the run's files, and it reads as it should."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from markdown_it import MarkdownIt

from earfield.errors import ConfigError
from earfield.evaluate.model_card import Run, write_card
from earfield.evaluate.score import write_metrics
from earfield.evaluate.tag_scores import write_tag_metrics
from earfield.models.predictions import write_predictions
from earfield.statistics.proportions import wilson_interval

# Test tracks, their labels and what they were classified as. By hand: 5 of 8 correct; recall 1/4, 2/2, 2/2.
TESTED = [("t0", "a", "a"), ("t1", "a", "b"), ("t2", "a", "b"), ("t3", "a", "c")]
TESTED += [("t4", "b", "b"), ("t5", "b", "b"), ("t6", "c", "c"), ("t7", "c", "c")]
OTHERS = [(f"u{n}", label, "train") for n, label in enumerate("aabbc")]
OTHERS += [(f"u{n}", label, "validation") for n, label in enumerate("abc", start=5)]
HISTORY = [
    {"epoch": 1, "train_loss": 2.111, "train_accuracy": 0.25, "validation_loss": 1.9, "validation_accuracy": 0.5},
    {"epoch": 2, "train_loss": 1.222, "train_accuracy": 0.55, "validation_loss": 1.654, "validation_accuracy": 0.75},
    {"epoch": 3, "train_loss": 1.333, "train_accuracy": 0.65, "validation_loss": 1.777, "validation_accuracy": 0.75},
]
ENVIRONMENT = {
    "gpus": [],
    "machine": "x86_64",
    "onednn": True,
    "operating_system": "Linux glibc 2.36",
    "packages": {"earfield": None, "keras": "3.99.1"},
    "processor": "Some | Processor",
    "python": "CPython 3.12.99",
    "seed": 5,
    "tensorflow": {"version": "2.99.0", "cuda": True, "rocm": False, "cuda_version": "12.98"},
}
SETTINGS = {
    "front_end": {"sample_rate": 22050, "hop_length": 256},
    "segment": {"frames": 256, "overlap": 0.5},
    "network": {"conv": [{"filters": 48, "kernel": [3, 5]}, {"filters": 96, "kernel": [3, 3]}]},
    "train": {
        "optimizer": {"name": "adam", "learning_rate": 0.00123},
        "recipe": "random_segments",
        "max_epochs": 77,
        "patience": 11,
    },
    "shuffled_like": None,
}


@pytest.fixture
def card(tmp_path, tracks_csv):
    """Return a function that writes the files of a run and its card, and returns the card's text."""

    def write(*, tested=TESTED, changes=None, history=HISTORY, environment=ENVIRONMENT, settings=None, **options):
        labels = sorted({label for _, label, _ in tested} | {predicted for *_, predicted in tested})
        predictions = pd.DataFrame(tested, columns=["track", "label", "predicted"])
        sure = np.array([[float(label == predicted) for label in labels] for predicted in predictions.predicted])
        write_predictions(tmp_path / "p.csv", tracks=predictions, labels=labels, probabilities=sure)
        write_metrics(tmp_path / "p.csv", tmp_path / "metrics.json")
        split = [(track, label, "test") for track, label, _ in tested] + OTHERS
        pd.DataFrame(split, columns=["track", "label", "subset"]).to_csv(tmp_path / "split.csv", index=False)
        rows = {track: {"track": track, "label": label, "seconds": 450.0} for track, label, _ in split}
        for track, change in (changes or {}).items():
            rows[track] = {"track": track, "label": "a"} | rows.get(track, {}) | change
        columns = ["epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]
        pd.DataFrame(history, columns=columns).to_csv(tmp_path / "history.csv", index=False)
        (tmp_path / "environment.json").write_text(json.dumps(environment))
        names = {"dataset": "songs", "protocol": "stratified", "seed": 5, "model": "cnn"}
        run = Run(**{name: options.pop(name, value) for name, value in names.items()})
        of_source = {"source": options.pop("source", "files")}
        write_card(
            tmp_path / "run" / "MODEL_CARD.md",
            tracks=tracks_csv(list(rows.values())),
            split=tmp_path / "split.csv",
            training=(tmp_path / "history.csv", tmp_path / "environment.json"),
            run=run,
            settings=SETTINGS | of_source | (settings or {}),
            **({"metrics": tmp_path / "metrics.json"} | options),
        )
        return (tmp_path / "run" / "MODEL_CARD.md").read_text(encoding="utf-8")

    return write


def section(text, name):
    """Return what stands under a heading."""
    return text.split(f"\n## {name}\n")[1].split("\n## ")[0]


def rendered_tables(text):
    """Return the cells of all tables as a reader sees them."""
    tables, row = [], None
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            row = []
            tables[-1].append(row)
        elif token.type == "inline" and row is not None:
            row.append("".join(child.content for child in token.children))
        elif token.type == "table_close":
            row = None
    return tables


def test_results_are_those_of_the_metrics(card):
    text = section(card(), "Results")
    low, high = wilson_interval(5, 8)
    assert "**62.5% of 8 test tracks are classified correctly** (5)" in text
    assert f"interval {low:.1%} – {high:.1%}" in text
    assert "most frequent label would be correct for 50.0%" in text
    assert f"mean recall over labels is {(1 / 4 + 1 + 1) / 3:.1%}" in text
    assert "The interval contains that fraction" in text
    assert "Most frequent confusion: a classified as b (2 of 4 tracks)." in text
    bounds = wilson_interval(1, 4)
    assert ["a", "25.0%", "4", f"{bounds[0]:.1%} – {bounds[1]:.1%}"] in rendered_tables(text)[0]


def test_results_of_tags_are_those_of_the_metrics(card, tmp_path):
    """Four tracks with two tags: `a` is ranked rightly, `b` has one of its two tracks below another's."""
    table = pd.DataFrame({"track": ["t0", "t1", "t2", "t3"], "label": ["a", "a;b", "b", "a"]})
    probabilities = np.array([[0.9, 0.2], [0.8, 0.1], [0.3, 0.7], [0.6, 0.0]])
    write_predictions(tmp_path / "tags.csv", tracks=table, labels=["a", "b"], probabilities=probabilities, tags=True)
    write_tag_metrics(tmp_path / "tags.csv", tmp_path / "tags.json")
    history = [{"epoch": epoch, "train_loss": 2.1, "validation_loss": loss} for epoch, loss in ((1, 1.9), (2, 1.5))]
    tested = [(row.track, row.label, row.label) for row in table.itertuples()]
    text = card(tested=tested, history=history, metrics=tmp_path / "tags.json")
    found = section(text, "Results")
    assert "Area under the ROC curve 0.88" in found  # 1 and 3/4
    assert (
        "4 test tracks; chance level 0.50" in found and "chance level 0.62, the fraction of tracks with a tag" in found
    )
    rows = {row[0]: row for row in rendered_tables(found)[0]}
    assert rows["a"][1:4] == [
        "3",
        "1.00",
        "none",
    ]  # one track without it: nobody knows how far another one would move it
    assert rows["b"][1:3] == ["2", "0.75"]
    counts = {row[0]: row[1:] for row in rendered_tables(section(text, "Data"))[0]}
    assert counts["a"] == ["2", "1", "3", "6"] and counts["b"] == ["2", "1", "2", "5"]
    training = section(text, "Training")
    assert "Epoch 2 was kept, the best by validation loss." in training and "accuracy" not in training
    assert "misclassified" not in text and "a probability for each of its 2 tags" in text


def test_other_predictions_give_another_card(card):
    right = [(track, label, label) for track, label, _ in TESTED]
    text = card(tested=right)
    assert "**100.0% of 8 test tracks are classified correctly** (8)" in text
    assert "No test track was misclassified." in text and "The interval contains" not in text
    assert "0 of 8 test tracks were misclassified" in text
    once = [*right[:-1], ("t7", "c", "b")]
    text = card(tested=once)
    assert "No two labels were confused more than once; 1 track was misclassified." in text
    assert "1 of 8 test tracks was misclassified" in text


def test_label_without_a_test_track_is_not_tested(card):
    assert ["d", "not tested", "0", ""] in rendered_tables(
        section(card(tested=[*TESTED, ("t8", "c", "d")]), "Results")
    )[0]


def test_data_are_counted_by_label_and_subset(card):
    text = section(card(), "Data")
    assert "16 tracks of 3 labels, 2.00 hours of audio" in text
    assert "No track was left out." in text
    assert rendered_tables(text)[0][1:] == [
        ["a", "2", "1", "4", "7"],
        ["b", "2", "1", "2", "5"],
        ["c", "1", "1", "2", "4"],
        ["all", "5", "3", "8", "16"],
    ]


def test_reasons_are_counted_without_what_is_of_one_track_alone(card):
    problems = ["ends after 1.20 s of audio; 2.96 s are needed", "ends after 0.51 s of audio; 2.96 s are needed"]
    problems += [
        "is silent",
        "cannot be read as audio (x)",
        "cannot be read as audio (y)",
        "another recording: md5 1f, known is 2e",
    ]
    text = section(card(changes={f"w{n}": {"problem": each} for n, each in enumerate(problems)}), "Data")
    assert "6 of 22 tracks could not be used and were left out" in text
    assert "16 tracks of 3 labels, 2.00 hours" in text
    assert rendered_tables(text)[1][1:] == [
        ["cannot be read as audio", "2"],
        ["ends after … s of audio; … s are needed", "2"],
        ["another recording", "1"],
        ["is silent", "1"],
    ]


def test_artists_on_both_sides_are_counted(card):
    changes = {"t0": {"artist": "X"}, "t1": {"artist": "X"}, "t2": {"artist": "Y"}, "u0": {"artist": "X"}}
    changes |= {"u5": {"artist": "Y"}}  # of a validation track
    text = section(card(changes=changes), "Protocol")
    assert "5 for training, 3 for validation and 8 for test" in text
    assert "2 of 8 test tracks are by an artist of the training set" in text
    assert "The artist is unknown for 5 test tracks and 4 training tracks; the true number may be larger." in text


def test_all_artists_known(card):
    changes = {track: {"artist": track} for track, *_ in TESTED + OTHERS}
    text = section(card(changes=changes), "Protocol")
    assert "0 of 8 test tracks are by" in text and "0 test tracks and 0 training tracks." in text
    assert "1 of 8 test tracks is by" in section(card(changes=changes | {"t3": {"artist": "u2"}}), "Protocol")


def test_no_artist_known(card):
    text = section(card(), "Protocol")
    assert "No artist is known, so the number" in text and "which can inflate" not in text


def test_files_on_both_sides_are_counted(card):
    assert "0 test tracks are byte-identical" in card()
    changes = {"t0": {"sha256": "1f"}, "u0": {"sha256": "1f"}, "t1": {"sha256": "2e"}, "u5": {"sha256": "2e"}}
    assert "1 test track is byte-identical to a training track." in card(changes=changes)


def test_training_is_that_of_the_best_epoch(card):
    text = section(card(), "Training")
    assert "3 epochs were run. Epoch 2 was kept" in text
    results, settings = rendered_tables(text)
    assert [row[1:] for row in results[1:]] == [["1.222", "55.0%"], ["1.654", "75.0%"]]
    assert dict(settings[1:]) == {
        "front_end.sample_rate": "22050",
        "front_end.hop_length": "256",
        "segment.frames": "256",
        "segment.overlap": "0.5",
        "network.conv.0.filters": "48",
        "network.conv.0.kernel": "[3, 5]",
        "network.conv.1.filters": "96",
        "network.conv.1.kernel": "[3, 3]",
        "train.recipe": "random_segments",
        "train.optimizer.name": "adam",
        "train.optimizer.learning_rate": "0.00123",
        "train.max_epochs": "77",
        "train.patience": "11",
    }


def test_network_with_true_labels_is_no_control(card):
    text = card()
    assert "control" not in text.lower() and "trained on true labels" not in text


def test_untrained_network_is_said_to_be_a_control(card):
    text = card(history=[], settings={"train": SETTINGS["train"] | {"max_epochs": 0}}, model="cnn_untrained")
    assert "**This is a control.** The network was not trained" in text.split("## Model description")[0]
    assert "not trained on true labels" in text and "Labelling music" in section(text, "Out-of-scope uses")
    assert "No epoch was run." in text
    assert not [row for table in rendered_tables(text) for row in table if row[0].startswith("train.")]


def test_network_on_shuffled_labels_is_said_to_be_a_control(card):
    text = card(settings={"shuffled_like": "cnn"}, model="cnn_shuffled")
    assert (
        "**This is a control.** The labels of its training tracks were shuffled"
        in text.split("## Model description")[0]
    )
    assert "not trained on true labels" in text and "Labelling music" in section(text, "Out-of-scope uses")
    training = section(text, "Training")
    assert "3 epochs were run, up to the number of the best epoch of cnn, and the last one was kept." in training
    results, settings = rendered_tables(training)
    assert "shuffled labels" in results[1][0] and results[1][1] == "1.333"
    assert not {"train.max_epochs", "train.patience"} & set(dict(settings))


def test_network_that_copies_an_untrained_one_is_untrained(card):
    text = card(history=[], settings={"shuffled_like": "cnn"})
    assert "**This is a control.** The network was not trained" in text and "No epoch was run." in text


HARD = ["R&B | *soul*", "<b>", "[x](y)", "a_b_c", "`code`", "#1", "~~no~~", "\\|", "a  &amp; $x$", "-"]


def test_names_are_shown_as_they_are(card):
    tested = [*TESTED, *((f"h{n}", label, label) for n, label in enumerate(HARD))]
    text = card(tested=tested, dataset="my_own_songs", model="cnn_b")
    tables = rendered_tables(text)
    wanted = {" ".join(label.split()) for label in HARD}
    assert wanted <= {row[0] for row in rendered_tables(section(text, "Results"))[0]}
    assert wanted <= {row[0] for row in rendered_tables(section(text, "Data"))[0]}
    for table in tables:
        assert {len(row) for row in table} == {len(table[0])}
    title = MarkdownIt().parse(text.split("\n---\n", 1)[1])[1]
    assert "".join(child.content for child in title.children).startswith(
        "cnn_b on my_own_songs: stratified split, seed 5"
    )


def test_confused_names_are_shown_as_they_are(card):
    tested = [(f"h{n}", "R&B | *soul*", "<b>") for n in range(3)]
    html = MarkdownIt().render(section(card(tested=[*TESTED, *tested]), "Results"))
    assert "R&amp;B | *soul* classified as &lt;b&gt; (3 of 3 tracks)" in html


def test_limits_and_licence_are_those_of_the_source(card):
    demo, gtzan, files = (card(source=source) for source in ("demo", "gtzan", "files"))
    assert "results do not show how well" in demo and "synthetic music" in demo
    assert "https://arxiv.org/abs/1306.1461" in section(gtzan, "Known faults of the data")
    assert "no licence that allows redistribution" in section(gtzan, "Licence")
    assert "not documented here" in section(files, "Licence") and "Not documented here" in section(
        files, "Known faults of the data"
    )
    for text, foreign in ((demo, "GTZAN"), (files, "GTZAN"), (gtzan, "synthetic")):
        assert foreign not in text
    for text in (demo, gtzan, files):
        assert "Code: MIT." in section(text, "Licence") and "royalties" in text
        assert "https://arxiv.org/abs/1802.09697" in section(text, "Model description")


def test_unknown_source_is_refused(card, tmp_path):
    with pytest.raises(ConfigError, match=r"datasets.songs.source is 'tape', which is none of gtzan, demo, files"):
        card(source="tape")
    assert not (tmp_path / "run").exists()


def test_faults_of_gtzan_are_counted_among_the_tracks_used(card, tmp_path):
    known = pd.DataFrame({"track": [track for track, *_ in TESTED + OTHERS] + ["unused"], "artist": "X"})
    known = known.assign(wav_md5=[f"{n:x}" for n in range(len(known))], fault_filtered="train").set_index("track")
    known.loc[["t0", "t1", "u0", "unused"], "fault_filtered"] = "excluded"
    known.loc[["t2", "u5"], "wav_md5"] = "same"
    known.loc[["unused", "u1"], "wav_md5"] = "same, but one is not used"
    known.loc[["u3", "unused"], "artist"] = ""
    known.to_csv(tmp_path / "facts.csv")
    text = section(card(source="gtzan", facts=tmp_path / "facts.csv"), "Known faults of the data")
    assert "Of the 16 tracks of GTZAN that are used here" in text
    assert [row[1:] for row in rendered_tables(text)[0][1:]] == [
        ["1", "0", "2", "3"],
        ["0", "1", "1", "2"],
        ["1", "0", "0", "1"],
    ]
    assert rendered_tables(section(card(source="gtzan"), "Known faults of the data")) == []


def test_environment_is_that_of_the_training(card):
    rows = dict(rendered_tables(section(card(), "Environment"))[0])
    assert rows["Python"] == "CPython 3.12.99" and rows["processor"] == "Some | Processor"
    assert rows["GPU"] == "none" and rows["oneDNN"] == "on" and rows["seed"] == "5"
    assert rows["TensorFlow"] == "2.99.0, built with CUDA, cuda 12.98"
    assert rows["keras"] == "3.99.1" and rows["earfield"] == "not installed as a package"
    other = ENVIRONMENT | {
        "gpus": ["A", "B"],
        "onednn": False,
        "tensorflow": {"version": "1", "cuda": False, "rocm": False},
    }
    rows = dict(rendered_tables(section(card(environment=other), "Environment"))[0])
    assert (
        rows["GPU"] == "A, B" and rows["oneDNN"] == "off" and rows["TensorFlow"] == "1, built without support of GPUs"
    )


def test_card_is_the_same_every_time_and_has_every_section(card):
    text = card()
    assert card() == text and text.endswith("|\n") and "\n\n\n" not in text
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [
        *["Model description", "How to use", "Data", "Protocol", "Training", "Results", "Out-of-scope uses"],
        *["Known faults of the data", "Licence", "Environment"],
    ]


def test_header_is_that_of_a_model_card_on_the_hub(card):
    header = yaml.safe_load(card(source="demo").split("---\n")[1])
    assert header["license"] == "mit" and header["pipeline_tag"] == "audio-classification"
    (model,) = header["model-index"]
    (result,) = model["results"]
    assert model["name"] == "cnn" and result["dataset"]["type"] == "songs"
    assert result["metrics"][0] == {"type": "accuracy", "value": 0.625}
    assert yaml.safe_load(card(source="gtzan").split("---\n")[1])["license"] == "unknown"


def test_use_of_the_network_is_shown(card):
    code = section(card(), "How to use").split("```python\n")[1].split("```")[0]
    compile(code, "card", "exec")
    network = {"network": SETTINGS["network"] | {"context": {"frames": 128}}}
    assert "takes two inputs" in section(card(settings=network), "How to use")


def test_card_needs_no_tensorflow():
    code = "import sys, earfield.evaluate.model_card, earfield.train.environment; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_recipe_of_the_published_code_keeps_the_last_epoch(card):
    settings = SETTINGS | {"train": SETTINGS["train"] | {"recipe": "published_code"}}
    assert "with the recipe of the paper's published code, and the last one was kept" in card(settings=settings)
