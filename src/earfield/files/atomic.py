"""Files that appear under their final name only when whole."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def write_aside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write to a temporary file that is renamed to `path` when the block ends without an error.

    Parameters
    ----------
    path : str or path-like
        The final name. Missing parent folders are made.

    Yields
    ------
    pathlib.Path
        The name to write to: same folder, so that the rename cannot cross a file system, and same suffix, so
        that a writer which goes by the suffix is not misled.

    Raises
    ------
    OSError
        If the block, the flush to disk or the rename fails. Nothing is left behind then, under neither name;
        an earlier file of that name is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # One name for every run, so that what a killed one leaves is overwritten by the next; a path has one writer.
    aside = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield aside
        with open(aside, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(aside, path)
    except OSError as error:
        if error.errno and error.filename in (None, str(aside)):  # a failed write does not know its file
            error.filename = str(path)
        raise
    finally:
        aside.unlink(missing_ok=True)


def write_json(path: str | os.PathLike[str], content: Mapping[str, Any]) -> None:
    """Write a JSON file for people to read as well, by `write_aside`."""
    with write_aside(path) as aside:
        aside.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def move_folder(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Move a folder to its final name, where it appears when whole, also on another file system.

    Parameters
    ----------
    source, target : path-like
        A folder at `target` is replaced.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.move(source, aside)
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)
