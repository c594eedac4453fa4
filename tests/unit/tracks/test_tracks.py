"""Listing songs, and finding out which of them can be used."""

import hashlib
import os
import sys
import unicodedata

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earfield.audio.frames import frame_count
from earfield.audio.read import read_audio
from earfield.errors import DatasetError
from earfield.files.tables import TRACK_COLUMNS, read_text_csv, usable_tracks, write_csv
from earfield.tracks.table import (
    describe_problems,
    inspect,
    list_csv,
    list_folder,
    list_songs,
    write_tracks,
    write_tracks_shard,
)

NEEDS = {"sample_rate": 22050, "hop_length": 256, "frames": 64}  # 0.73 s
NAMES = ["a b", "it's", 'a "b"', "Dvořák – Größe", "空", "a,b;c", "~a", "#1", "a.b", "100%", "-rf", "$HOME", "{x}"]
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)


@pytest.fixture
def folder(tmp_path, song):
    """Write songs whose names are hard on tables and shells, at several depths, among files that are no songs."""
    root = tmp_path / "my music"
    for number, name in enumerate(NAMES):
        song(root / f"label {number % 3}" / ("deep/er" if number % 2 else "") / f"{name}.wav", seed=number)
    for other in ("label 0/cover.jpg", "label 0/notes.txt", "label 0/.hidden.wav", ".git/a.wav", "loose.wav"):
        (root / other).parent.mkdir(parents=True, exist_ok=True)
        (root / other).write_text("no song")
    (root / "label 0" / "folder.wav").mkdir()
    return root


def songs_csv(tmp_path, content, encoding="utf-8"):
    (tmp_path / "songs.csv").write_bytes(content.encode(encoding))
    return tmp_path / "songs.csv"


def test_folder_lists_its_songs_and_nothing_else(folder):
    songs = list_folder(folder)
    assert list(songs.columns) == ["track", "label", "path", "artist", "title"]
    wanted = {f"label {n % 3}/{'deep/er/' if n % 2 else ''}{name}" for n, name in enumerate(NAMES)}
    assert set(songs.track) == wanted and len(songs) == len(wanted)
    assert (songs.label == songs.track.str.split("/").str[0]).all()
    assert all(os.path.isfile(path) for path in songs.path)


def test_suffixes_count_in_either_case(tmp_path, song):
    song(tmp_path / "a" / "x.WAV")
    song(tmp_path / "a" / "y.Flac", format="FLAC")
    assert list(list_folder(tmp_path).track) == ["a/x", "a/y"]


@pytest.mark.parametrize("suffix", ["m4a", "wma", "aac"])
def test_songs_in_formats_that_cannot_be_read_are_counted_instead_of_lost(tmp_path, song, suffix):
    song(tmp_path / "a" / "good.wav")
    (tmp_path / "a" / f"bad.{suffix}").write_bytes(b"\0\0\0 ftypM4A " * 9)
    table = write_table(list_folder(tmp_path), tmp_path / "tracks.csv", max_unusable=0.5)
    assert list(table.track) == ["a/bad", "a/good"]
    assert table.problem[0].startswith("cannot be read as audio (") and table.problem[1] == ""


def test_linked_label_is_listed(tmp_path, song):
    song(tmp_path / "elsewhere" / "x.wav")
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "jazz").symlink_to(tmp_path / "elsewhere")
    assert list(list_folder(tmp_path / "music").track) == ["jazz/x"]


