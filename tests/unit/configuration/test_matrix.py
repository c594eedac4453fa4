"""Which runs a configuration asks for."""

import copy
import itertools

import pytest

from earfield.configuration.run_grid import (
    estimates_receptive_fields,
    in_file_order,
    in_table_order,
    learning_curves,
    model_settings,
    models_of,
    networks_of,
    protocols_of,
    runs_of,
    split_settings,
    splits_of,
)

CONFIG = {
    "datasets": {"all": {"seeds": [3, 5, 8]}, "own": {"seeds": [1, 2], "protocols": ["half", "plain"]}},
    "protocols": {
        "plain": {"kind": "stratified", "ratio": [5, 2, 3]},
        "half": {"kind": "stratified", "ratio": [5, 2, 3], "train_fraction": 0.5, "seeds": 2, "models": ["net"]},
        "other": {"kind": "stratified", "ratio": [1, 1, 1], "train_fraction": 0.5},
        "given": {"kind": "file", "path": "split.csv"},
        "folds": {"kind": "cross_validation", "folds": 4, "seeds": 2},
        "more_folds": {"kind": "cross_validation", "folds": 4, "seeds": 3, "models": ["svm"]},
    },
    "models": {"net": {}, "svm": {"module": "mfcc_svm"}, "untrained": {"train": {"max_epochs": 0}}},
}


def test_dataset_runs_the_protocols_that_it_names_or_all_but_files():
    assert protocols_of(CONFIG, "own") == ["half", "plain"]
    assert protocols_of(CONFIG, "all") == ["plain", "half", "other", "folds"]


def test_runs_are_the_first_seeds():
    assert runs_of(CONFIG, "all", "plain") == [3, 5, 8]
    assert runs_of(CONFIG, "all", "half") == [3, 5]


def test_each_fold_of_each_seed_is_a_run_of_its_own_number():
    runs = runs_of(CONFIG, "all", "folds")
    assert [divmod(run, 4) for run in runs] == [(seed, fold) for seed in (3, 5) for fold in range(4)]


@pytest.mark.parametrize("protocol", CONFIG["protocols"])
def test_added_seed_adds_runs_and_changes_none(protocol):
    more = copy.deepcopy(CONFIG)
    more["datasets"]["own"]["seeds"].append(3)
    before, after = (runs_of(config, "own", protocol) for config in (CONFIG, more))
    assert after[: len(before)] == before


def test_protocols_that_differ_in_models_and_seeds_alone_share_splits():
    assert [splits_of(CONFIG, name) for name in CONFIG["protocols"]] == [
        *["plain", "half", "other", "given", "folds", "folds"],
    ]
    assert runs_of(CONFIG, "all", "folds") == runs_of(CONFIG, "all", "more_folds")[:8]
    assert len(runs_of(CONFIG, "all", "more_folds")) == 12
    assert models_of(CONFIG, "more_folds", "all") == ["svm"]


def test_splits_are_those_of_the_first_protocol_whatever_the_dataset_names():
    protocols = dict(reversed(CONFIG["protocols"].items()))
    config = CONFIG | {"protocols": protocols, "datasets": {"own": {"seeds": [1], "protocols": ["folds"]}}}
    assert splits_of(config, "folds") == "more_folds"
    assert protocols_of(config | {"datasets": {"all": {}}}, "all") == ["more_folds", "other", "half", "plain"]


def test_protocols_that_another_file_changes_keep_their_place():
    changed = {name: CONFIG["protocols"][name] for name in ("more_folds", "half")} | {"mine": {"kind": "artist"}}
    config = in_file_order({"protocols": changed | CONFIG["protocols"], "seed": 1}, CONFIG)
    assert list(config["protocols"]) == [*CONFIG["protocols"], "mine"] and config["seed"] == 1
    assert splits_of(config, "more_folds") == "folds"


@pytest.mark.parametrize("config", [{}, {"protocols": None}, {"protocols": "all"}])
def test_protocols_that_are_no_mapping_are_left_to_the_check(config):
    assert in_file_order(config, CONFIG) == config and in_file_order(CONFIG, config) == CONFIG


@pytest.mark.parametrize("seeds", [{}, {"seeds": 1}])
def test_table_of_most_runs_comes_first_whatever_the_order_of_protocols(seeds):
    plain = CONFIG["protocols"]["plain"]
    shared = {"plain": plain | seeds, "few": plain | {"seeds": 1}, "most": plain | {"seeds": 2}}
    config = CONFIG | {"protocols": CONFIG["protocols"] | shared}
    for names in itertools.permutations(shared):
        config["datasets"] = {"own": {"seeds": [1, 2], "protocols": [*names, "half"]}}
        found = in_table_order(config, "own")
        assert found == (["most", "half", "plain", "few"] if seeds else ["plain", "half", "most", "few"])


