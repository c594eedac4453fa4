"""Second names of finished outputs, so that what DVC removes before it runs a stage is not lost.

Each job gives its finished outputs a second name, a hard link under `.snakemake/kept` that takes no space. Outputs that
DVC removed get their first name back, with their time of change, before Snakemake decides what to make.
All paths are relative to the repository root; others, and those that do not exist, are ignored.
"""

import filecmp
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

STAMP = ".snakemake_timestamp"  # its time of change is what Snakemake knows of a folder
_KEPT = Path(".snakemake", "kept")  # beside Snakemake's records of how each output was made

Paths = Iterable[str | os.PathLike[str]]


def link_outputs(paths: Paths) -> None:
    """Give finished files and folders their second name."""
    for path in map(Path, paths):
        if not path.is_absolute() and path.exists():
            _link(path, _KEPT / path)


def unlink_outputs(paths: Paths) -> None:
    """Remove the second name of outputs that a job is about to make: until it succeeds, there is no valid version."""
    for kept in (_KEPT / path for path in map(Path, paths) if not path.is_absolute()):
        if kept.is_dir():
            shutil.rmtree(kept)
        else:
            kept.unlink(missing_ok=True)


def put_back(paths: Paths) -> list[str]:
    """Give outputs that are missing their first name back, and return those."""
    missing = [path for path in map(Path, paths) if not path.exists() and is_linked(path)]
    for path in missing:
        _link(_KEPT / path, path)
    return [str(path) for path in missing]


def relink() -> list[str]:
    """Link outputs again that are copies with the same content, and return those that differ.

    A copy that DVC made is newer than what Snakemake made; as a link it has the time of change that Snakemake knows.
    """
    different = []
    everything = sorted(_KEPT.rglob("*"))
    for kept in (path for path in everything if path.is_file()):
        path = kept.relative_to(_KEPT)
        if not path.exists() or path.samefile(kept):
            continue
        if filecmp.cmp(kept, path, shallow=False):
            _link(kept, path)
        else:
            different.append(path)
    for kept in (path for path in everything if path.is_dir()):
        stamp, made = kept.relative_to(_KEPT) / STAMP, kept.stat().st_mtime_ns
        if stamp.exists() and not any(path.is_relative_to(stamp.parent) for path in different):
            os.utime(stamp, ns=(made, made))
    return [str(path) for path in different]


def forget_links() -> None:
    """Remove all second names, but not that there were some."""
    shutil.rmtree(_KEPT, ignore_errors=True)
    _KEPT.mkdir(parents=True)


def is_linked(path: str | os.PathLike[str]) -> bool:
    """Return whether an output has a second name: Snakemake has a record of how it was made."""
    return (_KEPT / path).exists()


def missing_below(folder: str | os.PathLike[str]) -> bool:
    """Return whether something below a folder has its second name alone."""
    return not all(path.relative_to(_KEPT).exists() for path in (_KEPT / folder).rglob("*"))


def is_new() -> bool:
    """Return whether nothing was ever made or adopted in this checkout."""
    return not _KEPT.exists()


def _link(source: Path, target: Path) -> None:
    """Link a file, or each file of a folder, under another name that appears when whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.kept")
    if source.is_dir():
        shutil.rmtree(aside, ignore_errors=True)
        # With the time of each folder, which is that of Snakemake's stamp in it.
        shutil.copytree(source, aside, copy_function=_link_file, ignore=shutil.ignore_patterns(STAMP))
        shutil.rmtree(target, ignore_errors=True)
    else:
        aside.unlink(missing_ok=True)
        _link_file(source, aside)
    os.replace(aside, target)


def _link_file(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    try:
        os.link(source, target)
    except OSError:  # this file system has no links, or no more of this file: a copy with its time of change
        shutil.copy2(source, target)
