"""Download of a large file from the first working mirror, with resumption of interrupted transfers."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Never

import requests
import urllib3
from tqdm import tqdm

from earfield.errors import DatasetError, EarfieldError

_CHUNK = 1 << 18
_ATTEMPTS = 4  # in a row without progress, after which a mirror is given up
_PAUSE = 0.5  # s before the second attempt, doubled by each failure in a row
_TIMEOUT = 30.0  # s of silence
_BUSY = {408, 425, 429, 500, 502, 503, 504}


def download(
    urls: Sequence[str],
    path: str | os.PathLike[str],
    *,
    limit: int,
    accept: Callable[[Path], object],
    fix: str,
) -> None:
    """Fetch a file from the first mirror whose copy is accepted; an existing file is checked and kept.

    Partial downloads are kept in a hidden file beside `path`, one per mirror, and resumed by the next attempt or run.
    Whether the parts belong together is left to `accept`; a refused file that was resumed is fetched again from its
    start.

    Parameters
    ----------
    urls : sequence of str
        The mirrors, tried in turn.
    path : str or path-like
        The accepted file is renamed to this path.
    limit : int
        A mirror that announces or sends more is refused [bytes].
    accept : callable
        Takes the path of a whole file and raises `DatasetError` if it is not the one that is wanted.
    fix : str
        What the user can do when every mirror fails; closes the error message.

    Raises
    ------
    DatasetError
        If every mirror fails (with the reason of each), or if the existing file is refused.
    EarfieldError
        If the disk is full or the file cannot be written; what has arrived is kept.
    """
    path = Path(path)
    if path.exists():
        try:
            accept(path)
        except DatasetError as error:
            raise DatasetError(f"{path} is refused: {error} Remove it to download it again.") from error
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for url in urls:
        part = path.with_name(f".{path.name}.{hashlib.sha256(url.encode()).hexdigest()[:8]}.part")
        begun = part.exists()
        for _ in range(1 + begun):
            try:
                _fetch(url, part, limit=limit)
                accept(part)
            except DatasetError as error:
                reason = f"{url} gave a file that is refused: {str(error).rstrip('.')}"
                part.unlink(missing_ok=True)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                reason = f"{url} failed: {_cause(error)}"
                break
            else:
                os.replace(part, path)
                return
        reasons.append(reason)
    raise DatasetError(f"No mirror gave {path.name}: {'; '.join(reasons) or 'none is listed'}. {fix}")


def _fetch(url: str, part: Path, *, limit: int) -> None:
    """Complete `part` over as many connections as it takes."""
    failures = furthest = 0
    while True:
        try:
            return _attempt(url, part, limit=limit)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            answer = getattr(error, "response", None)
            # Progress is what exceeds every earlier attempt: a mirror without ranges may drop each connection at the
            # same place. requests makes a malformed address a ValueError.
            failures = 0 if _size(part) > furthest else failures + 1
            furthest = max(furthest, _size(part))
            hopeless = isinstance(error, ValueError) or (answer is not None and answer.status_code not in _BUSY)
            if hopeless or failures >= _ATTEMPTS:
                raise
            time.sleep(_PAUSE * 2**failures)


def _attempt(url: str, part: Path, *, limit: int) -> None:
    """Continue or start `part` over one connection."""
    arrived = _size(part)
    # A mirror that compresses on the way would announce the length and serve the ranges of another file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={arrived}-"} if arrived else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        if response.status_code == 416:  # nothing is missing
            return
        response.raise_for_status()
        arrived *= response.status_code == 206
        rest = int(response.headers.get("Content-Length", 0))
        if arrived + rest > limit:
            raise DatasetError(f"it has {arrived + rest} bytes, more than the {limit} allowed")
        try:
            free = shutil.disk_usage(part.parent).free
            if rest > free:
                raise OSError(0, f"{rest} bytes are needed and {free} are free")
            with open(part, "ab" if arrived else "wb") as file, _bar(part, arrived, arrived + rest) as bar:
                # The bytes as sent: some servers declare a stored .tar.gz as "Content-Encoding: gzip".
                for chunk in response.raw.stream(_CHUNK, decode_content=False):
                    bar.update(file.write(chunk))
                    if file.tell() > limit:
                        raise DatasetError(f"it has more than the {limit} bytes allowed")
        except OSError as error:
            raise EarfieldError(
                f"{part} cannot be written ({error.strerror}): make room and run again; the {_size(part)} bytes that "
                "have arrived are kept."
            ) from error


def _bar(part: Path, arrived: int, total: int) -> "tqdm[Never]":
    """Make the progress bar of a terminal."""
    return tqdm(
        desc=part.name, total=total or None, initial=arrived, unit="B", unit_scale=True, mininterval=0.2, disable=None
    )


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _cause(error: BaseException) -> BaseException:
    """Unwrap a network error: the layers around its cause repeat it."""
    while inner := next(
        (each for each in (getattr(error, "reason", None), *error.args) if isinstance(each, Exception)), None
    ):
        error = inner
    return error
