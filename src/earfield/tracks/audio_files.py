"""Audio files of a collection: selection, names of tracks, and detection of changes."""

import csv
import hashlib
import json
import os
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from earfield.errors import DatasetError
from earfield.files.markdown import listed

# What libsndfile reads, and formats that it does not read: these are listed all the same, so that they are counted as
# unusable and not lost. Without raw, which is a photograph more often than samples without a header.
_SUFFIXES = frozenset(
    f".{name}"
    for name in """
    aac aif aifc aiff ape au avr caf flac htk ircam m4a mat4 mat5 mp3 mpc mpc2k nist oga ogg opus paf pvf rf64
    sd2 sds snd svx voc w64 wav wavex wma wv wve xi
    """.split()  # noqa: SIM905
)

_RESOLUTION = 2.0  # s, of the times of files on the coarsest file systems

SONG_HASHES = ".snakemake/song_hashes.json"


def is_song(path: Path) -> bool:
    """Return whether a path, relative to its collection, is a song by its name: not hidden, with an audio suffix."""
    return path.suffix.lower() in _SUFFIXES and not any(part.startswith(".") for part in path.parts)


def track_names(paths: Iterable[Path]) -> list[str]:
    """Return the names of tracks: paths without their suffixes, with `/` and in one Unicode form on every system.

    Raises
    ------
    DatasetError
        If paths are not UTF-8; the message lists them.
    """
    names = [_track_name(path) for path in paths]
    if broken := [os.fsencode(name) for name in names if not _is_text(name)]:
        raise DatasetError(f"File names are not UTF-8: {listed(broken)}; rename the files.")
    return names


def shard_of(track: str, *, shards: int) -> int:
    """Return the shard of a track, a hash of its name alone."""
    return int.from_bytes(hashlib.sha256(track.encode(errors="surrogateescape")).digest()[:8], "big") % shards


def fingerprints(path: str | os.PathLike[str], *, shards: int, hashes: str | os.PathLike[str]) -> list[str]:
    """Return a hash for each shard that changes when one of its songs is added, removed, renamed or rewritten.

    Only contents count, not modification times. The module imports no large package, because every start of the
    workflow calls this function.

    Parameters
    ----------
    path : path-like
        A folder of songs, or a CSV that lists them.
    shards : int
    hashes : path-like
        JSON file, updated here, that keeps the hash of each song with its size and time of change. A song is read only
        if one of these differs from what is kept.

    Returns
    -------
    list of str
        One per shard. A song whose name is not UTF-8 counts in the shard of its bytes: the listing will refuse it.
    """
    try:
        known = json.loads(Path(hashes).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # a damaged file costs the reading of the songs
        known = {}
    before = dict(known)
    digests = [hashlib.sha256() for _ in range(shards)]
    for name, file, facts in _songs(Path(path).expanduser()):
        described = f"{file}\0{facts}\0{_content_hash(file, known)}\0"
        digests[shard_of(name, shards=shards)].update(described.encode(errors="surrogateescape"))
    if known != before:
        folder = Path(hashes).parent
        folder.mkdir(parents=True, exist_ok=True)
        # A unique name, because several jobs may write at once.
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".json", delete=False, encoding="utf-8") as kept:
            json.dump(known, kept)
        os.replace(kept.name, hashes)
    return [digest.hexdigest()[:16] for digest in digests]


def _content_hash(file: Path, known: dict[str, list[Any]]) -> str:
    """Return the hash of a file's content, from `known` if its size and time are as there; "" if it cannot be read."""
    place = os.path.abspath(file)
    try:
        stat = file.stat()
        state = [stat.st_size, stat.st_mtime_ns]
        if known.get(place, [])[:2] == state:
            return str(known[place][2])
        with open(file, "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""  # the listing says why
    # A file may be rewritten once more within the resolution of its time.
    if time.time() - stat.st_mtime > _RESOLUTION:
        known[place] = [*state, digest]
    return digest


def _songs(path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Yield the name, the file and the CSV row of each song."""
    if path.is_file():
        with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as table:
            for row in csv.DictReader(table):
                name = row.get("path") or ""
                facts = [f"{column}={value}" for column, value in row.items()]
                yield _track_name(Path(name)), path.parent / os.path.expanduser(name), facts
    for label in sorted(path.glob("*/")):  # as in the listing, a label may be a link; links below it are not followed
        for folder, folders, names in os.walk(label):
            folders.sort()
            for song in (Path(folder, name) for name in sorted(names)):
                below = song.relative_to(path)
                if is_song(below):
                    yield _track_name(below), song, []


def _track_name(path: Path) -> str:
    name = os.path.splitext(path.as_posix())[0]
    return unicodedata.normalize("NFC", name) if _is_text(name) else name


def _is_text(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)  # how Python shows bytes that are not UTF-8
