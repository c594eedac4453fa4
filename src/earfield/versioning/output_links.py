"""A second name for every finished output, so that what DVC removes before it runs a stage is not lost.

DVC deletes all that a stage made before it runs the stage again, though most of it may still be right. Each job gives
its finished outputs a second name, a hard link that costs no room; before Snakemake decides what to make, the outputs
that DVC deleted get their first name back, as old as they were.
"""

import filecmp
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path(".snakemake", "kept")  # beside Snakemake's records of how each output came about
_STAMP = ".snakemake_timestamp"  # Snakemake goes by its time, not by what is in the folder


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


def release(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Take the second name from outputs that are about to be made again.

    Until the job ends well there is nothing to go back to: Snakemake has no record of either version.

    Parameters
    ----------
    paths : iterable of path-like
        Files and folders, relative to the project's folder; others are passed over.
    """
    for kept in (_FOLDER / path for path in map(Path, paths) if not path.is_absolute()):
        if kept.is_dir():
            shutil.rmtree(kept)
        else:
            kept.unlink(missing_ok=True)


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


def settle() -> list[str]:
    """Make sure that outputs are those that Snakemake's records speak of.

    DVC puts files of other runs under the names of outputs, and files of the same run as if they were new. What equals
    the kept output is given its place again, as old as that was.

    Returns
    -------
    list of str
        Outputs that are there, but are not what Snakemake made or adopted last.
    """
    different = []
    everything = sorted(_FOLDER.rglob("*"))
    for kept in (path for path in everything if path.is_file()):
        path = kept.relative_to(_FOLDER)
        try:
            same = path.samefile(kept)
        except FileNotFoundError:
            continue
        if not same and filecmp.cmp(kept, path, shallow=False):
            _link(kept, path)
        elif not same:
            different.append(str(path))
    for kept in (path for path in everything if path.is_dir()):
        folder = kept.relative_to(_FOLDER)
        stamp, made = folder / _STAMP, kept.stat().st_mtime_ns
        if stamp.exists() and not any(Path(path).is_relative_to(folder) for path in different):
            os.utime(stamp, ns=(made, made))
    return different


def forget() -> None:
    """Forget all that was kept, but not that something was."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)


def is_new() -> bool:
    """Return whether nothing was ever made or adopted in this folder."""
    return not _FOLDER.exists()


def unkept(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return those of the paths that are there, but were never kept: Snakemake has no record of how they came about."""
    return [str(path) for path in map(Path, paths) if path.exists() and not (_FOLDER / path).exists()]


def _link(source: Path, target: Path) -> None:
    """Link a file, or each file of a folder, under another name that appears when whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.kept")
    if source.is_dir():
        shutil.rmtree(aside, ignore_errors=True)
        # With the time of each folder, which is that of Snakemake's stamp in it.
        shutil.copytree(source, aside, copy_function=_link_file, ignore=shutil.ignore_patterns(_STAMP))
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
