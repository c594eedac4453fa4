"""What DVC watches of a dataset's songs: data/{dataset}/songs.json."""

import json
from pathlib import Path

import pytest

from earfield.versioning.stage import write_songs

MEL = {"shards": 2}
GTZAN = {"source": "gtzan", "archive": None, "sha256": "ab", "mirrors": ["https://a"], "seeds": [1], "train": {}}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def songs(**dataset):
    write_songs({"dataset": "x", "datasets": {"x": dataset}, "mel": MEL})
    return json.loads(Path("data/x/songs.json").read_text())


def test_settings_that_do_not_decide_songs_are_left_out():
    assert songs(**GTZAN) == {"source": "gtzan", "archive": None, "sha256": "ab"}


def test_own_songs_count_by_name_and_content_and_an_archive_does_not():
    Path("own/a").mkdir(parents=True)
    Path("own/a/1.wav").write_bytes(b"1")
    before = songs(source="files", path="own")
    assert len(before["fingerprints"]) == 2 and songs(source="files", path="own") == before
    Path("own/a/2.wav").write_bytes(b"2")
    assert songs(source="files", path="own") != before
    Path("genres.tar.gz").write_bytes(b"1")
    assert "fingerprints" not in songs(**GTZAN | {"archive": "genres.tar.gz"})
    assert "fingerprints" in songs(**GTZAN | {"archive": "own"})
