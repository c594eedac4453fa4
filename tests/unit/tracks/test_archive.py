"""Archives that are hostile, damaged or harmless."""

import gzip
import io
import os
import resource
import struct
import subprocess
import sys
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earfield.errors import DatasetError
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

    def check(data, **bounds):
        archive = tmp_path / "genres.tar.gz"
        archive.write_bytes(data)
        (tmp_path / "out").mkdir(exist_ok=True)
        with pytest.raises(DatasetError) as error:
            unpack(archive, tmp_path / "out" / "audio", **(BOUNDS | bounds))
        left = sorted(p.name for p in tmp_path.rglob("*"))
        assert left == ["genres.tar.gz", "out"], "something was left"
        assert str(archive) in str(error.value)
        return str(error.value)

    return check


def test_audio_is_unpacked_and_the_rest_passed_over(tmp_path):
    archive = tmp_path / "genres.tar.gz"
    wav = entry("./genres/jazz/jazz.00054.WAV", b"w" * 70_000)
    others = [entry("bextract.mf", b"x"), entry("genres/blues/._blues.00000.au", b"y"), entry("empty.wav")]
    folders = [entry("./", type=tarfile.DIRTYPE), entry("genres/blues", type=tarfile.DIRTYPE)]
    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        archive.write_bytes(gzip.compress(pack(*folders, GOOD, *others, wav, format=format)))
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


def test_rights_of_entries_are_not_taken_over(tmp_path):
    archive = tmp_path / "genres.tar.gz"
    archive.write_bytes(gzip.compress(pack(entry(TRACK, b"x", mode=0o6777))))
    path = unpack(archive, tmp_path / "audio", **BOUNDS) / TRACK
    assert path.stat().st_mode & 0o7111 == 0


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        (entry("../evil.wav"), "may lead out of the folder"),
        (entry("genres/../../evil.wav"), "may lead out of the folder"),
        (entry("genres/.."), "may lead out of the folder"),
        (entry("..\\evil.wav"), "may lead out of the folder"),
        (entry("genres\\evil.wav"), "may lead out of the folder"),
        (entry("/evil.wav"), "an absolute name"),
        (entry("//server/share/evil.wav"), "an absolute name"),
        (entry("C:evil.wav"), "an absolute name"),
        (entry("../notes.txt"), "may lead out of the folder"),
        (entry("..", type=tarfile.DIRTYPE), "may lead out of the folder"),
        (entry("/dir", type=tarfile.DIRTYPE), "an absolute name"),
        (entry("a.wav", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "a symbolic link"),
        (entry("dir", type=tarfile.SYMTYPE, linkname=".."), "a symbolic link"),
        (entry("a.wav", type=tarfile.LNKTYPE, linkname=TRACK), "a hard link"),
        (entry("a.wav", type=tarfile.CHRTYPE, devmajor=1, devminor=5), "a character device"),
        (entry("a.wav", type=tarfile.BLKTYPE), "a block device"),
        (entry("a.wav", type=tarfile.FIFOTYPE), "a named pipe"),
        (entry(TRACK, b"twice"), "two entries named"),
        (entry("./" + TRACK, b"twice"), "two entries named"),
        (entry(TRACK.upper(), b"twice"), "two entries named"),
        (entry(TRACK + "/inside.wav", b"x"), "damaged"),
    ],
)
def test_hostile_entry_is_named_and_refused(refused, hostile, reason):
    message = refused(gzip.compress(pack(GOOD, hostile)))
    assert reason in message
    assert reason == "damaged" or repr(hostile[0].name) in message
    refused(gzip.compress(pack(hostile, GOOD)))


def test_name_with_a_nul_is_refused(refused):
    info, data = entry("x.wav", b"x", pax_headers={"path": "a\0b.wav"})
    assert "lead out" in refused(gzip.compress(pack(GOOD, (info, data), format=tarfile.PAX_FORMAT)))


def test_sparse_file_is_refused(refused):
    headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1"}
    info, data = entry("x.wav", b"x", pax_headers=headers | {"GNU.sparse.size": "900000"})
    assert "a sparse file" in refused(gzip.compress(pack((info, data), format=tarfile.PAX_FORMAT)))