def test_model_replaces_what_the_dataset_replaces():
    config = {
        "segment": {"frames": 256, "overlap": 0.5},
        "network": {"scale": "log_power", "dropout": 0.2},
        "train": {"patience": 10, "max_epochs": 100, "batch_size": 150},
        "datasets": {"small": {"train": {"patience": 3, "max_epochs": 14}}},
        "models": {"cnn": {}, "own": {"segment": {"frames": 86}, "train": {"max_epochs": 7}}},
    }
    assert model_settings(config, "cnn") == {key: config[key] for key in ("segment", "network", "train")}
    found = model_settings(config, "own", "small")
    assert found["segment"] == {"frames": 86, "overlap": 0.5} and found["network"] == config["network"]
    assert found["train"] == {"patience": 3, "max_epochs": 7, "batch_size": 150}


def test_networks_are_the_models_without_a_module():
    assert models_of(CONFIG, "plain", "all") == ["net", "svm", "untrained"]
    assert networks_of(CONFIG, "plain", "all") == ["net", "untrained"]
    assert networks_of(CONFIG, "half", "all") == ["net"]


def test_splits_do_not_depend_on_which_runs_there_are():
    assert split_settings(CONFIG, "half") == {"kind": "stratified", "ratio": [5, 2, 3], "train_fraction": 0.5}


def test_learning_curve_joins_protocols_that_differ_in_the_training_tracks_alone():
    assert learning_curves(CONFIG, "all") == {"plain": ("plain", 1.0), "half": ("plain", 0.5)}
    assert (
        learning_curves({**CONFIG, "datasets": {"all": {"seeds": [1], "protocols": ["plain", "folds"]}}}, "all") == {}
    )


def test_learning_curve_is_of_splits_whichever_protocol_has_their_runs():
    config = CONFIG | {"protocols": CONFIG["protocols"] | {"few": CONFIG["protocols"]["plain"] | {"seeds": 1}}}
    config["datasets"] = {"own": {"seeds": [1], "protocols": ["half", "few"]}}
    assert learning_curves(config, "own") == {"plain": ("plain", 1.0), "half": ("plain", 0.5)}


def test_task_of_tags_leaves_out_models_and_protocols_of_one_label():
    config = {
        "datasets": {
            "plain": {"seeds": [1]},
            "moods": {"seeds": [1], "task": {"kind": "tags"}},
            "artists": {"seeds": [1], "task": {"kind": "artist"}},
        },
        "protocols": {
            "stratified": {"kind": "stratified"},
            "artist": {"kind": "artist"},
            "folds": {"kind": "cross_validation", "artists": True},
            "some": {"kind": "stratified", "labels": ["a", "b"]},
            "few": {"kind": "stratified", "models": ["majority", "neighbours"]},
        },
        **{key: {} for key in ("segment", "network")},
        "train": {"recipe": "random_segments"},
        "models": {
            "net": {},
            "author": {"train": {"recipe": "published_code"}},
            "svm": {"module": "mfcc_svm"},
            "majority": {"module": "majority"},
            "neighbours": {"module": "tzanetakis_neighbours"},
        },
    }
    assert protocols_of(config, "plain") == ["stratified", "artist", "folds"]
    assert protocols_of(config, "moods") == ["stratified", "artist"]
    assert protocols_of(config, "artists") == ["stratified"]
    assert models_of(config, "stratified", "moods") == ["net", "svm", "majority"]
    assert networks_of(config, "stratified", "moods") == ["net"]
    assert models_of(config, "few", "moods") == ["majority"]
    for dataset in ("plain", "artists"):
        assert models_of(config, "stratified", dataset) == list(config["models"])


@pytest.mark.parametrize(
    ("own", "evidence", "controls"),
    [
        ({"source": "demo"}, False, True),
        ({"source": "files"}, False, False),
        ({"source": "files"}, True, True),
        ({"source": "files", "receptive_fields": True}, False, True),
        ({"source": "gtzan", "receptive_fields": False}, False, False),
        ({"source": "gtzan", "receptive_fields": False}, True, True),
    ],
)
def test_controls_are_run_where_receptive_fields_are_estimated(own, evidence, controls):
    config = {
        "evidence": evidence,
        "datasets": {"mine": own},
        "protocols": {"plain": {"kind": "stratified"}},
        "models": {"net": {}, "raw": {"train": {"max_epochs": 0}}, "noise": {"shuffled_like": "net"}},
    }
    assert estimates_receptive_fields(config, "mine") is controls
    assert models_of(config, "plain", "mine") == ["net", *(["raw", "noise"] if controls else [])]


def test_protocol_of_certain_labels_is_run_only_where_a_dataset_names_it():
    protocols = {"plain": {"kind": "stratified"}, "five": {"kind": "stratified", "labels": ["a", "b"]}}
    config = {"protocols": protocols, "datasets": {"mine": {}, "named": {"protocols": ["five"]}}}
    assert protocols_of(config, "mine") == ["plain"]
    assert protocols_of(config, "named") == ["five"]