def test_names_have_one_unicode_form(tmp_path, song):
    for form, label in (("NFC", "a"), ("NFD", "b")):
        song(tmp_path / unicodedata.normalize(form, f"{label}é") / unicodedata.normalize(form, "Größe.wav"))
    songs = list_folder(tmp_path)
    assert list(songs.track) == ["aé/Größe", "bé/Größe"]
    assert list(songs.label) == ["aé", "bé"]
    assert all(os.path.isfile(path) for path in songs.path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a file name be any bytes")
def test_all_names_that_are_not_utf_8_are_named(tmp_path, song):
    for name in (b"caf\xe9.wav", b"\xfc.wav"):
        song(tmp_path / "a" / "x.wav").rename(os.fsdecode(os.fsencode(tmp_path) + b"/a/" + name))
    with pytest.raises(DatasetError, match=r"not UTF-8: b'a/caf\\xe9', b'a/\\xfc'; rename the files"):
        list_folder(tmp_path)


def test_missing_folder_and_folder_without_songs_are_named(tmp_path):
    with pytest.raises(DatasetError, match=f"'{tmp_path}/nowhere' does not exist; correct datasets.<name>.path"):
        list_folder(tmp_path / "nowhere")
    (tmp_path / "a.wav").touch()
    with pytest.raises(DatasetError, match="holds no audio file in a sub-folder; put songs in <label>/<file>"):
        list_folder(tmp_path)


def test_csv_lists_relative_and_absolute_paths(tmp_path):
    path = songs_csv(
        tmp_path, f'path,label,artist,title,year\nsub/a b.wav,NA,Dvořák,"x, ""y""",1893\n{tmp_path}/c.d.flac,None,,,\n'
    )
    songs = list_csv(path).to_dict("records")
    a = {"track": "sub/a b", "label": "NA", "artist": "Dvořák", "title": 'x, "y"', "path": f"{tmp_path}/sub/a b.wav"}
    c = {"track": f"{tmp_path}/c.d", "label": "None", "artist": "", "title": "", "path": f"{tmp_path}/c.d.flac"}
    assert songs == [a, c]


@pytest.mark.parametrize("name", ["~a.wav", "-a.wav", "a", ".wav", "sub/../a.wav", "."])
def test_csv_takes_any_path(tmp_path, name):
    assert list_csv(songs_csv(tmp_path, f"path,label\n{name},x\n")).path[0] == str(tmp_path / name)


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert list_csv(songs_csv(tmp_path, "path,label\n~/a.wav,x\n")).path[0] == "/home/someone/a.wav"


@pytest.mark.parametrize(("newline", "encoding"), [("\n", "utf-8-sig"), ("\r\n", "utf-8"), ("\r\n", "utf-8-sig")])
def test_csv_from_a_spreadsheet_reads_the_same(tmp_path, newline, encoding):
    songs = list_csv(songs_csv(tmp_path, newline.join(["path,label", "é.wav, rock ", "", ""]), encoding))
    assert songs[["track", "label", "artist", "title"]].to_dict("records") == [
        {"track": "é", "label": "rock", "artist": "", "title": ""}
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("file,label\na.wav,x\n", "lacks the column 'path' (it has file, label); add it."),
        ("path,genre\na.wav,x\n", "lacks the column 'label' (it has path, genre); add it."),
        ("path;label\na.wav;x\n", "lacks the column 'path' and 'label' (it has path;label); add it."),
        ("path,label\na.wav,x\nb.wav,\n", "has no label in line 3; fill it in or remove the row."),
        ("path,label\na.wav,x\nb.wav\nc.wav\n", "has no label in line 3, 4; fill it in or remove the row."),
        ("path,label\n\n\na.wav,  \n", "has no label in line 4; fill it in or remove the row."),
        ("file,genre\na.wav,x\n", "lacks the column 'path' and 'label' (it has file, genre); add it."),
        ("path,label\n,x\n", "has no path in line 2; fill it in or remove the row."),
        ("path,label\n", "lists no song; add rows."),
        ("path,label\n\n,\n", "lists no song; add rows."),
        ("", "cannot be read as a CSV in UTF-8 ("),
        ("path,label\na, b.wav,x\n", "cannot be read as a CSV in UTF-8 ("),
        ("path,label\na.wav,x\nb, c.wav,x\n", "line 3, saw 3"),
        ("path,label\na\0.wav,x\n", "cannot be read as a CSV in UTF-8 (it holds the character NUL)."),
        ('path,label\n"a.wav,x\n', "cannot be read as a CSV in UTF-8 ("),
    ],
)
def test_bad_csv_is_refused_with_the_place(tmp_path, content, sentence):
    path = songs_csv(tmp_path, content)
    with pytest.raises(DatasetError) as caught:
        list_csv(path)
    assert str(caught.value).startswith(f"'{path}' ") and sentence in str(caught.value)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_csv_in_another_encoding_is_refused(tmp_path, encoding):
    with pytest.raises(DatasetError, match="cannot be read as a CSV in UTF-8"):
        list_csv(songs_csv(tmp_path, "path,label\né.wav,x\n", encoding))


