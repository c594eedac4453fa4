"""Tags as one text, and what becomes of labels that are tags: in the table of tracks and in splits."""

import json

import numpy as np
import pandas as pd
import pytest

from earfield.errors import DatasetError
from earfield.splits.protocols import by_artist, stratified
from earfield.tracks.table import list_csv
from earfield.tracks.tags import as_text, carriers, tag_matrix, tags_in, tags_of_all
from earfield.tracks.task import label_by_tags, tags_from_columns


def test_tags_are_sorted_once_each_and_without_white_space():
    assert tags_in(" slow;Ce\u0301lo ; slow;; two  words") == ["Célo", "slow", "two words"]
    assert as_text(tags_in("b;a")) == "a;b" and tags_in("") == [] and as_text([]) == ""
    assert tags_of_all(["a;b", "", "c;a"]) == ["a", "b", "c"]


def test_matrix_says_which_track_has_which_tag():
    assert tag_matrix(["a;b", "", "b"], ["a", "b"]).tolist() == [[True, True], [False, False], [False, True]]
    assert tag_matrix([], ["a"]).shape == (0, 1)


def test_semicolon_in_a_label_makes_tags_only_of_tags():
    labels = ["a;b", "a", "a"]
    assert {name: rows.tolist() for name, rows in carriers(labels, tags=False).items()} == {
        "a": [False, True, True],
        "a;b": [True, False, False],
    }
    assert {name: rows.sum() for name, rows in carriers(labels, tags=True).items()} == {"a": 3, "b": 1}


def listed(labels, problems=None):
    return pd.DataFrame({"label": labels, "problem": problems or [""] * len(labels)})


def test_rare_tags_are_left_out_and_tracks_without_any_other(caplog):
    table = label_by_tags(listed(["a;b"] * 3 + ["a;c", "c", "", "b;c"], [""] * 6 + ["is silent"]), min_tracks=3)
    assert table.label.tolist() == ["a;b"] * 3 + ["a", "c", "", "b"]
    assert table.problem.tolist() == [
        *[""] * 4,
        "has no tag of 3 usable tracks or more (datasets.<name>.task.min_tracks), only 'c'",
        "has no tag",
        "is silent",
    ]
    assert caplog.messages == ["tag 'c' is left out: 2 usable tracks, fewer than 3"]


def test_labels_are_no_tags():
    with pytest.raises(DatasetError) as caught:
        label_by_tags(listed(["rock"] * 5 + ["jazz"] * 5), min_tracks=3)
    assert str(caught.value) == (
        "Each of the 10 usable tracks has exactly one tag, as 'jazz', so these are labels; remove datasets.<name>.task "
        "or name other columns in it."
    )


def test_one_tag_is_not_enough():
    with pytest.raises(
        DatasetError, match="1 of the collection's 2 tags have 3 usable .* or more, but not every one, and"
    ):
        label_by_tags(listed(["a;b", "a", "a", ""]), min_tracks=3)


def test_tags_that_every_track_has_are_left_out(caplog):
    table = label_by_tags(listed(["a;b;d", "a;b", "a;d", "d;a"]), min_tracks=2)
    assert table.label.tolist() == ["b;d", "b", "d", "d"]
    assert caplog.messages == ["tag 'a' is left out: 4 usable tracks, which is every one"]
    with pytest.raises(DatasetError, match="0 of the collection's 2 tags"):
        label_by_tags(listed(["a;b"] * 3), min_tracks=3)
    with pytest.raises(DatasetError, match="No track of the collection is usable"):
        label_by_tags(listed(["a;b"], ["is silent"]), min_tracks=3)


def test_tags_come_from_columns_of_the_csv(tmp_path):
    (tmp_path / "songs.csv").write_text("path,mood,label\na.wav,calm; sad,rock\nb.wav,,jazz\n")
    songs = list_csv(tmp_path / "songs.csv", tags=["mood", "label"])
    assert tags_from_columns(songs, ["mood", "label"]).label.tolist() == ["calm;rock;sad", "jazz"]
    assert "mood" not in list_csv(tmp_path / "songs.csv")
    with pytest.raises(DatasetError) as caught:
        tags_from_columns(list_csv(tmp_path / "songs.csv", tags=["moods"]), ["moods"])
    assert str(caught.value) == (
        "datasets.<name>.task.columns names 'moods', which the collection does not have (it has track, label, path, "
        "artist, title); correct the name or add the column to its CSV."
    )


def test_csv_with_tags_needs_no_label(tmp_path):
    (tmp_path / "songs.csv").write_text("path,mood\na.wav,calm\n")
    assert tags_from_columns(list_csv(tmp_path / "songs.csv", tags=["mood"]), ["mood"]).label.tolist() == ["calm"]
    with pytest.raises(DatasetError, match="lacks the column 'label'"):
        list_csv(tmp_path / "songs.csv")


def collection(n=200):
    rng = np.random.default_rng(0)
    has = rng.uniform(size=(n, 4)) < [0.5, 0.3, 0.2, 0.1]
    labels = [as_text([f"t{tag}" for tag in np.flatnonzero(row)] or ["t0"]) for row in has]
    artists = [f"artist {number}" for number in rng.integers(0, 40, size=n)]
    return pd.DataFrame({"track": [f"{n:03d}" for n in range(n)], "label": labels, "artist": artists, "title": ""})


def test_split_keeps_artists_apart_and_tags_near_the_ratio():
    table = collection()
    for seed in range(3):
        subsets = by_artist(table, seed=seed, ratio=[5, 2, 3], unknown_artist="own_group", tags=True)
        assert (pd.Series(subsets).groupby(table.artist).nunique() == 1).all()
        for rows in carriers(table.label, tags=True).values():
            assert np.count_nonzero(subsets[rows] == "train") == pytest.approx(0.5 * rows.sum(), abs=6)


def test_recordings_stay_together():
    table = collection()
    recordings = np.arange(len(table)) // 2
    subsets = stratified(table, seed=1, ratio=[5, 2, 3], recordings=recordings, tags=True)
    assert (pd.Series(subsets).groupby(recordings).nunique() == 1).all()
    with pytest.raises(DatasetError, match="The tag 't3' has 2 usable recordings, and a split into 3 subsets needs 3"):
        few = pd.concat([table[~table.label.str.contains("t3")], table[table.label.str.contains("t3")][:4]])
        rare = few.label.str.contains("t3").to_numpy()
        stratified(
            few,
            seed=1,
            ratio=[5, 2, 3],
            recordings=np.where(rare, np.cumsum(rare) // 3, 9 + np.arange(len(few))),
            tags=True,
        )


def test_part_of_the_training_tracks_has_every_tag_and_is_part_of_a_larger_part(write_split_of, tracks_csv):
    table, found = collection(), {}
    for share in (0.05, 0.3, 1.0):
        protocol = {"kind": "stratified", "ratio": [5, 2, 3], **({"train_fraction": share} if share < 1 else {})}
        split, audit = write_split_of(tracks_csv(table.to_dict("records")), protocol=protocol, tags=True)
        rows = pd.read_csv(split, dtype=str)
        train = rows[rows.subset == "train"]
        found[share] = set(train.track)
        assert tags_of_all(train.label) == ["t0", "t1", "t2", "t3"]
        counted = json.loads(audit.read_text())["subsets"]["train"]["labels"]
        assert counted == {name: int(own.sum()) for name, own in carriers(train.label, tags=True).items()}
    assert found[0.05] < found[0.3] < found[1.0] and len(found[0.3]) == pytest.approx(0.3 * len(found[1.0]), abs=1)
