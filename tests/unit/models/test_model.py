"""Models that are modules: what they are told, what they learn, how they choose."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from earfield.errors import ConfigError, DatasetError
from earfield.models import majority, mel_logistic, mfcc_svm
from earfield.models.estimator import Task, choose, predict_with_module
from earfield.models.predictions import read_predictions

OPTIONS = {
    "mfcc_svm": {"c": [0.1, 10], "gamma": [0.3, 1], "inverse_temperature": [1, 4]},
    "mel_logistic": {"c": [0.01, 1]},
    "majority": {},
}
FEATURES = {"mfcc_svm": "mfcc", "mel_logistic": "mel_mean"}


def task(n_labels=3, n=20, distance=3.0, seed=0, labels_of_train=None):
    """Return a task of so many labels whose features lie so many standard deviations apart."""
    rng = np.random.default_rng(seed)
    centres = distance * rng.standard_normal((n_labels, 6)) / np.sqrt(6)
    truth = {subset: np.tile(np.arange(n_labels), n) for subset in ("train", "validation", "test")}
    if labels_of_train is not None:
        truth["train"] = np.tile(labels_of_train, n)
    features = {subset: centres[y] + rng.standard_normal((len(y), 6)) / 2 for subset, y in truth.items()}
    made = Task(
        labels=[f"label {number}" for number in range(n_labels)],
        tracks={subset: [f"{subset} {number}" for number in range(len(y))] for subset, y in truth.items()},
        targets={subset: y for subset, y in truth.items() if subset != "test"},
        features=features,
        shards=None,
        seed=1,
    )
    return made, truth["test"]


@pytest.mark.parametrize("module", [mfcc_svm, mel_logistic], ids=lambda module: module.__name__.split(".")[-1])
@pytest.mark.parametrize("n_labels", [2, 3, 5])
def test_what_can_be_told_apart_is_and_what_cannot_is_not(module, n_labels):
    options = OPTIONS[module.__name__.split(".")[-1]]
    made, truth = task(n_labels)
    probabilities = module.predict(made, **options)
    assert probabilities.shape == (len(truth), n_labels)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == truth).mean() > 0.8
    made, truth = task(n_labels, distance=0.0, n=40)
    assert abs((module.predict(made, **options).argmax(axis=1) == truth).mean() - 1 / n_labels) < 0.25


@pytest.mark.parametrize("module", [mfcc_svm, mel_logistic], ids=lambda module: module.__name__.split(".")[-1])
def test_label_without_training_tracks_has_no_probability(module):
    made, _ = task(4, labels_of_train=[0, 2, 3])
    probabilities = module.predict(made, **OPTIONS[module.__name__.split(".")[-1]])
    assert (probabilities[:, 1] == 0).all() and (probabilities[:, [0, 2, 3]] > 0).all()


def test_majority_names_the_commonest_training_label():
    made, truth = task(3, labels_of_train=[0, 2, 2])
    probabilities = majority.predict(made)
    assert (probabilities.argmax(axis=1) == 2).all() and len(probabilities) == len(truth)
    np.testing.assert_allclose(probabilities[0], [1 / 3, 0, 2 / 3])


def test_choice_is_by_accuracy_then_loss_then_order():
    targets = np.array([0, 1])
    tables = {
        "wrong": [[0.1, 0.9], [0.1, 0.9]],
        "unsure": [[0.6, 0.4], [0.4, 0.6]],
        "sure": [[0.9, 0.1], [0.1, 0.9]],
        "as sure": [[0.9, 0.1], [0.1, 0.9]],
    }
    best = choose({"name": tables}, lambda each: np.log(tables[each["name"]]), targets=targets)
    assert best == {"name": "sure"}


@pytest.fixture
def files(tmp_path):
    """A split and shards of features of tracks whose label is written into them."""
    made, _ = task(3)
    rows = [
        (f"{subset} {number}", f"label {number % 3}", subset)
        for subset in ("train", "validation", "test")
        for number in range(60)
    ]
    split = pd.DataFrame(rows, columns=["track", "label", "subset"]).sample(frac=1, random_state=1)
    split.to_csv(tmp_path / "split.csv", index=False)
    described = pd.concat(
        pd.DataFrame(made.features[subset]).assign(track=made.tracks[subset]) for subset in made.tracks
    ).sample(frac=1, random_state=2)
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path, part in zip(paths, (described[:70], described[70:]), strict=True):
        part[["track", *range(6)]].to_csv(path, index=False)
    return {
        "split": tmp_path / "split.csv",
        "features_paths": paths,
        "shards": None,
        "predictions_path": tmp_path / "predictions.csv",
        "seed": 1,
    }


@pytest.mark.parametrize("module", ["mfcc_svm", "mel_logistic"])
def test_features_meet_their_tracks_whatever_the_order_of_rows(files, module):
    predict_with_module(module=module, options=OPTIONS[module], **files)
    predictions = read_predictions(files["predictions_path"])
    split = pd.read_csv(files["split"])
    assert predictions.track.tolist() == split.track[split.subset == "test"].tolist()
    assert predictions.correct.mean() > 0.8


@pytest.mark.parametrize("module", ["mfcc_svm", "mel_logistic", "majority"])
def test_labels_of_test_tracks_change_nothing(files, module):
    predict_with_module(module=module, options=OPTIONS[module], **files)
    before = read_predictions(files["predictions_path"]).filter(like="p_")
    split = pd.read_csv(files["split"])
    tested = split.subset == "test"
    split.loc[tested, "label"] = split.label[tested].sample(frac=1, random_state=3).to_numpy()
    split.to_csv(files["split"], index=False)
    predict_with_module(module=module, options=OPTIONS[module], **files)
    pd.testing.assert_frame_equal(before, read_predictions(files["predictions_path"]).filter(like="p_"))


def test_wrong_probabilities_are_refused(files, monkeypatch):
    monkeypatch.setattr(majority, "predict", lambda task: np.ones((3, 2)))
    with pytest.raises(DatasetError, match=r"shape \(3, 2\) .* has to return shape \(60, 3\)"):
        predict_with_module(module="majority", options={}, **files)


@pytest.fixture
def tagged(files):
    """The tracks of `files` with two tags, of which the features tell the first, and one that all of them have."""
    split = pd.read_csv(files["split"])
    other = np.random.default_rng(0).uniform(size=len(split)) < 0.5
    split["label"] = [
        ";".join(["all", *(["heard"] if label == "label 0" else []), *(["other"] if own else [])])
        for label, own in zip(split.label, other, strict=True)
    ]
    split.to_csv(files["split"], index=False)
    return files, split[split.subset == "test"]


@pytest.mark.parametrize("module", ["mfcc_svm", "mel_logistic"])
def test_each_tag_is_learned_by_itself(tagged, module):
    files, tests = tagged
    predict_with_module(module=module, options=OPTIONS[module], tags=True, **files)
    predictions = pd.read_csv(files["predictions_path"])
    assert list(predictions)[3:] == ["p_all", "p_heard", "p_other"] and (predictions.p_all == 1).all()
    has = tests.label.str.contains("heard").to_numpy()
    assert roc_auc_score(has, predictions.p_heard) > 0.9
    right = predictions.predicted.str.contains("heard") == has
    assert right.mean() > 0.8
    sums = predictions[["p_heard", "p_other"]].sum(axis=1)
    assert sums.max() - sums.min() > 0.1  # they are no shares of one


def test_majority_is_the_frequency_of_each_tag(tagged):
    files, _ = tagged
    predict_with_module(module="majority", options={}, tags=True, **files)
    row = pd.read_csv(files["predictions_path"]).iloc[0]
    split = pd.read_csv(files["split"])
    train = split[split.subset == "train"]
    assert row.p_heard == pytest.approx(train.label.str.contains("heard").mean()) and row.p_all == 1


def test_nothing_to_choose_from_is_refused():
    with pytest.raises(ConfigError, match=r"An option in models\.<name>\.options is an empty list"):
        mel_logistic.predict(task()[0], c=[])