def test_missing_csv_is_named(tmp_path):
    with pytest.raises(DatasetError, match=f"The file '{tmp_path}/songs.csv' does not exist; correct"):
        list_songs(tmp_path / "songs.csv")


def test_list_songs_tells_a_csv_from_a_folder(tmp_path, folder):
    assert list_songs(folder).equals(list_folder(folder))
    path = songs_csv(tmp_path, "path,label\na.wav,x\n").rename(tmp_path / "SONGS.CSV")
    assert list(list_songs(path).track) == ["a"]


def test_inspect_tells_facts_of_a_usable_file(tmp_path, song):
    path = song(tmp_path / "song.flac", seconds=1.5, sample_rate=44100, channels=2)
    facts = inspect(path, **NEEDS)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts == {"seconds": 1.5, "sample_rate": 44100, "channels": 2, "sha256": sha256, "problem": ""}


def silent(path):
    soundfile.write(path, np.zeros(22050), 22050)


def dithered(path):
    soundfile.write(path, np.random.default_rng(0).uniform(-3e-5, 3e-5, 22050), 22050, subtype="FLOAT")


def quiet(path):
    soundfile.write(path, np.eye(1, 22050)[0] / 32768, 22050)


def short(path):
    soundfile.write(path, np.ones(22050 // 2), 22050)


def text_file(path):
    path.write_text("hello")


def empty(path):
    path.touch()


def cut(path):
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 44100), 22050)
    path.write_bytes(path.read_bytes()[:-1000])


def not_finite(path):
    soundfile.write(path, np.full(22050, np.nan), 22050, subtype="FLOAT")


def nothing(path):
    pass


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (quiet, ""),
        (silent, "is silent"),
        (dithered, "is silent"),
        (short, "ends after 0.50 s of audio; 0.73 s are needed"),
        (text_file, "cannot be read as audio (Format not recognised)"),
        (empty, "cannot be read as audio (Format not recognised)"),
        (cut, "is cut short: its header promises 1,000 bytes more than the file holds"),
        (not_finite, "holds a sample that is not finite, 0.000 s after its start"),
        (nothing, "cannot be opened (No such file or directory)"),
        (os.mkdir, "cannot be opened (Is a directory)"),
    ],
)
def test_problem_says_why_a_file_cannot_be_used(tmp_path, make, problem):
    path = tmp_path / "song.wav"
    make(path)
    assert inspect(path, **NEEDS)["problem"] == problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_file_that_may_not_be_read_is_a_problem(tmp_path, song):
    path = song(tmp_path / "song.wav")
    path.chmod(0)
    assert inspect(path, **NEEDS)["problem"] == "cannot be opened (Permission denied)"


@settings(deadline=None, max_examples=60)
@given(extra=st.integers(-3, 3), native=st.sampled_from([8000, 16000, 22050, 44100, 48000, 96000]))
def test_usable_track_gives_a_segment_and_one_frame_less_does_not(tmp_path_factory, extra, native):
    path = tmp_path_factory.mktemp("edge") / "song.wav"
    n = round(63 * 256 / 22050 * native) + extra
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, n), native)
    usable = inspect(path, **NEEDS)["problem"] == ""
    frames = frame_count(len(read_audio(path, sample_rate=22050)), hop_length=256)
    assert frames >= 64 if usable else n * 22050 // native < 63 * 256


@pytest.fixture
def mixed(tmp_path, song):
    """Write eight good songs and two bad ones, and list them."""
    for number in range(8):
        song(tmp_path / "music" / "ab"[number % 2] / f"{number}.wav", seed=number)
    silent(tmp_path / "music" / "a" / "8.wav")
    text_file(tmp_path / "music" / "b" / "9.wav")
    return list_folder(tmp_path / "music")


