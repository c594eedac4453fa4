"""What every job of the workflow has in common: its log, and how it ends on bad input."""

import errno
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from earfield.errors import EarfieldError
from earfield.versioning.output_links import keep, release

_SOURCES = str(Path(__file__).parents[2])
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def logged(path: str | os.PathLike[str], outputs: Iterable[str | os.PathLike[str]] = ()) -> Iterator[None]:
    """Run the block with a log; an error that a user can mend ends the job with its sentence alone.

    Parameters
    ----------
    path : path-like
        The job's log file; what goes there goes to the terminal too.
    outputs : iterable of path-like
        What the block makes, to be kept when it ends well.

    Raises
    ------
    SystemExit
        With status 1, after an `EarfieldError` or a full disk.
    """
    handlers: list[logging.Handler] = [
        logging.FileHandler(path, mode="w", encoding="utf-8", errors="backslashreplace"),
        logging.StreamHandler(sys.stderr),
    ]
    logging.basicConfig(format="%(message)s", handlers=handlers, force=True)
    logging.getLogger("earfield").setLevel(logging.INFO)
    try:
        release(outputs)
        yield
        keep(outputs)
    except EarfieldError as error:
        logging.error("%s", error)
        sys.exit(1)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        logging.error("%s: '%s' could not be written; make room and run again.", error.strerror, error.filename)
        sys.exit(1)


def let_jobs_import_package() -> None:
    """Let jobs find this package where it lies, also in environments of their own and on other machines."""
    paths = [_SOURCES, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
