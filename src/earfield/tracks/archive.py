"""Unpacking an archive that somebody else made: no name, type or size in it is believed."""

import gzip
import os
import shutil
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from tqdm import tqdm

from earfield.errors import DatasetError, EarfieldError

_CHUNK = 1 << 16
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a named pipe",
}
# What gzip and tarfile raise over damaged data. The built-in ones come from header fields that do not parse,
# the last two from a name that is a file here and a folder there.
_DAMAGE = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    FileExistsError,
    IsADirectoryError,
)


def unpack(
    archive: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    max_bytes: int,
    max_entries: int,
    suffixes: Sequence[str] = (".au", ".wav"),
) -> Path:
    """Unpack the audio files of a `.tar.gz` into a folder of their own.

    Regular files with one of `suffixes` are written, with the sub-folders that their names ask for; other
    regular files are passed over (checksums, `._` files of macOS). All is written beside `folder`, and takes
    that name when the archive has been read to its end: a refused archive leaves nothing behind.

    Parameters
    ----------
    archive : str or path-like
        The `.tar.gz`.
    folder : str or path-like
        The folder to make. One that stands there is replaced, if the archive is accepted.
    max_bytes : int
        Bound on what the archive may unpack to [bytes], headers and passed-over entries included.
    max_entries : int
        Bound on the number of entries.
    suffixes : sequence of str
        Endings, in lower case, of the files that are wanted.

    Returns
    -------
    pathlib.Path
        `folder`.

    Raises
    ------
    DatasetError
        If an entry would leave the folder (`..`, an absolute name), is a link, a device, a pipe or a sparse
        file, or repeats a name; if a bound is exceeded; if the archive does not exist, is cut short, corrupt,
        no `.tar.gz` or without audio.
    EarfieldError
        If the disk is full or a file cannot be written.
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise DatasetError(f"There is no archive {archive}: correct the path.")
    # One name for every run: what a killed run has left is removed by the next one.
    aside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        _unpack(archive, aside, max_bytes, max_entries, tuple(suffixes))
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(aside, folder)
    except DatasetError as error:
        raise DatasetError(f"{archive} {error}; it is not unpacked: use another copy.") from error
    except _DAMAGE as error:
        raise DatasetError(
            f"{archive} is cut short, damaged or no .tar.gz ({error}); it is not unpacked: use another copy, "
            "or unpack it yourself and name the folder."
        ) from error
    except OSError as error:
        raise EarfieldError(
            f"{archive} cannot be unpacked into {folder} ({error}): make room there, or correct the "
            "permissions, and run again."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _unpack(archive: Path, folder: Path, max_bytes: int, max_entries: int, suffixes: tuple[str, ...]) -> None:
    names: set[str] = set()
    n_entries = n_written = 0
    with gzip.open(archive) as decompressed:
        stream = _Stream(cast(IO[bytes], decompressed), max_bytes)
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r:") as tar:
            for member in tqdm(tar, desc=f"unpack {archive.name}", unit=" entries", mininterval=1.0):
                n_entries += 1
                if n_entries > max_entries:
                    raise DatasetError(f"holds more than {max_entries} entries")
                name = _safe_name(member, max_bytes)
                if member.isdir():
                    continue
                # Two names that differ in case only are one file on some systems.
                if name.as_posix().casefold() in names:
                    raise DatasetError(f"holds two entries named {member.name!r}")
                names.add(name.as_posix().casefold())
                if name.suffix.lower() in suffixes and not name.name.startswith("._"):
                    _copy(stream, member, folder / name)
                    n_written += 1
        # tarfile takes a damaged header for the end; the true end is nothing, or a block of zeros.
        if stream.latest.strip(b"\0"):
            raise tarfile.ReadError(f"what follows entry {n_entries} is no header")
        # gzip compares its checksum at its own end only.
        while stream.read(_CHUNK):
            pass
    if not n_written:
        raise DatasetError(f"holds no {' or '.join(suffixes)} file")


def _safe_name(member: tarfile.TarInfo, max_bytes: int) -> PurePosixPath:
    """Check the name, type and stated size of one entry; return the name to write it under."""
    # The rules of Windows take in those of POSIX, and add drives, shares and the other separator.
    name = PureWindowsPath(member.name)
    if name.anchor:
        raise DatasetError(f"holds {member.name!r}, an absolute name")
    if ".." in name.parts or "\\" in member.name or "\0" in member.name:
        raise DatasetError(f"holds {member.name!r}, a name that may lead out of the folder")
    if member.issparse():
        raise DatasetError(f"holds {member.name!r}, a sparse file")
    if not (member.isdir() or member.isreg()):
        raise DatasetError(f"holds {member.name!r}, {_KINDS.get(member.type, 'an entry of unknown type')}")
    if not 0 <= member.size <= max_bytes:
        raise DatasetError(f"holds {member.name!r} of {member.size} bytes, beyond the bound of {max_bytes}")
    return PurePosixPath(member.name)


def _copy(stream: "_Stream", member: tarfile.TarInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stream.seek(member.offset_data)
    left = member.size
    with open(path, "xb") as file:
        while left:
            data = stream.read(min(_CHUNK, left))
            if not data:
                raise EOFError(f"it ends inside {member.name!r}")
            file.write(data)
            left -= len(data)


class _Stream:
    """The decompressed archive, read forwards only, in small pieces, and no further than a bound.

    `tarfile` follows the sizes that headers state: it would read a header of 8 GB into memory, and some
    versions of it loop for ever over a negative size. Reads of impossible length and steps back are refused.
    """

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        self.latest = b""
        self._stream = stream
        self._max_bytes = max_bytes
        self._position = 0
        self._wanted = 0

    def tell(self) -> int:
        return self._wanted

    def seek(self, offset: int) -> None:
        # tarfile steps back by one byte, to see whether the last one of an entry exists.
        if offset < self._position - min(1, len(self.latest)):
            raise tarfile.ReadError("a header states an impossible size")
        self._wanted = offset

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _CHUNK:
            raise tarfile.ReadError(f"a header of {size} bytes")
        if self._wanted < self._position:
            self._wanted += 1
            return self.latest[-1:]
        while self._position < self._wanted:
            if not self._advance(min(_CHUNK, self._wanted - self._position)):
                return b""
        data = self._advance(size)
        self._wanted = self._position
        return data

    def _advance(self, size: int) -> bytes:
        self.latest = self._stream.read(size)
        self._position += len(self.latest)
        if self._position > self._max_bytes:
            raise DatasetError(f"unpacks beyond the bound of {self._max_bytes} bytes")
        return self.latest
