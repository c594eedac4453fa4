"""How DVC and Snakemake take each other's word: `record`, `adopt`, and what keeps them out of each other's way."""

import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from earfield.errors import EarfieldError
from earfield.versioning.output_links import forget, is_new, keep, put_back, settle, unkept
from earfield.versioning.stages import DOWNLOAD, outputs_of, read_stages, read_yaml

_SHOWN = 20  # files or jobs that a refusal spells out
_SHOWN_OF_STAGE = 5
_LOCKS = Path(".snakemake", "locks")
_DVC_TMP = Path(".dvc", "tmp")


def restore(stage: str) -> list[str]:
    """Put back what DVC removed before it ran a stage: the first command of each stage.

    The lock that a killed Snakemake left in the folder is removed as well.

    Parameters
    ----------
    stage : str
        Its name in `dvc.yaml`.

    Returns
    -------
    list of str
        What was put back.

    Raises
    ------
    EarfieldError
        If `dvc.yaml` is not that of the present configuration, or has no such stage.
    """
    stages = read_stages()
    if stage not in stages:
        raise EarfieldError(f"dvc.yaml has no stage '{stage}'; it has {', '.join(stages)}.")
    if any(_LOCKS.glob("*")) and not _others_at_work():
        _snakemake("--unlock")  # of a run that was killed
    return put_back(outputs_of(stages[stage]))


def record() -> None:
    """Let DVC take as done what Snakemake has made.

    Raises
    ------
    EarfieldError
        If Snakemake has something to do, with the list of it, or `dvc.yaml` is not that of the configuration.
    """
    stages = read_stages()
    _require_snakemake_clean("DVC cannot record")
    strange = unkept(path for stage in stages.values() for path in outputs_of(stage))
    if strange:
        raise EarfieldError(
            _listed("DVC cannot record: Snakemake has no record of how these came about", strange)
            + "\nIf they are those of this configuration, say: earfield adopt"
        )
    _dvc("commit", "--force", "--quiet")
    if DOWNLOAD in stages:
        _dvc("freeze", DOWNLOAD)


def adopt() -> None:
    """Let Snakemake take as done what DVC has put there, after its contents were held against their hashes.

    Raises
    ------
    EarfieldError
        If a stage has changed or a file is missing or is not what DVC says it is, with the list of these.
    """
    stages = read_stages()
    status = json.loads(_dvc("status", "--json"))
    frozen = [name for name, stage in stages.items() if stage.get("frozen")]
    changed = [f"{stage}: {_changes(what)}" for stage, what in status.items() if stage not in frozen]
    if changed:
        raise EarfieldError(
            _listed("Snakemake cannot adopt what is here: DVC has it as changed", changed)
            + "\nGet what is missing with `dvc pull` or `dvc checkout`, or make it with `dvc repro`."
        )
    corrupted = list(corrupted_outputs())
    if corrupted:
        raise EarfieldError(
            _listed("Snakemake cannot adopt what is here: it is not what dvc.lock says", corrupted)
            + "\nRemove these entries of the cache and these files, then: dvc pull"
        )
    forget()  # before Snakemake's records change, of which it is the other half
    _snakemake("--touch", "--forceall", "--cores", "1", "--quiet", "all")
    keep(path for stage in stages.values() for path in outputs_of(stage))
    _require_snakemake_clean("The files were taken over, but not all of them belong together")


def foreign_outputs() -> list[str]:
    """Return the outputs that Snakemake must not judge: it has no record of them, or a record of something else.

    Returns
    -------
    list of str
        Outputs that DVC has put there and `adopt` has not taken over.
    """
    if not is_new():
        return settle()
    lock = read_yaml(Path("dvc.lock")) if Path("dvc.lock").exists() else {}
    outs = [out["path"] for stage in lock.get("stages", {}).values() for out in stage["outs"]]
    return [path for path in outs if os.path.exists(path)]


