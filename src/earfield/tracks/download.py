"""Downloads that survive dropped connections and never leave half a file under the final name."""

import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Never

import requests
import urllib3
from tqdm import tqdm

from earfield.errors import DatasetError, EarfieldError
from earfield.files.atomic import write_aside

_CHUNK = 1 << 18
_WORTH_RETRYING = {408, 425, 429, 500, 502, 503, 504}


class _MirrorError(Exception):
    """One mirror cannot serve the file; the message is its reason."""


class _DroppedError(_MirrorError):
    """An attempt failed in a way that the next one may not."""


class _WrongPartError(_DroppedError):
    """The answer continues another file than the one begun."""


@dataclass(frozen=True)
class _Origin:
    """Where the bytes of a partial file came from: only the same version at the same place continues it."""

    url: str
    validator: str
    total: int | None


def download(
    urls: Sequence[str],
    path: str | os.PathLike[str],
    *,
    sha256: str | None = None,
    size: int | None = None,
    limit: int | None = None,
    accept: Callable[[Path], object] | None = None,
    mend: str = "Check the network and the list of mirrors.",
    timeout: float = 30.0,
    attempts: int = 4,
    pause: float = 0.5,
) -> bool:
    """Fetch one file from the first mirror that serves it whole.

    What has arrived is kept in `<path>.part`, and `<path>.part.json` says from where: a later attempt, or a
    later call, asks that mirror for the rest, and starts over when the mirror holds another version by now or
    does not serve ranges. A file that stands under `path` already is checked and used.

    Parameters
    ----------
    urls : sequence of str
        The mirrors, tried in turn; the one that an earlier call has begun with comes first.
    path : str or path-like
        The final name, taken by rename once the file is whole and its content is accepted.
    sha256 : str or None
        The known hash [hexadecimal]. None: every file is left to `accept`.
    size : int or None
        Size of the known file [bytes], for the progress bar when a mirror announces none.
    limit : int or None
        A mirror that announces or sends more is refused [bytes].
    accept : callable or None
        Judges a whole file of another hash; it raises `DatasetError` to refuse it. None: another hash is
        refused.
    mend : str
        What the user can do when every mirror fails; closes the error message.
    timeout : float
        Longest silence of a mirror [s].
    attempts : int
        Attempts in a row without progress after which a mirror is given up.
    pause : float
        Wait before the next attempt [s], doubled by each failure in a row.

    Returns
    -------
    bool
        Whether the file has the known hash.

    Raises
    ------
    DatasetError
        If every mirror fails (with the reason of each), or if a file that stood under `path` is refused.
    EarfieldError
        If the disk is full or the file cannot be written; what has arrived stays in `<path>.part`.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    if path.exists():
        try:
            return _judge(path, sha256, accept)
        except DatasetError as error:
            raise DatasetError(f"{path} is refused: {error} Remove it to download it again.") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    begun = _read_origin(part)
    for url in sorted(urls, key=lambda url: begun is None or url != begun.url):
        try:
            _fetch(url, part, size=size, limit=limit, timeout=timeout, attempts=attempts, pause=pause)
        except _MirrorError as error:
            reasons.append(f"{url} {error}")
            continue
        try:
            known = _judge(part, sha256, accept)
        except DatasetError as error:
            reasons.append(f"{url} gave a file that is refused: {str(error).rstrip('.')}")
            _discard(part)
            continue
        os.replace(part, path)
        _discard(part)
        return known
    raise DatasetError(f"No mirror gave {path.name}: {'; '.join(reasons) or 'none is listed'}. {mend}")


def _judge(path: Path, sha256: str | None, accept: Callable[[Path], object] | None) -> bool:
    """Say whether a whole file has the known hash; raise `DatasetError` if its content is refused."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 is not None and digest == sha256.lower():
        return True
    if accept is not None:
        accept(path)
    elif sha256 is not None:
        raise DatasetError(f"{path.stat().st_size} bytes with the sha256 {digest} instead of {sha256}.")
    return False


def _fetch(
    url: str,
    part: Path,
    *,
    size: int | None,
    limit: int | None,
    timeout: float,
    attempts: int,
    pause: float,
) -> None:
    """Complete `part` from one mirror, over as many connections as it takes."""
    furthest = failures = 0
    while True:
        try:
            return _attempt(url, part, size=size, limit=limit, timeout=timeout)
        except _DroppedError as error:
            # Progress is what goes beyond every earlier attempt: a mirror that serves no ranges and drops
            # each connection at the same place would otherwise be asked for ever.
            arrived = _arrived(part, url)
            failures = 0 if arrived > furthest else failures + 1
            furthest = max(furthest, arrived)
            if failures >= attempts:
                raise _MirrorError(f"{error}, in {attempts} attempts without progress") from error
            time.sleep(pause * 2**failures)