def write_table(songs, path, *, max_unusable, shards=2, task=None):
    """Write the tables of all shards, and from them that of all tracks."""
    paths = [path.with_name(f"{path.name} {shard}") for shard in range(shards)]
    for shard, each in enumerate(paths):
        write_tracks_shard(songs, each, shard=shard, shards=shards, **NEEDS)
    return write_tracks(paths, path, max_unusable=max_unusable, task=task)


def test_unusable_tracks_are_kept_with_their_problem(tmp_path, mixed):
    table = write_table(mixed, tmp_path / "tracks.csv", max_unusable=0.2)
    assert list(table.columns) == TRACK_COLUMNS and len(table) == 10
    assert table.track.is_monotonic_increasing
    assert dict(table.set_index("track").problem[lambda problem: problem != ""]) == {
        "a/8": "is silent",
        "b/9": "cannot be read as audio (Format not recognised)",
    }
    assert set(usable_tracks(tmp_path / "tracks.csv").track) == set(table.track) - {"a/8", "b/9"}


def test_table_reads_back_as_it_was_written(tmp_path, mixed):
    mixed["artist"], mixed["title"] = "NA", ["", "None", "nan", "1e3", "a\rb", "a\nb", '"', "a,b", "=1+1", " x "]
    table = write_table(mixed, tmp_path / "tracks.csv", max_unusable=1)
    pd.testing.assert_frame_equal(read_text_csv(tmp_path / "tracks.csv"), table, check_dtype=False)


def test_table_depends_neither_on_the_number_of_shards_nor_on_the_order_of_songs(tmp_path, mixed):
    for name, shards, songs in (("one", 1, mixed), ("many", 7, mixed.sample(frac=1, random_state=0))):
        write_table(songs, tmp_path / name, max_unusable=1, shards=shards)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "many").read_bytes()


def test_too_many_unusable_tracks_stop_the_run_with_a_list(tmp_path, mixed):
    with pytest.raises(DatasetError) as caught:
        write_table(mixed, tmp_path / "tracks.csv", max_unusable=0.19)
    assert str(caught.value) == (
        "2 of 10 tracks cannot be used, more than tracks.max_unusable = 0.19 allows; fix or remove them, or raise "
        f"the limit:\n  '{tmp_path}/music/a/8.wav' is silent\n"
        f"  '{tmp_path}/music/b/9.wav' cannot be read as audio (Format not recognised)"
    )
    assert not (tmp_path / "tracks.csv").exists()


