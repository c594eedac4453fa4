"""Songs by their names: which files are songs, how tracks are called, which changed; told without opening a song."""

import csv
import hashlib
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from earfield.errors import DatasetError

# What libsndfile reads, and formats that it does not read: these are listed all the same, so that they are counted as
# unusable and not lost. Without raw, which is a photograph more often than samples without a header.
_SUFFIXES = frozenset(
    f".{name}"
    for name in """
    aac aif aifc aiff ape au avr caf flac htk ircam m4a mat4 mat5 mp3 mpc mpc2k nist oga ogg opus paf pvf rf64
    sd2 sds snd svx voc w64 wav wavex wma wv wve xi
    """.split()  # noqa: SIM905
)


def is_song(path: Path) -> bool:
    """Return whether a path, relative to its collection, is a song by its name: not hidden, with an audio suffix."""
    return path.suffix.lower() in _SUFFIXES and not any(part.startswith(".") for part in path.parts)


def track_name(path: Path) -> str:
    """Return a track's name: the path without its suffix, with `/` and in one Unicode form on every system."""
    name = os.path.splitext(path.as_posix())[0]
    try:
        name.encode()
    except UnicodeEncodeError:
        raise DatasetError(f"The file name {os.fsencode(path)!r} is not UTF-8; rename the file.") from None
    return unicodedata.normalize("NFC", name)


def shard_of(track: str, *, shards: int) -> int:
    """Return the shard of a track: a hash of its name alone, the same on every machine and in every run."""
    return int.from_bytes(hashlib.sha256(track.encode(errors="surrogateescape")).digest()[:8], "big") % shards


def fingerprints(path: str | os.PathLike[str], *, shards: int) -> list[str]:
    """Return a hash for each shard that changes when one of its songs is added, removed, renamed or rewritten.

    It looks at names, sizes and times of change, not at contents, and imports nothing heavy: the workflow asks at
    every start.

    Parameters
    ----------
    path : path-like
        A folder of songs, or a CSV that lists them.
    shards : int
        How many there are.

    Returns
    -------
    list of str
        By shard. A song whose name is no text counts in the shard of its bytes: the listing will refuse it.
    """
    digests = [hashlib.sha256() for _ in range(shards)]
    for name, file, facts in _songs(Path(path).expanduser()):
        stat = file.stat() if file.is_file() else None
        known = f"{file}\0{facts}\0{stat and (stat.st_size, stat.st_mtime_ns)}\0"
        digests[shard_of(name, shards=shards)].update(known.encode(errors="surrogateescape"))
    return [digest.hexdigest()[:16] for digest in digests]


def listed_folders(path: str | os.PathLike[str]) -> list[str]:
    """Return the folders in which the songs of a CSV lie, relative to the current one if the CSV's path is."""
    return sorted({str(file.parent) for _, file, _ in _songs(Path(path).expanduser())})


def _songs(path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Yield name, file and what a CSV says of each song."""
    if path.is_file():
        with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as table:
            for row in csv.DictReader(table):
                name = row.get("path") or ""
                facts = [f"{column}={value}" for column, value in row.items()]
                yield _loose_name(Path(name)), path.parent / os.path.expanduser(name), facts
    for label in sorted(path.glob("*/")):  # as in the listing, a label may be a link; links below it are not followed
        for folder, folders, names in os.walk(label):
            folders.sort()
            for song in (Path(folder, name) for name in sorted(names)):
                below = song.relative_to(path)
                if is_song(below):
                    yield _loose_name(below), song, []


def _loose_name(path: Path) -> str:
    try:
        return track_name(path)
    except DatasetError:
        return os.path.splitext(path.as_posix())[0]