def _attempt(url: str, part: Path, *, size: int | None, limit: int | None, timeout: float) -> None:
    """Continue or start `part` over one connection."""
    begun = _read_origin(part)
    arrived = _arrived(part, url)
    # A mirror that compresses on the way would announce the length and serve the ranges of another file.
    headers = {"Accept-Encoding": "identity"}
    if begun and arrived:
        if arrived == begun.total:
            return
        headers |= {"Range": f"bytes={arrived}-", "If-Range": begun.validator}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
            found = _origin_of(response, url)
            if arrived and response.status_code == 416 and found.total == arrived:
                return
            if not _is_rest(response, found, begun, arrived):
                arrived = 0
            if limit is not None and (found.total or 0) > limit:
                raise _MirrorError(f"announces {found.total} bytes, more than the {limit} allowed")
            _write(response, part, found, arrived, size=size, limit=limit)
    except _WrongPartError:
        _discard(part)
        raise
    except (OSError, urllib3.exceptions.HTTPError) as error:
        # requests makes a malformed address a ValueError too: no second attempt can mend it.
        kind = _MirrorError if isinstance(error, ValueError) else _DroppedError
        raise kind(f"failed: {_innermost(error)}") from error


def _is_rest(response: requests.Response, found: _Origin, begun: _Origin | None, arrived: int) -> bool:
    """Say whether the answer holds the rest of the file (True) or all of it (False); raise if neither."""
    if response.status_code == 200:
        return False
    if response.status_code in (206, 416):
        first = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        if arrived and first and int(first[1]) == arrived and found == begun:
            return True
        raise _WrongPartError(f"answered {response.status_code} with a part of another version")
    kind = _DroppedError if response.status_code in _WORTH_RETRYING else _MirrorError
    raise kind(f"answered {response.status_code} {response.reason}")


def _origin_of(response: requests.Response, url: str) -> _Origin:
    """Read the version and the full length that an answer announces."""
    etag = response.headers.get("ETag", "")
    # A weak ETag ("W/...") does not promise the same bytes.
    validator = etag if etag.startswith('"') else response.headers.get("Last-Modified", "")
    if response.status_code in (206, 416):
        length = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        length = response.headers.get("Content-Length", "")
    return _Origin(url, validator, int(length) if length.isdecimal() else None)


def _write(
    response: requests.Response,
    part: Path,
    found: _Origin,
    arrived: int,
    *,
    size: int | None,
    limit: int | None,
) -> None:
    """Append the body to the first `arrived` bytes of `part`; raise unless that completes it."""
    expected = found.total or size
    free = shutil.disk_usage(part.parent).free + (0 if arrived else _length(part))
    if expected is not None and expected - arrived > free:
        raise _cannot_write(part, "the disk is too full", expected - arrived)
    try:
        with open(part, "ab" if arrived else "wb") as file, _bar(part, expected, arrived) as bar:
            if not arrived:
                # Behind the truncation, so that at no moment old bytes stand beside the new origin.
                with write_aside(_origin_path(part)) as aside:
                    aside.write_text(json.dumps(asdict(found)))
            # The bytes as sent: some servers declare a stored .tar.gz as "Content-Encoding: gzip".
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                file.write(chunk)
                arrived += len(chunk)
                bar.update(len(chunk))
                if limit is not None and arrived > limit:
                    raise _MirrorError(f"sends more than the {limit} bytes allowed")
    except OSError as error:
        needed = None if expected is None else expected - _length(part)
        raise _cannot_write(part, error.strerror or str(error), needed) from error
    if found.total is not None and arrived != found.total:
        raise _DroppedError(f"ended the connection after {arrived} of {found.total} bytes")


def _bar(part: Path, total: int | None, initial: int) -> "tqdm[Never]":
    """Make the progress bar: live on a terminal, a line every half minute in a log."""
    return tqdm(
        desc=part.stem,
        total=total,
        initial=initial,
        unit="B",
        unit_scale=True,
        mininterval=0.2 if sys.stderr.isatty() else 30.0,
    )


def _cannot_write(part: Path, why: str, needed: int | None) -> EarfieldError:
    """Describe a full disk: the file, the bytes needed and free, and what becomes of the download."""
    return EarfieldError(
        f"{part} cannot be written ({why}): {'more' if needed is None else needed} bytes are needed and "
        f"{shutil.disk_usage(part.parent).free} are free; make room and run again, the {_length(part)} bytes "
        "that have arrived are kept."
    )


def _innermost(error: BaseException) -> BaseException:
    """Unwrap a network error: the layers around its cause repeat it."""
    while True:
        causes = [getattr(error, "reason", None), *error.args]
        inner = next((cause for cause in causes if isinstance(cause, Exception)), None)
        if inner is None:
            return error
        error = inner


def _origin_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_origin(part: Path) -> _Origin | None:
    try:
        return _Origin(**json.loads(_origin_path(part).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _arrived(part: Path, url: str) -> int:
    """Count the bytes that this mirror can continue, or has sent to the end."""
    begun = _read_origin(part)
    if begun is None or begun.url != url:
        return 0
    return _length(part) if begun.validator or _length(part) == begun.total else 0


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _origin_path(part).unlink(missing_ok=True)
