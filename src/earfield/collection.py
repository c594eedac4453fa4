"""Whether a user's collection of songs changed, told without opening a song."""

import csv
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

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


def fingerprint(path: str | os.PathLike[str]) -> str:
    """Return a hash that changes when a song is added, removed, renamed or rewritten.

    It looks at names, sizes and times of change, not at contents, and imports nothing heavy: the workflow asks at
    every start.

    Parameters
    ----------
    path : path-like
        A folder of songs, or a CSV that lists them.

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    for file in _files(Path(path).expanduser()):
        stat = file.stat() if file.is_file() else None
        digest.update(f"{file}\0{stat and (stat.st_size, stat.st_mtime_ns)}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        with open(path, newline="", encoding="utf-8-sig", errors="replace") as table:
            yield from (
                path.parent / os.path.expanduser(row["path"]) for row in csv.DictReader(table) if row.get("path")
            )
    for label in sorted(path.glob("*/")):  # as in the listing, a label may be a link; links below it are not followed
        for folder, folders, names in os.walk(label):
            folders.sort()
            songs = (Path(folder, name) for name in sorted(names))
            yield from (song for song in songs if is_song(song.relative_to(path)))