def test_bombs_are_refused(refused):
    """Zeros behind one name, behind a name that is passed over, in many entries, and behind the end."""
    zeros = bytes(5_000_000)
    for name in ("a.wav", "a.txt"):
        message = refused(gzip.compress(pack(entry(name, zeros))))
        assert f"{name!r} of 5000000 bytes, beyond the bound of 1000000" in message
    parts = [entry(f"{k}.wav", zeros[:300_000]) for k in range(4)]
    assert "unpacks beyond the bound" in refused(gzip.compress(pack(*parts)))
    assert "unpacks beyond the bound" in refused(gzip.compress(pack(GOOD) + zeros))
    assert "more than 20 entries" in refused(gzip.compress(pack(*[entry(f"{k}.wav") for k in range(21)])))


def with_size(size):
    """Give the first header of a good archive another size."""
    data = bytearray(pack(GOOD))
    data[124:136] = size
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return gzip.compress(bytes(data))


@pytest.mark.parametrize(
    "size",
    [
        b"%011o\0" % 10_000,
        b"%011o\0" % 100,
        b"%011o\0" % 900_000,
        b"77777777777\0",
        b"\x80" + b"\xff" * 11,
        b"\xff" * 8 + struct.pack(">i", -1024),
        b"\xff" * 8 + struct.pack(">i", -512),
    ],
    ids=["longer", "shorter", "beyond the end", "8 GiB", "enormous", "negative", "its own header"],
)
def test_header_that_lies_about_its_size_is_refused(refused, size):
    refused(with_size(size))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_header_that_would_fill_the_memory_is_refused(refused, kind):
    archive = gzip.compress(pack(entry("header", bytes(50_000_000), type=kind), GOOD))
    assert "a header of 50000" in refused(archive, max_bytes=100_000_000)


WHOLE = gzip.compress(pack(GOOD, entry("genres/jazz/jazz.00000.au", os.urandom(20_000))))


@pytest.mark.parametrize("kept", [0, 1, 10, 100, 15_000, len(WHOLE) - 8, len(WHOLE) - 1])
def test_truncated_archive_is_refused(refused, kept):
    refused(WHOLE[:kept])


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
        gzip.compress(pack(GOOD)[:-10_000] + b"\1" * 512),
        WHOLE[:-5] + bytes([WHOLE[-5] ^ 1]) + WHOLE[-4:],
    ],
    ids=["page", "zip", "plain", "text", "nothing", "zeros", "no_audio", "damaged_header", "wrong_checksum"],
)
def test_what_is_no_archive_of_audio_is_refused(refused, data):
    refused(data)


def test_missing_archive(tmp_path):
    with pytest.raises(DatasetError, match="no archive .*: correct the path"):
        unpack(tmp_path / "genres.tar.gz", tmp_path / "audio", **BOUNDS)


@given(st.lists(st.tuples(st.integers(0, 13_000), st.binary(min_size=1, max_size=16)), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_anywhere_is_refused_or_harmless(tmp_path, damage):
    """Overwrite bytes of the tar: whatever tarfile makes of it, nothing leaves the folder and no other error
    than ours comes out.
    """
    data = bytearray(pack(GOOD, entry("genres/jazz/jazz.00000.au", b"z" * 3000), format=tarfile.PAX_FORMAT))
    for start, values in damage:
        data[start : start + len(values)] = values
    archive = tmp_path / "genres.tar.gz"
    archive.write_bytes(gzip.compress(bytes(data), 1))
    try:
        unpack(archive, tmp_path / "audio", **BOUNDS)
    except DatasetError:
        pass
    assert {p.name for p in tmp_path.iterdir()} <= {"audio", "genres.tar.gz"}


def test_disk_that_fills_up_leaves_nothing(tmp_path):
    archive = tmp_path / "genres.tar.gz"
    archive.write_bytes(gzip.compress(pack(entry(TRACK, bytes(300_000)))))
    program = (
        "import sys\nfrom earfield.tracks.archive import unpack\n"
        "from earfield.errors import DatasetError, EarfieldError\n"
        "try: unpack(*sys.argv[1:], max_bytes=10**6, max_entries=9)\n"
        "except EarfieldError as error: sys.exit(f'{isinstance(error, DatasetError)} {error}')"
    )
    child = subprocess.run(
        [sys.executable, "-c", program, archive, tmp_path / "audio"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    message = child.stderr.strip().splitlines()[-1]
    assert message.startswith(f"False {archive} cannot be unpacked into {tmp_path / 'audio'} ([Errno 27]")
    assert [p.name for p in tmp_path.iterdir()] == ["genres.tar.gz"]
