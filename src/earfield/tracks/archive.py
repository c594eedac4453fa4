"""Safe extraction of untrusted tar archives."""

import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from earfield.errors import DatasetError, EarfieldError

_SUFFIXES = (".au", ".wav")


def unpack(
    archive: str | os.PathLike[str], folder: str | os.PathLike[str], *, max_bytes: int, max_entries: int
) -> Path:
    """Unpack the `.au` and `.wav` files of a `.tar.gz` into a folder of their own.

    Everything else is skipped: checksums, `._` files of macOS, links, devices. Files are written beside `folder`, which
    takes its name when the archive has been read to its end, so that a refused archive leaves nothing behind.

    Parameters
    ----------
    archive : str or path-like
        The `.tar.gz`. A damaged entry in its middle may end it early without an error: compare the tracks with their
        known hashes.
    folder : str or path-like
        The folder to make; an existing one is replaced if the archive is accepted.
    max_bytes, max_entries : int
        Bounds on the sum of the sizes of all entries [bytes] and on their number.

    Returns
    -------
    pathlib.Path
        `folder`.

    Raises
    ------
    DatasetError
        If a file would leave the folder, a bound is exceeded, or the archive is missing, cut short, no `.tar.gz` or
        without audio.
    EarfieldError
        If the disk is full or a file cannot be written.
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise DatasetError(f"There is no archive {archive}: correct the path.")
    if not hasattr(tarfile, "data_filter"):
        raise EarfieldError(
            f"This Python cannot unpack {archive} safely: use 3.11.4 or later, or unpack it yourself and name the "
            "folder."
        )
    # The same name in every run, so that the next run removes files that a killed run left.
    aside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(aside, _audio(tar, max_bytes=max_bytes, max_entries=max_entries), filter="data")
        if not any(aside.iterdir()):
            raise DatasetError(f"holds no {' or '.join(_SUFFIXES)} file")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(aside, folder)
    except (DatasetError, tarfile.FilterError) as error:
        raise DatasetError(f"{archive} {error}; it is not unpacked: use another copy.") from error
    # The last three: header fields that do not parse, a name that is a file here and a folder there.
    except (tarfile.TarError, zlib.error, EOFError, ValueError, FileExistsError, NotADirectoryError) as error:
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


def _audio(tar: tarfile.TarFile, *, max_bytes: int, max_entries: int) -> Iterator[tarfile.TarInfo]:
    """Yield the audio files of an archive while its entries stay within the bounds."""
    unpacked = 0
    for number, member in enumerate(tqdm(tar, desc="unpack", unit=" entries", mininterval=1.0, disable=None), start=1):
        if number > max_entries:
            raise DatasetError(f"holds more than {max_entries} entries")
        unpacked += abs(member.size)
        if unpacked > max_bytes:
            raise DatasetError(f"unpacks beyond the bound of {max_bytes} bytes with {member.name!r}")
        name = Path(member.name)
        if member.isreg() and name.suffix.lower() in _SUFFIXES and not name.name.startswith("._"):
            yield member
