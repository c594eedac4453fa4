"""Whether a user's collection of songs changed, told without opening a song."""

import csv
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


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
            yield from (Path(folder, name) for name in sorted(names))