def corrupted_outputs() -> Iterator[str]:
    """Hold the contents of all outputs against the hashes in `dvc.lock`, whatever DVC remembers of them.

    Yields
    ------
    str
        A file that differs, with the cache's entry that it came from.
    """
    lock = read_yaml(Path("dvc.lock"))
    names = read_stages()
    cache = Path(_dvc("cache", "dir").strip(), "files", "md5")
    for out in (out for name, stage in lock["stages"].items() if name in names for out in stage["outs"]):
        for path, known in _files(out, cache):
            if not os.path.exists(path):
                yield f"{path} is missing"
            elif _md5(path) != known:
                yield f"{path} (cache entry {_entry(cache, known)})"


@contextmanager
def held_for_snakemake() -> Iterator[None]:
    """Keep DVC from removing or committing anything while Snakemake runs, in DVC's own terms: its lock of paths.

    Raises
    ------
    EarfieldError
        If DVC is at work here already.
    """
    if not Path(".dvc").is_dir():
        yield
        return
    try:
        from dvc.fs import localfs
        from dvc.lock import LockError
        from dvc.rwlock import rwlock
    except ModuleNotFoundError:  # where there is no DVC, it is not at work
        yield
        return
    _DVC_TMP.mkdir(parents=True, exist_ok=True)
    ours = [os.path.abspath(folder) for folder in ("data", "results")]
    try:
        with rwlock(str(_DVC_TMP.resolve()), localfs, "snakemake", [], ours, False):
            yield
    except LockError as error:
        raise EarfieldError(f"DVC is at work in this folder; wait until it is done. {error}") from None


def _others_at_work() -> bool:
    """Return whether a live process other than those that started this one has a place in DVC's lock of paths."""
    import psutil

    path = _DVC_TMP / "rwlock"
    if not path.exists():
        return False
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError:  # being written by one who is at work
        return True
    holders = [*lock.get("write", {}).values(), *itertools.chain(*lock.get("read", {}).values())]
    pids = {holder["pid"] for holder in holders} - {process.pid for process in psutil.Process().parents()}
    return any(map(psutil.pid_exists, pids))


def _require_snakemake_clean(refusal: str) -> None:
    """Raise an error that lists what Snakemake would make, if there is any."""
    rows = [line.split("\t") for line in _snakemake("--summary").splitlines()[1:]]
    pending = [f"{row[0]}: {row[-2]}" for row in rows if row[-1] != "no update"]
    if pending:
        raise EarfieldError(_listed(f"{refusal}: Snakemake has {len(pending)} files to make", pending))


def _listed(sentence: str, items: Sequence[str]) -> str:
    more = [f"... and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return "\n  ".join([f"{sentence}:", *items[:_SHOWN], *more])


def _changes(what: Any) -> str:
    """Say in one line what `dvc status --json` says of a stage."""
    if isinstance(what, list):
        parts = [_changes(each) for each in what]
    elif isinstance(what, dict):
        parts = [f"{key}: {_changes(value)}" for key, value in what.items()]
    else:
        return str(what)
    more = [f"and {len(parts) - _SHOWN_OF_STAGE} more"] if len(parts) > _SHOWN_OF_STAGE else []
    return "; ".join([*parts[:_SHOWN_OF_STAGE], *more])


def _files(out: dict[str, Any], cache: Path) -> Iterator[tuple[str, str]]:
    """Yield each file of an output with its md5."""
    if not out["md5"].endswith(".dir"):
        yield out["path"], out["md5"]
        return
    listing = _entry(cache, out["md5"])
    if not listing.exists():
        raise EarfieldError(f"DVC's cache lacks {listing}, the listing of {out['path']}; get it with: dvc pull")
    for each in json.loads(listing.read_text(encoding="utf-8")):
        yield f"{out['path']}/{each['relpath']}", each["md5"]


def _entry(cache: Path, md5: str) -> Path:
    return cache / md5[:2] / md5[2:]


def _md5(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _snakemake(*arguments: str) -> str:
    return _run("snakemake", *arguments)


def _dvc(*arguments: str) -> str:
    return _run("dvc", *arguments)


def _run(module: str, *arguments: str) -> str:
    """Run a command of this environment and return what it prints; its own words are the error if it fails."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise EarfieldError(f"`{module} {' '.join(arguments)}` failed:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout
