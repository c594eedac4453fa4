"""Getting and verifying GTZAN, on a small stand-in of it and on real tracks where they are at hand."""

import gzip
import hashlib
import io
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from earfield.configuration.settings import GtzanSettings
from earfield.errors import DatasetError
from earfield.tracks.gtzan import find_audio, listing, obtain, read_facts, wav_md5

ROOT = Path(__file__).parents[3]
REAL = ROOT.parent / "shared" / "gtzan"
TRACKS = [f"{genre}.{k:05}" for genre in ("blues", "jazz") for k in range(6)]


def samples(track):
    seed = int(hashlib.sha256(track.encode()).hexdigest()[:8], 16)
    return np.random.default_rng(seed).integers(-9000, 9000, 500).astype(np.int16)


def encode(track, suffix):
    """Encode a track as the file that an archive holds."""
    file = io.BytesIO()
    sf.write(file, samples(track), 22_050, format=suffix, subtype="PCM_16")
    return file.getvalue()


def pack(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def members(suffix):
    return {f"genres/{t.split('.')[0]}/{t}.{suffix}": encode(t, suffix) for t in TRACKS}


ORIGINAL = pack(members("au"))
BROKEN = "genres/jazz/jazz.00003.wav"


@pytest.fixture
def facts(tmp_path):
    """Write a table of facts whose md5s come from `soundfile.write`, the definition of `wav_md5`."""
    path = tmp_path / "facts.csv"
    table = pd.DataFrame({"track": TRACKS, "genre": [t.split(".")[0] for t in TRACKS]})
    table["wav_md5"] = [hashlib.md5(encode(t, "wav")).hexdigest() for t in TRACKS]
    table["artist"], table["title"] = ["None", ""] * 6, "A title, with a comma"
    table.to_csv(path, index=False)
    return path


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Serve a folder; return it and its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "www"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def get(tmp_path, facts):
    """Call `obtain` with everything but the archive and the mirrors; return the listing of what it got."""

    def call(**options):
        known = {"sha256": hashlib.sha256(ORIGINAL).hexdigest(), "size": len(ORIGINAL), "known_broken": []}
        bounds = {"max_bytes": 10**6, "max_entries": 100}
        settings = GtzanSettings.parse({"archive": None, "mirrors": [], **known, **bounds, **options})
        return listing(obtain(tmp_path / "data" / "audio", facts=facts, settings=settings), facts)

    return call


@pytest.mark.parametrize("suffix", ["au", "wav", "flac"])
def test_wav_md5_is_that_of_the_wav_file(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(encode("blues.00000", suffix))
    assert wav_md5(path) == hashlib.md5(encode("blues.00000", "wav")).hexdigest()


def test_wav_md5_of_real_tracks():
    if not REAL.is_dir():
        pytest.skip(f"{REAL} with real tracks of GTZAN is not there")
    table = pd.read_csv(REAL / "tracks.csv")[::6]
    facts = read_facts(ROOT / "resources" / "gtzan_tracks.csv").set_index("track")
    assert len(table) >= 20
    for row in table.itertuples():
        assert wav_md5(REAL / row.file) == row.wav_md5 == facts.wav_md5[row.track]


def test_facts_in_the_repository():
    facts = read_facts(ROOT / "resources" / "gtzan_tracks.csv")
    assert facts.groupby("genre").size().to_dict() == dict.fromkeys(facts.genre, 100)
    assert (facts.track.str.split(".").str[0] == facts.genre).all()
    assert facts.wav_md5.str.fullmatch("[0-9a-f]{32}").all()
    assert (facts.artist == "").sum() == 81


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("track,genre,artist,title\n", "lacks the column wav_md5"),
        ("track,genre,wav_md5,artist,title\na,b,c,d,e\na,b,c,d,e\n", "names a twice"),
        ("", "cannot be read"),
    ],
)
def test_facts_that_cannot_be_used(tmp_path, text, reason):
    path = tmp_path / "facts.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match=reason):
        read_facts(path)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_facts(tmp_path / "missing.csv")


def test_listing_names_what_is_wrong_with_each_track(tmp_path, facts):
    folder = tmp_path / "audio"
    for name, data in members("wav").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    jazz = folder / "genres" / "jazz"
    (jazz / "jazz.00000.wav").unlink()
    (jazz / "jazz.00001.wav").write_bytes(b"not audio")
    (jazz / "jazz.00002.wav").write_bytes(b"")
    (jazz / "jazz.00003.wav").write_bytes(encode("jazz.00004", "wav"))
    (jazz / "jazz.00004.wav").write_bytes(encode("jazz.00004", "wav")[:-2])
    (jazz / "jazz.00099.wav").write_bytes(b"no track of this collection")
    (jazz / "._jazz.00005.wav").write_bytes(b"resource fork")
    table = listing(folder, facts)
    assert list(table.columns) == ["track", "label", "path", "artist", "title", "problem"]
    assert list(table.track) == TRACKS and list(table.label) == ["blues"] * 6 + ["jazz"] * 6
    assert list(table.artist) == ["None", ""] * 6
    assert table.path[0] == str(folder / "genres" / "blues" / "blues.00000.wav") and table.path[6] == ""
    problems = table.set_index("track").problem
    assert (problems[TRACKS[:6]] == "").all() and problems["jazz.00005"] == ""
    assert problems["jazz.00000"].startswith("missing")
    assert problems["jazz.00001"].startswith("unreadable") and problems["jazz.00002"].startswith("unreadable")
    assert problems["jazz.00003"].startswith("another recording: md5 ")
    assert problems["jazz.00004"].startswith("another recording: md5 ")


