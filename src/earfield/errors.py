"""Errors that a user can mend: each message is one sentence with the value, the place and the mend."""

import os


class EarfieldError(Exception):
    """Something in the input, not in the code, stops the work."""


class ConfigError(EarfieldError):
    """A key or value of the configuration cannot be used."""


class DatasetError(EarfieldError):
    """A collection of tracks, its table or its archive cannot be used."""


class AudioError(EarfieldError):
    """One audio file or waveform cannot be used."""


class DivergenceError(EarfieldError):
    """A network's loss stopped being a number."""


def no_longer_usable(path: str, error: AudioError, *, tracks: str | os.PathLike[str]) -> DatasetError:
    """Return what to raise for a file that could be read when its table of tracks was made, and no longer can be."""
    return DatasetError(
        f"'{path}' {error}, but was usable when {tracks} was made; put the file back, or delete {tracks} and run again."
    )
