"""Archives that are hostile, damaged or harmless: what the tar module leaves to its caller."""

import gzip
import io
import random
import tarfile

import pytest

from earfield.errors import DatasetError, EarfieldError
from earfield.tracks.archive import unpack

BOUNDS = {"max_bytes": 1_000_000, "max_entries": 20}
TRACK = "genres/blues/blues.00000.au"


def entry(name, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


GOOD = entry(TRACK, b"music" * 1000)


def pack(*entries, format=tarfile.GNU_FORMAT):
    """Make the bytes of a plain tar."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format) as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


@pytest.fixture
def refused(tmp_path):
    """Unpack bytes that must be refused; return the message."""

    def check(data):
        archive = tmp_path / "genres.tar.gz"
        archive.write_bytes(data)
        (tmp_path / "out").mkdir(exist_ok=True)
        with pytest.raises(DatasetError) as error:
            unpack(archive, tmp_path / "out" / "audio", **BOUNDS)
        left = sorted(p.name for p in tmp_path.rglob("*"))
        assert left == ["genres.tar.gz", "out"], "something was left"
        assert str(archive) in str(error.value)
        return str(error.value)

    return check


def test_audio_is_unpacked_and_the_rest_skipped(tmp_path):
    archive = tmp_path / "genres.tar.gz"
    wav = entry("./genres/jazz/jazz.00054.WAV", b"w" * 70_000)
    others = [entry("bextract.mf", b"x"), entry("genres/blues/._blues.00000.au", b"y"), entry("empty.wav")]
    links = [entry("link.wav", type=tarfile.SYMTYPE, linkname="/etc/passwd"), entry("pipe.wav", type=tarfile.FIFOTYPE)]
    folders = [entry("./", type=tarfile.DIRTYPE), entry("genres/blues", type=tarfile.DIRTYPE)]
    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        archive.write_bytes(gzip.compress(pack(*folders, GOOD, *others, *links, wav, format=format)))
        folder = unpack(archive, tmp_path / "made" / "audio", **BOUNDS)
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        assert files == {TRACK: GOOD[1], "genres/jazz/jazz.00054.WAV": wav[1], "empty.wav": b""}
        assert [p.name for p in folder.parent.iterdir()] == ["audio"]


def test_folder_is_replaced_only_by_an_accepted_archive(tmp_path):
    archive, folder = tmp_path / "genres.tar.gz", tmp_path / "audio"
    folder.mkdir()
    (folder / "old.wav").touch()
    (tmp_path / ".audio.part").mkdir()  # as a killed run leaves it
    (tmp_path / ".audio.part" / "half.wav").touch()
    archive.write_bytes(gzip.compress(pack(GOOD))[:-20])
    with pytest.raises(DatasetError):
        unpack(archive, folder, **BOUNDS)
    assert [p.name for p in folder.iterdir()] == ["old.wav"]
    archive.write_bytes(gzip.compress(pack(GOOD)))
    unpack(archive, folder, **BOUNDS)
    assert [p.name for p in folder.iterdir()] == ["genres"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["audio", "genres.tar.gz"]


@pytest.mark.parametrize("name", ["../evil.wav", "genres/../../evil.wav"])
def test_name_that_leaves_the_folder_is_refused(refused, name):
    for entries in ((GOOD, entry(name)), (entry(name), GOOD)):
        assert f"{name!r} would be extracted to" in refused(gzip.compress(pack(*entries)))


def test_name_that_is_a_file_and_a_folder_is_refused(refused):
    assert "damaged" in refused(gzip.compress(pack(GOOD, entry(TRACK + "/inside.wav", b"x"))))


def test_bombs_are_refused(refused):
    """Zeros behind one name, behind a name that is skipped, in many entries, and too many entries."""
    zeros = bytes(2_000_000)
    for name in ("a.wav", "a.txt"):
        assert f"the bound of 1000000 bytes with {name!r}" in refused(gzip.compress(pack(entry(name, zeros))))
    parts = [entry(f"{k}.wav", zeros[:300_000]) for k in range(4)]
    assert "the bound of 1000000 bytes with '3.wav'" in refused(gzip.compress(pack(*parts)))
    assert "more than 20 entries" in refused(gzip.compress(pack(*[entry(f"{k}.wav") for k in range(21)])))


# A stored, not compressed archive: its length is the same with every zlib.
WHOLE = gzip.compress(pack(GOOD, entry("genres/jazz/jazz.00000.au", random.Random(0).randbytes(20_000))), 0, mtime=0)


@pytest.mark.parametrize("kept", [0, 1, 10, 100, 3_000, 20_000])
def test_truncated_archive_is_refused(refused, kept):
    assert "cut short" in refused(WHOLE[:kept])


@pytest.mark.parametrize(
    "data",
    [
        b"<html>Log in first</html>",
        b"PK\x03\x04 a zip",
        pack(GOOD),
        gzip.compress(b"not a tar " * 100),
        gzip.compress(b""),
        gzip.compress(bytes(10_240)),
        gzip.compress(pack(entry("notes.txt", b"no audio"))),
    ],
    ids=["page", "zip", "plain", "text", "nothing", "zeros", "no_audio"],
)
def test_what_is_no_archive_of_audio_is_refused(refused, data):
    refused(data)


def test_missing_archive(tmp_path):
    with pytest.raises(DatasetError, match="no archive .*: correct the path"):
        unpack(tmp_path / "genres.tar.gz", tmp_path / "audio", **BOUNDS)


def test_damage_anywhere_is_refused_or_harmless(tmp_path):
    """Overwrite bytes of the tar: nothing leaves the folder and no other error than ours comes out."""
    whole = pack(GOOD, entry("genres/jazz/jazz.00000.au", b"z" * 3000), format=tarfile.PAX_FORMAT)
    archive = tmp_path / "genres.tar.gz"
    for seed in range(60):
        damage, data = random.Random(seed), bytearray(whole)
        for _ in range(damage.randint(1, 4)):
            start, values = damage.randrange(13_000), damage.randbytes(damage.randint(1, 16))
            data[start : start + len(values)] = values
        archive.write_bytes(gzip.compress(bytes(data), 1))
        try:
            unpack(archive, tmp_path / "audio", **BOUNDS)
        except DatasetError:
            pass
        assert {p.name for p in tmp_path.iterdir()} <= {"audio", "genres.tar.gz"}


def test_disk_that_fills_up_leaves_nothing(tmp_path, largest_file):
    archive = tmp_path / "genres.tar.gz"
    archive.write_bytes(gzip.compress(pack(entry(TRACK, bytes(900_000)))))
    largest_file(500_000)
    with pytest.raises(EarfieldError) as caught:
        unpack(archive, tmp_path / "audio", **BOUNDS)
    assert not isinstance(caught.value, DatasetError)
    assert str(caught.value).startswith(f"{archive} cannot be unpacked into {tmp_path / 'audio'} ([Errno 27]")
    assert [p.name for p in tmp_path.iterdir()] == ["genres.tar.gz"]