def test_artists_are_labels_where_they_are_what_is_told_apart(tmp_path, mixed):
    # Of track 8, which is silent, and 9, which is text, nothing can be learned.
    mixed["artist"] = mixed.track.map(lambda track: ["Ab", " aB ", "", "Solo"][int(track[-1]) // 3])
    mixed.loc[mixed.track.isin(["a/6", "b/7", "a/8", "b/9"]), "artist"] = ["Cé", "Ce\u0301", "cÉ", "Ab"]
    task = {"kind": "artist", "min_tracks": 2}
    table = write_table(mixed, tmp_path / "tracks.csv", max_unusable=0.2, task=task).set_index("track")
    assert dict(table.label) == {
        **dict.fromkeys(("a/0", "a/2", "a/4", "b/1", "b/3", "b/5", "b/9"), "Ab"),
        **dict.fromkeys(("a/6", "a/8", "b/7"), "Cé"),
    }
    assert list(table.index[table.problem != ""]) == ["a/8", "b/9"] and table.problem["a/8"] == "is silent"


def test_artists_with_few_tracks_and_tracks_without_artist_are_left_out(tmp_path, mixed):
    mixed["artist"] = mixed.track.map(lambda track: ["A", "A", "A", "B", "B", "B", "C", "", "C", "C"][int(track[-1])])
    task = {"kind": "artist", "min_tracks": 3}
    # Tracks that the task leaves out are not unusable ones.
    table = write_table(mixed, tmp_path / "tracks.csv", max_unusable=0.2, task=task).set_index("track")
    assert dict(table.problem[table.problem != ""]) == {
        "a/6": "is by 'C', who has 1 usable track; datasets.<name>.task.min_tracks asks for 3",
        "a/8": "is silent",
        "b/7": "has no artist",
        "b/9": "cannot be read as audio (Format not recognised)",
    }
    assert table.label["a/6"] == "a" and set(table.label[table.problem == ""]) == {"A", "B"}


def test_one_artist_cannot_be_told_apart(tmp_path, mixed):
    mixed["artist"] = ["A"] * 4 + ["B"] * 3 + [""] * 3
    with pytest.raises(DatasetError) as caught:
        write_table(mixed, tmp_path / "tracks.csv", max_unusable=1, task={"kind": "artist", "min_tracks": 4})
    assert str(caught.value) == (
        "1 of the collection's artists have 4 usable tracks or more, and a classifier needs two; fill in the column "
        "'artist', or lower datasets.<name>.task.min_tracks."
    )
    assert not (tmp_path / "tracks.csv").exists()


def test_long_list_of_problems_is_shortened():
    unusable = pd.DataFrame({"track": [f"t{n}" for n in range(50)], "path": ["", *["x"] * 49], "problem": "is silent"})
    lines = describe_problems(unusable).splitlines()
    assert lines[0] == "  't0' is silent" and lines[1] == "  'x' is silent"
    assert lines[-1] == "  ... and 30 more" and len(lines) == 21


def test_known_problem_is_kept_and_the_file_left_alone(tmp_path, mixed):
    mixed["problem"] = np.where(mixed.track == "a/0", "has a wrong md5", "")
    mixed.loc[mixed.track == "a/0", "path"] = ""
    table = write_table(mixed, tmp_path / "tracks.csv", max_unusable=1).set_index("track")
    assert table.problem["a/0"] == "has a wrong md5" and np.isnan(table.seconds["a/0"])


def test_all_tracks_of_one_name_are_named(tmp_path, song):
    first, second = song(tmp_path / "a" / "x.flac"), song(tmp_path / "a" / "x.wav")
    for suffix in ("wav", "mp3"):
        song(tmp_path / "b" / f"y.{suffix}")
    with pytest.raises(DatasetError) as caught:
        write_table(list_folder(tmp_path), tmp_path / "tracks.csv", max_unusable=1)
    assert str(caught.value) == (
        f"Several files give one track: 'a/x' ('{first}', '{second}'), "
        f"'b/y' ('{tmp_path}/b/y.mp3', '{tmp_path}/b/y.wav'); rename or remove all but one of each."
    )
    assert not (tmp_path / "tracks.csv").exists()


def test_two_unicode_forms_of_one_name_are_refused(tmp_path, song):
    for form in ("NFC", "NFD"):
        song(tmp_path / "a" / unicodedata.normalize(form, "é.wav"))
    if len(os.listdir(tmp_path / "a")) < 2:
        pytest.skip("this file system takes both forms for one name")
    with pytest.raises(DatasetError, match="Several files give one track: 'a/é'"):
        write_table(list_folder(tmp_path), tmp_path / "tracks.csv", max_unusable=1)


def test_collection_without_a_usable_track_is_refused_by_its_readers(tmp_path, tracks_csv):
    path = tracks_csv([{"track": "a", "problem": "is silent"}])
    with pytest.raises(DatasetError, match="has no usable track; see its column 'problem'"):
        usable_tracks(path)


@pytest.mark.parametrize("column", ["track", "problem", "path"])
def test_table_without_a_column_is_refused(tmp_path, tracks_csv, column):
    path = tracks_csv([{"track": "a"}])
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
    with pytest.raises(DatasetError, match=f"lacks the column '{column}'; delete the file and run again"):
        usable_tracks(path)


@settings(deadline=None)
@given(st.lists(st.tuples(text, text, text), min_size=1, max_size=5))
def test_any_text_survives_a_table(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    table = pd.DataFrame(rows, columns=["track", "label", "title"])
    write_csv(table, path)
    assert read_text_csv(path).to_numpy().tolist() == table.to_numpy().tolist()
