"""Audits of splits: what subsets hold, what they share, and what is warned of."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earfield.splits.grouped_split import SUBSETS
from earfield.splits.leakage_report import missed_ratios, write_leakage_report

FACTS = Path(__file__).parents[3] / "resources/gtzan_tracks.csv"
RATIO = [5, 2, 3]
STRATIFIED = {"kind": "stratified", "ratio": RATIO, "duplicates": "together"}
ARTIST = {"kind": "artist", "ratio": RATIO, "unknown_artist": "own_group", "duplicates": "together"}


def audit_of(tmp_path, rows, *, pairs=(), **facts):
    """Write the audit of (label, artist, title, subset) and return it."""
    tracks = pd.DataFrame(rows, columns=["label", "artist", "title", "subset"])
    tracks.insert(0, "track", [f"t{number}" for number in range(len(tracks))])
    given = {"protocol": {"kind": "file"}, "seed": 1, "unusable": 0, "notes": []} | facts
    write_leakage_report(
        tracks, tmp_path / "audit.json", pairs=pd.DataFrame(pairs, columns=["track", "other"]), **given
    )
    return json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))


@pytest.fixture
def audited(write_split_of):
    """Return a function that splits a table of tracks and returns the audit."""

    def write(*arguments, **options):
        return json.loads(write_split_of(*arguments, **options)[1].read_text(encoding="utf-8"))

    return write


@pytest.fixture
def gtzan(tracks_csv):
    """Return the table of all tracks of GTZAN."""
    return tracks_csv(pd.read_csv(FACTS, dtype=str, keep_default_na=False).rename(columns={"genre": "label"}))


ROWS = [
    ("a", "X", "one", "train"),
    ("a", "", "two", "train"),
    ("b", "Y", "", "train"),
    ("b", "Z", "Ode", "train"),
    ("a", "x ", "other", "validation"),
    ("b", "W", "one", "validation"),
    ("a", "x", " ONE", "test"),
    ("a", "X", "three", "test"),
    ("b", "y", "", "test"),
    ("b", "", "two", "test"),
    ("b", "V", "four", "test"),
    ("b", "Z", "Ode", "no artist"),
]


def test_counts_of_each_subset(tmp_path):
    audit = audit_of(tmp_path, ROWS, unusable=3)
    assert list(audit["subsets"]) == list(SUBSETS)
    assert audit["subsets"]["train"] == {"tracks": 4, "labels": {"a": 2, "b": 2}, "artists": 3, "unknown_artist": 1}
    assert audit["subsets"]["test"] == {"tracks": 5, "labels": {"a": 2, "b": 3}, "artists": 3, "unknown_artist": 1}
    assert audit["not_used"] == {"no artist": 1, "has a problem": 3}


def test_artists_and_titles_on_both_sides_are_counted_over_the_second(tmp_path):
    shared = audit_of(tmp_path, ROWS)["shared"]
    # Case and white space make no other artist or title; two without a name share nothing.
    assert shared["train"]["test"] == {
        "artists": 2,
        "artist_tracks": 3,
        "artist_fraction": 0.6,
        "title_tracks": 1,
        "title_fraction": 0.2,
        "duplicates": [],
    }
    assert (shared["train"]["validation"]["artists"], shared["train"]["validation"]["title_tracks"]) == (1, 0)
    assert shared["validation"]["test"]["artist_tracks"] == 2
    assert list(shared) == ["train", "validation"] and list(shared["train"]) == ["validation", "test"]


def test_repeats_on_two_sides_are_listed_and_warned_of(tmp_path):
    pairs = [("t6", "t0"), ("t2", "t3"), ("t1", "t10"), ("t4", "t5"), ("t3", "t11"), ("t3", "gone")]
    audit = audit_of(tmp_path, ROWS, pairs=pairs)
    assert audit["shared"]["train"]["test"]["duplicates"] == [["t0", "t6"], ["t1", "t10"]]
    assert audit["shared"]["train"]["validation"]["duplicates"] == []
    assert audit["warnings"] == [
        "The subsets 'train' and 'test' share recordings (2, the first 't0' = 't6').",
        "The same recording has different labels (2 pairs in duplicates.csv, the first 't1' = 'a' and 't10' = 'b'); "
        "correct one or remove a track.",
    ]


def test_recordings_under_two_labels_are_warned_of_also_within_a_subset(tmp_path):
    same, other = ("t0", "t1"), ("t2", "t0")  # a and a, b and a in the training tracks; t11 is in no subset
    assert audit_of(tmp_path, ROWS, pairs=[same, ("t11", "t0")])["warnings"] == []
    assert audit_of(tmp_path, ROWS, pairs=[same, other, ("t3", "t1")])["warnings"] == [
        "The same recording has different labels (2 pairs in duplicates.csv, the first 't2' = 'b' and 't0' = 'a'); "
        "correct one or remove a track."
    ]


def test_labels_that_a_subset_lacks_are_warned_of(tmp_path):
    rows = [(label, "", "", "train") for label in "abc"] + [("a", "", "", "validation"), ("c", "", "", "validation")]
    audit = audit_of(tmp_path, [*rows, ("c", "", "", "test"), ("d", "", "", "label not asked for")])
    assert audit["subsets"]["validation"]["labels"] == {"a": 1, "b": 0, "c": 1}
    assert audit["warnings"] == [
        "The subset 'validation' has no track of the label 'b'.",
        "The subset 'test' has no track of the labels 'a', 'b'.",
    ]


def test_warnings_are_logged_too(tmp_path, caplog):
    audit = audit_of(tmp_path, ROWS, notes=["One thing is so."], pairs=[("t0", "t4")])
    assert [record.getMessage() for record in caplog.records] == audit["warnings"]
    assert len(audit["warnings"]) == 2 and {record.levelname for record in caplog.records} == {"WARNING"}


def test_same_split_gives_the_same_bytes(tmp_path, tracks_csv, audited):
    rows = [
        {"track": f"{label}{n}", "label": label, "artist": f"É {n % 7}", "title": f"{n % 3}"}
        for label in "ab"
        for n in range(30)
    ]
    path = tracks_csv(rows)
    contents = []
    for _ in range(2):
        audited(path, ARTIST, repeats=[("a0", "b3"), ("a1", "a5")])
        contents.append([(tmp_path / name).read_bytes() for name in ("split.csv", "split.json")])
    assert contents[0] == contents[1] and "É" not in contents[0][1].decode()


def test_audit_is_of_the_split_beside_it(tmp_path, gtzan, audited):
    audit = audited(gtzan, STRATIFIED | {"train_fraction": 0.3, "labels": ["blues", "jazz", "rock"]})
    split = pd.read_csv(tmp_path / "split.csv")
    for name, counts in audit["subsets"].items():
        own = split[split.subset == name]
        assert counts["tracks"] == len(own) and counts["labels"] == own.label.value_counts().sort_index().to_dict()
    assert audit["not_used"] == {"beyond train_fraction": 105, "label not asked for": 700}
    assert audit["protocol"] == STRATIFIED | {"train_fraction": 0.3, "labels": ["blues", "jazz", "rock"]}
    assert audit["seed"] == 1 and "fold" not in audit


def test_run_of_cross_validation_is_named(gtzan, audited):
    protocol = {"kind": "cross_validation", "folds": 4, "ratio": [3, 1], "artists": False, "duplicates": "together"}
    audit = audited(gtzan, protocol, seed=11)
    assert (audit["seed"], audit["repetition"], audit["fold"]) == (11, 2, 3)


# What is known of GTZAN.


def test_random_splits_of_gtzan_leave_74_percent_of_the_test_beside_their_artist(gtzan, audited):
    shared = [audited(gtzan, STRATIFIED, seed=seed)["shared"]["train"]["test"] for seed in range(1, 11)]
    assert np.mean([each["artist_fraction"] for each in shared]) == pytest.approx(0.74, abs=0.02)
    assert np.mean([each["title_tracks"] for each in shared]) == pytest.approx(24, abs=3)  # of 300


@pytest.mark.parametrize("unknown_artist", ["own_group", "one_group_per_label", "train_only", "exclude"])
def test_splits_of_gtzan_by_artist_share_none(gtzan, audited, unknown_artist):
    audit = audited(gtzan, ARTIST | {"unknown_artist": unknown_artist})
    assert all(each["artists"] == 0 for others in audit["shared"].values() for each in others.values())
    outside = {"train_only": 0, "exclude": 0}.get(unknown_artist)
    nameless = [audit["subsets"][name]["unknown_artist"] for name in ("validation", "test")]
    assert sum(nameless) == outside if outside is not None else sum(nameless) > 0
    assert audit["not_used"] == ({"no artist": 81} if unknown_artist == "exclude" else {})


def test_published_split_of_gtzan_shares_no_named_artist(gtzan, audited):
    audit = audited(gtzan, {"kind": "file", "path": str(FACTS), "column": "fault_filtered"})
    assert [audit["subsets"][name]["tracks"] for name in SUBSETS] == [443, 197, 290]
    assert [audit["subsets"][name]["unknown_artist"] for name in SUBSETS] == [28, 16, 37]
    assert all(each["artists"] == 0 for others in audit["shared"].values() for each in others.values())
    assert audit["not_used"] == {"excluded by the file": 70} and audit["warnings"] == []


# Ratios that cannot be kept.


def tracks_of(sizes, *, label="reggae"):
    artists = [artist for artist, size in sizes.items() for _ in range(size)]
    return pd.DataFrame({"track": [f"{label}{n}" for n in range(len(artists))], "label": label, "artist": artists})


def test_artist_that_owns_a_label_is_named(tracks_csv, audited):
    owned = tracks_of({"Bob Marley": 60, "U-Roy": 20, "Burning Spear": 20})
    others = tracks_of({f"artist {n}": 5 for n in range(20)}, label="rock")
    audit = audited(tracks_csv(pd.concat([owned, others])), ARTIST)
    assert audit["warnings"] == [
        "The label 'reggae' has 60 / 20 / 20 tracks for train / validation / test instead of 50 / 20 / 30: "
        "artists stay in one subset, and the artist 'Bob Marley' has 60."
    ]


def test_artist_that_owns_a_small_label_is_named_though_it_is_off_by_one(tracks_csv, audited):
    owned = tracks_of({"Alanis Morissette": 5, "Spice Girls": 1, "Mariah Carey": 1}, label="pop")
    others = tracks_of({f"artist {n}": 5 for n in range(20)}, label="rock")
    audit = audited(tracks_csv(pd.concat([owned, others])), ARTIST)
    assert audit["warnings"] == [
        "The label 'pop' has 5 / 1 / 1 tracks for train / validation / test instead of 4 / 1 / 2: "
        "artists stay in one subset, and the artist 'Alanis Morissette' has 5."
    ]


def test_artist_that_owns_all_of_a_label_is_for_training_alone(tracks_csv, audited):
    owned = tracks_of({"JS Bach": 3, "J.S. Bach": 0, "js  bach": 4}, label="classical")
    others = tracks_of({f"artist {n}": 5 for n in range(20)}, label="rock")
    audit = audited(tracks_csv(pd.concat([owned, others])), ARTIST)
    assert audit["subsets"]["train"]["labels"]["classical"] == 7
    assert audit["warnings"] == [
        "The label 'classical' has 7 / 0 / 0 tracks for train / validation / test instead of 4 / 1 / 2: "
        "artists stay in one subset, and the artist 'JS Bach' has 7.",
        "The subset 'validation' has no track of the label 'classical'.",
        "The subset 'test' has no track of the label 'classical'.",
    ]


@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 80), min_size=3, max_size=3))
def test_miss_of_more_than_a_track_and_5_percent_is_told(counts):
    n = sum(counts)
    tracks = pd.DataFrame({"label": "a", "artist": [str(number) for number in range(n)]})
    subsets = np.repeat(np.array(SUBSETS, dtype=object), counts)
    found = missed_ratios(tracks, subsets, ratio=[1, 1, 1], artists=True)
    off = max(abs(count - n / 3) for count in counts)
    if off > max(1, 0.05 * n) + 1:
        assert len(found) == 1 and " / ".join(map(str, counts)) in found[0]
    if off < max(1, 0.05 * n) - 1:
        assert found == []


def test_repeats_that_upset_the_ratio_are_told(tracks_csv, audited):
    tracks = pd.concat([tracks_of({"": 30}, label=label) for label in "ab"])
    pairs = [("a0", f"a{n}") for n in range(1, 25)]
    audit = audited(tracks_csv(tracks), STRATIFIED, repeats=pairs)
    (warning,) = audit["warnings"]
    assert warning.startswith("The label 'a' has ")
    assert " tracks for train / validation / test instead of 15 / 6 / 9: " in warning
    assert warning.endswith(": duplicate recordings stay in one subset.")


# Files that do not fit.


def test_file_that_lacks_tracks_or_asks_for_unusable_ones_is_taken_with_warnings(tmp_path, tracks_csv, audited):
    names = [f"{label}{n}" for label in "ab" for n in range(5)]
    problems = {"a3": "is silent", "b3": "is silent"}
    path = tracks_csv([{"track": name, "label": name[0], "problem": problems.get(name, "")} for name in names])
    rows = [f"{label}{n},{part}" for label in "ab" for n, part in enumerate([*SUBSETS, "test"])]
    (tmp_path / "given.csv").write_text("\n".join(["track,part", *rows]).replace("b3,test", "b3,excluded"))
    given = str(tmp_path / "given.csv")
    protocol = {"kind": "file", "path": given, "column": "part"}
    audit = audited(path, protocol, repeats=[("a0", "a2")])
    assert audit["not_used"] == {"not in the file": 2, "has a problem": 2}
    assert audit["warnings"] == [
        f"'{given}' lacks usable tracks (2, the first 'a4'); they are not used.",
        f"'{given}' lists tracks that have a problem (1, the first 'a3'; see tracks.csv); they are not used.",
        "The subsets 'train' and 'test' share recordings (1, the first 'a0' = 'a2').",
    ]
    split = pd.read_csv(tmp_path / "split.csv").set_index("track").subset
    assert split["a0"] == "train" and split["a2"] == "test"


def test_label_that_a_protocol_leaves_out_altogether_is_warned_of(tracks_csv, audited):
    tracks = pd.concat([*(tracks_of({f"{label}{n}": 3 for n in range(6)}, label=label) for label in "ab")])
    audit = audited(
        tracks_csv(pd.concat([tracks, tracks_of({"": 5}, label="c")])), ARTIST | {"unknown_artist": "exclude"}
    )
    assert audit["warnings"] == ["The label 'c' is in no subset, so no model is trained on it."]
    assert audit["subsets"]["train"]["labels"].keys() == {"a", "b"} and audit["not_used"] == {"no artist": 5}
