"""A second name for every finished output, so that what DVC removes before it runs a stage is not lost.

DVC deletes all that a stage made before it runs the stage again, though most of it may still be right. Each job gives
its finished outputs a second name, a hard link that costs no room; before Snakemake decides what to make, the outputs
that DVC deleted get their first name back, as old as they were.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path(".snakemake", "kept")  # beside Snakemake's records of how each output came about


def keep(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Give finished outputs their second name.

    Parameters
    ----------
    paths : iterable of path-like
        Files and folders, relative to the project's folder; others are passed over.
    """
    for path in map(Path, paths):
        if not path.is_absolute() and path.exists():
            _link(path, _FOLDER / path)


def put_back(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Give outputs that are missing their first name back.

    Parameters
    ----------
    paths : iterable of path-like
        Files and folders, relative to the project's folder.

    Returns
    -------
    list of str
        Those that were put back: missing before, and kept.
    """
    missing = [path for path in map(Path, paths) if not path.exists() and (_FOLDER / path).exists()]
    for path in missing:
        _link(_FOLDER / path, path)
    return [str(path) for path in missing]


def _link(source: Path, target: Path) -> None:
    """Link a file, or each file of a folder, under another name that appears when whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.kept")
    if source.is_dir():
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(source, aside, copy_function=_link_file)  # with the time of each folder
        shutil.rmtree(target, ignore_errors=True)
    else:
        aside.unlink(missing_ok=True)
        _link_file(source, aside)
    os.replace(aside, target)


def _link_file(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    try:
        os.link(source, target)
    except OSError:  # this file system has no links, or no more of this one: a copy of the same age
        shutil.copy2(source, target)
