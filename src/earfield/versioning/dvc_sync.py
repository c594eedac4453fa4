"""`earfield record` and `adopt`, and what keeps DVC and Snakemake from working on the same files at once."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from earfield.errors import EarfieldError
from earfield.versioning.output_links import (
    STAMP,
    forget_links,
    is_linked,
    is_new,
    link_outputs,
    missing_below,
    put_back,
    relink,
)
from earfield.versioning.stage import PATHS_LOCK, folders, write_songs
from earfield.versioning.tools import Output, outputs_of, read_config, read_yaml, run

_SHOWN = 20  # files or jobs that a refusal lists
_DVC_LOCK = Path("dvc.lock")


def record() -> None:
    """Let DVC consider up to date what Snakemake has made; an error lists what forbids it."""
    config = read_config()
    outputs = outputs_of("all")
    unknown = [output.path for output in outputs if Path(output.path).exists() and not is_linked(output.path)]
    _refuse(
        "DVC cannot record: Snakemake has no record of how these were made",
        [*relink(), *unknown],
        "If they are those of this configuration, run: earfield adopt",
    )
    _refuse_pending("DVC cannot record", outputs)
    made = {Path(output.path) for output in outputs}
    _refuse(
        "DVC cannot record: this config.yaml does not ask for these files",
        [str(path) for path in _files(config["dataset"]) if made.isdisjoint((path, *path.parents))],
        "Remove them, or set `evidence: true` or the dataset's `receptive_fields: true` if these targets made them.",
    )
    write_songs(config)
    for folder in folders(config["dataset"]).values():
        folder.mkdir(parents=True, exist_ok=True)
    run("dvc", "commit", "--force", "--quiet")


def adopt() -> None:
    """Let Snakemake consider up to date what DVC has put there; an error lists what forbids it."""
    read_config()
    status = json.loads(run("dvc", "status", "--json"))
    _refuse(
        "Snakemake cannot adopt what is here: DVC reports changes",
        [re.sub(r"[][{}']", "", f"{stage}: {what}") for stage, what in status.items() if what != ["always changed"]],
        "Get what is missing with `dvc pull` or `dvc checkout`, or make it with `dvc repro`.",
    )
    _refuse(
        "Snakemake cannot adopt what is here: these differ from dvc.lock",
        list(_corrupted_outputs()),
        "Remove these entries of the cache and these files, then: dvc pull",
    )
    forget_links()  # before Snakemake's records change, to which they belong
    run("snakemake", "--touch", "--forceall", "--cores", "1", "--quiet", "all")
    outputs = outputs_of("all")
    link_outputs(output.path for output in outputs)
    _refuse_pending("The files were adopted, but not all of them belong together", outputs)


def foreign_outputs() -> list[str]:
    """Return the outputs that Snakemake must not judge: DVC has put them there and `adopt` has not accepted them.

    What DVC removed although `snakemake evidence` asks for it is put back first.
    """
    lock = read_yaml(_DVC_LOCK).get("stages", {}) if _DVC_LOCK.exists() else {}
    outs = [Path(out["path"]) for stage in lock.values() for out in stage["outs"]]
    if is_new():
        return [str(path) for path in outs if any(path.glob("*"))]
    if "DVC_STAGE" not in os.environ and any(map(missing_below, outs)):
        put_back(output.path for output in outputs_of("evidence"))
    return relink()


@contextmanager
def held_for_snakemake() -> Iterator[None]:
    """Keep DVC from removing or committing anything while Snakemake runs, by DVC's own lock of paths.

    An `EarfieldError` is raised if DVC is at work already.
    """
    if not Path(".dvc").is_dir() or not find_spec("dvc"):
        yield
        return
    from dvc.fs import localfs
    from dvc.lock import LockError
    from dvc.rwlock import rwlock

    PATHS_LOCK.parent.mkdir(parents=True, exist_ok=True)
    ours = [os.path.abspath(top) for top in ("data", "results")]
    try:
        with rwlock(str(PATHS_LOCK.parent.resolve()), localfs, "snakemake", [], ours, False):
            yield
    except LockError as error:
        raise EarfieldError(f"DVC is at work in this folder; wait until it is done. {error}") from None


def _refuse(sentence: str, items: Sequence[str], advice: str = "") -> None:
    """Raise an error that lists the items, if there are any."""
    if items:
        more = [f"... and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
        raise EarfieldError("\n  ".join([f"{sentence}:", *items[:_SHOWN], *more]) + f"\n{advice}".rstrip())


def _refuse_pending(sentence: str, outputs: Sequence[Output]) -> None:
    pending = [f"{output.path}: {output.pending}" for output in outputs if output.pending]
    _refuse(f"{sentence}: Snakemake has {len(pending)} files to make", pending)


def _files(dataset: str) -> Iterator[Path]:
    """Yield each file in the folders of the stages."""
    for folder in folders(dataset).values():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != STAMP)


def _corrupted_outputs() -> Iterator[str]:
    """Compare all files with their hashes in `dvc.lock`, whatever DVC remembers of them; yield those that differ."""
    cache = Path(run("dvc", "cache", "dir").strip(), "files", "md5")
    for out in (out for stage in read_yaml(_DVC_LOCK)["stages"].values() for out in stage["outs"]):
        files = [{"relpath": "", "md5": out["md5"]}]
        if out["md5"].endswith(".dir"):
            listing = cache / out["md5"][:2] / out["md5"][2:]
            if not listing.exists():
                raise EarfieldError(f"DVC's cache has no {listing}, the listing of {out['path']}; run: dvc pull")
            files = json.loads(listing.read_text(encoding="utf-8"))
        for path, md5 in ((Path(out["path"], file["relpath"]), file["md5"]) for file in files):
            if not path.exists():
                yield f"{path} is missing"
            elif _md5(path) != md5:
                yield f"{path} (cache entry {cache / md5[:2] / md5[2:]})"


def _md5(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