def test_two_files_of_one_track_are_both_named(tmp_path):
    for name in ("a/blues.00000.au", "b/blues.00000.wav"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    with pytest.raises(DatasetError, match="a/blues.00000.au and .*b/blues.00000.wav"):
        find_audio(tmp_path)
    with pytest.raises(DatasetError, match="is not a folder"):
        find_audio(tmp_path / "missing")


def test_known_archive_is_downloaded_once(get, mirror, tmp_path):
    folder, url = mirror
    (folder / "genres.tar.gz").write_bytes(ORIGINAL)
    mirrors = [f"{url}/gone.tar.gz", f"{url}/genres.tar.gz"]
    table = get(mirrors=mirrors)
    assert (table.problem == "").all() and table.path[0].endswith("genres/blues/blues.00000.au")
    (folder / "genres.tar.gz").unlink()
    assert get(mirrors=mirrors).equals(table)
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["audio", "genres.tar.gz"]


def test_broken_track_of_the_known_archive_is_left_out(get, mirror):
    folder, url = mirror
    known = pack(members("wav") | {BROKEN: b"no RIFF"})
    (folder / "x.tar.gz").write_bytes(known)
    table = get(mirrors=[f"{url}/x.tar.gz"], sha256=hashlib.sha256(known).hexdigest())
    assert list(table.track[table.problem != ""]) == ["jazz.00003"]


def test_unknown_archive_that_verifies_is_accepted(get, mirror):
    folder, url = mirror
    (folder / "x.tar.gz").write_bytes(pack(members("wav")))
    for _ in range(2):
        table = get(mirrors=[f"{url}/x.tar.gz"])
        assert (table.problem == "").all() and table.path[0].endswith(".wav")


def tampered(name, data):
    return pack(members("wav") | {name: data})


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (tampered(BROKEN, b"no RIFF"), "1 of 12 tracks do not verify: jazz.00003 .*unreadable"),
        (
            tampered(BROKEN, encode("x", "wav")),
            "1 of 12 tracks do not verify: jazz.00003 .*another recording",
        ),
        (pack({k: v for k, v in members("wav").items() if k != BROKEN}), "1 of 12 .*jazz.00003 .*missing"),
        (pack({"genres/blues/x.wav": b""}), "12 of 12 .*blues.00000, .*jazz.00003 and 2 more"),
        (tampered("copy/jazz.00003.wav", b""), "are both the track jazz.00003"),
        (tampered("../evil.wav", b""), "'../evil.wav' would be extracted to"),
        (ORIGINAL[: len(ORIGINAL) // 2], "cut short"),
        (ORIGINAL[:2000] + bytes([ORIGINAL[2000] ^ 1]) + ORIGINAL[2001:], "damaged|do not verify"),
    ],
    ids=["broken", "tampered", "incomplete", "empty", "double", "hostile", "half", "flipped"],
)
def test_unknown_archive_that_does_not_verify_is_refused(get, mirror, tmp_path, archive, reason):
    folder, url = mirror
    (folder / "bad.tar.gz").write_bytes(archive)
    with pytest.raises(DatasetError, match=f"bad.tar.gz gave .*{reason}.*set datasets.gtzan.archive"):
        get(mirrors=[f"{url}/bad.tar.gz"])
    assert list((tmp_path / "data").iterdir()) == []
    (folder / "good.tar.gz").write_bytes(ORIGINAL)
    assert (get(mirrors=[f"{url}/bad.tar.gz", f"{url}/good.tar.gz"]).problem == "").all()


def test_unknown_archive_may_hold_the_known_broken_track(get, mirror):
    folder, url = mirror
    (folder / "x.tar.gz").write_bytes(tampered(BROKEN, b"no RIFF"))
    table = get(mirrors=[f"{url}/x.tar.gz"], known_broken=["jazz.00003"])
    assert list(table.track[table.problem != ""]) == ["jazz.00003"]


def test_own_archive_and_own_folder_need_no_network(get, tmp_path):
    own = tmp_path / "mine.tar.gz"
    own.write_bytes(tampered(BROKEN, b"no RIFF"))
    table = get(archive=str(own))
    assert list(table.track[table.problem != ""]) == ["jazz.00003"]
    assert own.exists() and table.path[0].startswith(str(tmp_path / "data" / "audio"))
    again = get(archive=tmp_path / "data" / "audio" / "genres", mirrors=["http://127.0.0.1:9/"])
    assert list(again.problem) == list(table.problem)


def test_own_archive_that_cannot_be_used(get, tmp_path):
    with pytest.raises(DatasetError, match="names 'nowhere.tar.gz', which does not exist"):
        get(archive="nowhere.tar.gz")
    (tmp_path / "text.tar.gz").write_bytes(gzip.compress(b"text"))
    with pytest.raises(DatasetError, match="text.tar.gz is cut short, damaged or no .tar.gz"):
        get(archive=tmp_path / "text.tar.gz")
    with pytest.raises(DatasetError, match="none is listed.*set datasets.gtzan.archive"):
        get()
