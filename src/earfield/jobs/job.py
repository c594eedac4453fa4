"""Common part of all jobs: log, exit status after an error, and a check that inputs did not change."""

import errno
import hashlib
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from earfield.errors import EarfieldError
from earfield.log_levels import RESULT
from earfield.versioning.output_links import link_outputs, unlink_outputs

_SOURCES = str(Path(__file__).parents[2])
_LARGE = 1_000_000  # bytes; hashing larger files takes longer than many jobs
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def logged(
    path: str | os.PathLike[str],
    outputs: Iterable[str | os.PathLike[str]] = (),
    inputs: Iterable[str | os.PathLike[str]] = (),
) -> Iterator[None]:
    """Run the block with a log; an error that a user can fix ends the job with its message, without a traceback.

    Parameters
    ----------
    path : path-like
        The job's log file. Results (`RESULT`), warnings and errors go to the terminal too.
    outputs : iterable of path-like
        Outputs of the block, kept if it succeeds.
    inputs : iterable of path-like
        Inputs of the block. Snakemake and DVC record inputs as they are when a job ends, so an input that was edited
        during the job would be recorded as the source of its outputs; the job fails instead.

    Raises
    ------
    SystemExit
        With status 1, after an `EarfieldError`, a full disk, or an input that changed while the job ran.
    """
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(RESULT)
    file = logging.FileHandler(path, mode="w", encoding="utf-8", errors="backslashreplace")
    logging.basicConfig(format="%(message)s", handlers=[file, terminal], force=True)
    logging.getLogger("earfield").setLevel(logging.INFO)
    try:
        unlink_outputs(outputs)
        before = {os.fspath(path): _signature(os.fspath(path)) for path in inputs}
        yield
        if changed := [path for path, signature in before.items() if _signature(path) != signature]:
            raise EarfieldError(
                f"'{changed[0]}' changed while this job was running; its outputs are discarded, run again."
            )
        link_outputs(outputs)
    except EarfieldError as error:
        logging.error("%s", error)
        sys.exit(1)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        logging.error("%s: '%s' could not be written; make room and run again.", error.strerror, error.filename)
        sys.exit(1)


def _signature(path: str) -> tuple[int, str] | None:
    """Return a signature that changes when a file is edited: of its content or, if it is large, its size and time."""
    if not os.path.isfile(path):
        return None
    status = os.stat(path)
    if status.st_size > _LARGE:
        return status.st_size, str(status.st_mtime_ns)
    with open(path, "rb") as file:
        return status.st_size, hashlib.file_digest(file, "sha256").hexdigest()


def prepare_environment_of_jobs() -> None:
    """Let jobs, also in environments of their own and on other machines, find this package and use oneDNN.

    TensorFlow reads the variable when it is imported. By itself it uses oneDNN only on processors with AVX-512 VNNI,
    but training is faster with it on others too.
    """
    paths = [_SOURCES, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
