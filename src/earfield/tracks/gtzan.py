"""GTZAN: its archive, downloaded or the user's own, and its tracks, each verified by its published MD5."""

import hashlib
import io
import os
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import soundfile as sf
from tqdm import tqdm

from earfield.configuration.settings import GtzanSettings
from earfield.errors import DatasetError
from earfield.files.markdown import listed
from earfield.tracks.archive import unpack
from earfield.tracks.audio_files import shard_of
from earfield.tracks.download import download

_ARCHIVE = "genres.tar.gz"
_FACTS = ["track", "genre", "wav_md5", "artist", "title"]
_AUDIO = re.compile(r"(?P<track>[a-z]+\.\d{5})\.(au|wav|flac)", re.IGNORECASE)


def obtain(folder: str | os.PathLike[str], *, facts: str | os.PathLike[str], settings: GtzanSettings) -> Path:
    """Get the audio of GTZAN, from the user's own copy or from a mirror.

    The known archive, and an archive or folder that the user names, are accepted as they are: a track in them that is
    missing, unreadable or another recording is unusable, and `listing` says why. A downloaded archive of unknown hash
    is accepted only if all tracks but `known_broken` verify: later copies of GTZAN hold WAV files, so that their hashes
    differ, and a broken jazz.00054. In no case is a track that fails its md5 usable.

    Parameters
    ----------
    folder : str or path-like
        The folder to unpack into; an existing one is replaced. The downloaded archive stays beside it.
    facts : str or path-like
        The table that `read_facts` reads.
    settings : GtzanSettings

    Returns
    -------
    pathlib.Path
        The folder that holds the audio: `folder`, or the user's own.

    Raises
    ------
    DatasetError
        If the user's archive does not exist or is refused, or if every mirror fails.
    EarfieldError
        If the disk is full.
    """
    folder = Path(folder)
    bounds = {"max_bytes": settings.max_bytes, "max_entries": settings.max_entries}
    if settings.archive:
        own = Path(settings.archive).expanduser()
        if own.is_dir():
            return own
        if not own.exists():
            raise DatasetError(
                f"datasets.gtzan.archive names {str(settings.archive)!r}, which does not exist: correct the path, or "
                "set it to null to download GTZAN."
            )
        return unpack(own, folder, **bounds)

    def unpack_and_verify(candidate: Path) -> None:
        with open(candidate, "rb") as file:
            known = hashlib.file_digest(file, "sha256").hexdigest() == settings.sha256.lower()
        unpack(candidate, folder, **bounds)
        if known:
            return
        try:
            _require_all(folder, facts, settings.known_broken)
        except DatasetError:
            shutil.rmtree(folder)
            raise

    download(
        settings.mirrors,
        folder.with_name(_ARCHIVE),
        limit=2 * settings.size,
        accept=unpack_and_verify,
        fix=f"Download {_ARCHIVE} yourself and set datasets.gtzan.archive to its path.",
    )
    return folder


def listing(
    folder: str | os.PathLike[str],
    facts: str | os.PathLike[str],
    *,
    shard: int = 0,
    shards: int = 1,
    n_threads: int | None = None,
) -> pd.DataFrame:
    """List the tracks of GTZAN, or those of one shard, with the problem of each unusable one.

    Parameters
    ----------
    folder : str or path-like
        Folder of the audio, at any depth.
    facts : str or path-like
        The table that `read_facts` reads.
    shard, shards : int
        Which shard of how many.
    n_threads : int or None
        Threads that decode and hash; None lets Python choose.

    Returns
    -------
    pandas.DataFrame
        One row for each track of `facts`, in its order; all columns are strings: track, label, path (empty if missing),
        artist, title, problem (empty if the track is the known recording, bit for bit). Other files are ignored.

    Raises
    ------
    DatasetError
        If `folder` does not exist or holds two files of one track, or if `facts` cannot be read.
    """
    table = read_facts(facts)
    table = table[[shard_of(track, shards=shards) == shard for track in table.track]].reset_index(drop=True)
    paths = list(map(find_audio(folder).get, table.track))
    with ThreadPoolExecutor(n_threads) as pool:
        checked = pool.map(_problem, paths, table.wav_md5)
        problems = list(tqdm(checked, desc="verify", total=len(paths), unit=" tracks", mininterval=1.0, disable=None))
    return pd.DataFrame(
        {
            "track": table.track,
            "label": table.genre,
            "path": [str(path or "") for path in paths],
            "artist": table.artist,
            "title": table.title,
            "problem": problems,
        }
    )


def read_facts(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table of known tracks, a CSV with the columns track, genre, wav_md5, artist and title, as strings.

    Raises
    ------
    DatasetError
        If the file cannot be read, lacks a column or names a track twice.
    """
    try:
        # Without keep_default_na an artist named "None" or "NA" would vanish.
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as a table of tracks ({error}): restore it.") from error
    if missing := [column for column in _FACTS if column not in table.columns]:
        raise DatasetError(f"{path} lacks the column {', '.join(missing)}: restore it.")
    if len(repeated := table.track[table.track.duplicated()]):
        raise DatasetError(f"{path} names {listed(repeated)} twice: remove one of the rows.")
    return table


def find_audio(folder: str | os.PathLike[str]) -> dict[str, Path]:
    """Find the files named `<genre>.<5 digits>.au`, `.wav` or `.flac` below a folder, by the track (`blues.00000`).

    Raises
    ------
    DatasetError
        If `folder` is not a folder or holds several files of one track.
    """
    if not Path(folder).is_dir():
        raise DatasetError(f"{folder} is not a folder: correct the path.")
    found: dict[str, list[Path]] = {}
    for path in sorted(Path(folder).rglob("*")):
        match = _AUDIO.fullmatch(path.name)
        if match and path.is_file():
            found.setdefault(match["track"].lower(), []).append(path)
    double = [
        f"{' and '.join(map(str, paths))} are both the track {track}" for track, paths in found.items() if paths[1:]
    ]
    if double:
        raise DatasetError(f"{listed(double)}: keep one of each.")
    return {track: paths[0] for track, paths in found.items()}


def wav_md5(path: str | os.PathLike[str]) -> str:
    """Return the md5 [hexadecimal] of a track decoded to a WAV file: the 44-byte header and the PCM-16 samples.

    Raises
    ------
    soundfile.LibsndfileError
        If the file is missing or no audio.
    """
    samples, sample_rate = sf.read(path, dtype="int16")
    file = io.BytesIO()
    sf.write(file, samples, sample_rate, format="WAV", subtype="PCM_16")
    return hashlib.md5(file.getbuffer(), usedforsecurity=False).hexdigest()


def _require_all(folder: str | os.PathLike[str], facts: str | os.PathLike[str], known_broken: Sequence[str]) -> None:
    """Raise `DatasetError` unless every track verifies, `known_broken` apart."""
    table = listing(folder, facts)
    if len(failed := table[(table.problem != "") & ~table.track.isin(known_broken)]):
        raise DatasetError(
            f"its hash is unknown and {len(failed)} of {len(table)} tracks do not verify: {listed(failed.track)} "
            f"(the first is {failed.problem.iloc[0]})."
        )


def _problem(path: Path | None, known: str) -> str:
    """Return why a track is unusable, as a clause; "" if it is usable."""
    if path is None:
        return "missing: no .au, .wav or .flac of that name"
    try:
        found = wav_md5(path)
    except (sf.SoundFileError, OSError, ValueError, MemoryError) as error:
        return f"unreadable: {error}"
    return "" if found == known else f"another recording: md5 {found}, known is {known}"
