"""The fingerprint of a user's collection: it changes when the content of songs changes, and costs little."""

import os
import subprocess
import sys

import pytest

from earfield.audio.read import read_audio
from earfield.tracks import audio_files
from earfield.tracks.audio_files import shard_of


@pytest.fixture
def fingerprints(tmp_path):
    """Return a function that takes fingerprints, with one file of hashes for all of a test."""
    hashes = tmp_path / ".snakemake" / "hashes.json"
    return lambda path, *, shards: audio_files.fingerprints(path, shards=shards, hashes=hashes)


@pytest.fixture(params=["folder", "csv"])
def collection(tmp_path, song, request):
    """Write two songs and return the path that names them: their folder, or a CSV."""
    song(tmp_path / "music/a/1.wav")
    song(tmp_path / "music/b/deep/2.wav")
    if request.param == "folder":
        return tmp_path / "music"
    (tmp_path / "songs.csv").write_text("path,label\nmusic/a/1.wav,a\nmusic/b/deep/2.wav,b\n")
    return tmp_path / "songs.csv"


def test_reading_leaves_it_as_it_was(tmp_path, collection, fingerprints):
    before = fingerprints(collection, shards=2)
    read_audio(tmp_path / "music/a/1.wav")
    assert fingerprints(collection, shards=2) == before == fingerprints(str(collection), shards=2)


def test_rewritten_song_changes_it(tmp_path, collection, song, fingerprints):
    before = fingerprints(collection, shards=2)
    path = song(tmp_path / "music/b/deep/2.wav", seed=1)
    os.utime(path, ns=(0, 12345))
    assert fingerprints(collection, shards=2) != before


def test_touched_song_leaves_it_as_it_was(tmp_path, collection, song, fingerprints):
    path = song(tmp_path / "music/a/1.wav")
    before = fingerprints(collection, shards=2)
    for time in (12345, 10**18):
        os.utime(path, ns=(0, time))
        assert fingerprints(collection, shards=2) == before


def test_song_of_the_same_size_and_time_is_not_read_again(tmp_path, collection, song, fingerprints):
    path = tmp_path / "music/a/1.wav"
    os.utime(path, ns=(0, 12345))
    before = fingerprints(collection, shards=2)
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path, ns=(0, 12345))
    assert fingerprints(collection, shards=2) == before
    (tmp_path / ".snakemake/hashes.json").write_text("{")
    assert fingerprints(collection, shards=2) != before


def test_song_rewritten_within_the_resolution_of_its_time_is_read_again(tmp_path, collection, fingerprints):
    path = tmp_path / "music/a/1.wav"
    os.utime(path)
    before, stat = fingerprints(collection, shards=2), path.stat()
    path.write_bytes(bytes(stat.st_size))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert fingerprints(collection, shards=2) != before


def test_shorter_song_changes_it_though_the_time_is_kept(tmp_path, collection, song, fingerprints):
    before, stat = fingerprints(collection, shards=2), (tmp_path / "music/a/1.wav").stat()
    path = song(tmp_path / "music/a/1.wav", seconds=0.5)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert fingerprints(collection, shards=2) != before


@pytest.mark.parametrize("new_name", [None, "a/3.wav", "b/1.wav"])
def test_removed_or_renamed_song_changes_it(tmp_path, collection, fingerprints, new_name):
    before = fingerprints(collection, shards=2)
    path = tmp_path / "music/a/1.wav"
    path.rename(tmp_path / "music" / new_name) if new_name else path.unlink()
    assert fingerprints(collection, shards=2) != before


def changed_shards(before, after):
    return {shard for shard, (one, other) in enumerate(zip(before, after, strict=True)) if one != other}


def test_a_song_changes_that_of_its_own_shard_alone(tmp_path, song, fingerprints):
    song(tmp_path / "music/a/1.wav")
    before = fingerprints(tmp_path / "music", shards=8)
    song(tmp_path / "music/b/new.wav")
    assert changed_shards(before, fingerprints(tmp_path / "music", shards=8)) == {shard_of("b/new", shards=8)}
    table = tmp_path / "songs.csv"
    table.write_text("path,label,artist\nmusic/a/1.wav,a,x\nmusic/b/new.wav,b,y\n")
    before = fingerprints(table, shards=8)
    table.write_text("path,label,artist\nmusic/a/1.wav,a,x\nmusic/b/new.wav,b,z\n")
    assert changed_shards(before, fingerprints(table, shards=8)) == {shard_of("music/b/new", shards=8)}


def test_songs_that_a_csv_does_not_list_leave_it_as_it_was(tmp_path, song, fingerprints):
    (tmp_path / "songs.csv").write_text("path,label\n1.wav,a\n")
    before = fingerprints(tmp_path / "songs.csv", shards=2)
    song(tmp_path / "2.wav")
    assert fingerprints(tmp_path / "songs.csv", shards=2) == before
    song(tmp_path / "1.wav")
    assert fingerprints(tmp_path / "songs.csv", shards=2) != before


@pytest.mark.parametrize(
    "content", ["", "path\n", "label\nx\n", "path,label\n~nobody.wav,x\n", "path,label\n,\nx\n", "path,label\né\n"]
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_odd_csv_does_not_stop_it(tmp_path, content, encoding, fingerprints):
    (tmp_path / "songs.csv").write_bytes(content.encode(encoding))
    assert [len(each) for each in fingerprints(tmp_path / "songs.csv", shards=2)] == [16, 16]


def test_linked_label_counts_and_circles_of_links_end(tmp_path, song, fingerprints):
    song(tmp_path / "elsewhere/1.wav")
    music = tmp_path / "music"
    music.mkdir()
    (music / "jazz").symlink_to(tmp_path / "elsewhere")
    for name in "abc":
        (tmp_path / "elsewhere" / name).symlink_to(music)
    before = fingerprints(music, shards=2)
    song(tmp_path / "elsewhere/1.wav", seconds=0.5)
    assert fingerprints(music, shards=2) != before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a file name be any bytes")
def test_name_that_is_no_text_does_not_stop_it(tmp_path, song, fingerprints):
    song(tmp_path / "a/1.wav").rename(os.fsdecode(os.fsencode(tmp_path) + b"/a/caf\xe9.wav"))
    assert [len(each) for each in fingerprints(tmp_path, shards=2)] == [16, 16]


def test_it_imports_nothing_heavy(tmp_path):
    code = (
        "import sys; from earfield.tracks.audio_files import fingerprints;"
        "fingerprints(sys.argv[1], shards=2, hashes='hashes.json');"
        "print({'pandas', 'numpy', 'soundfile', 'scipy'} & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert out.stdout.strip() == "set()"
