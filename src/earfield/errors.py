"""Errors that a user can mend: each message is one sentence with the value, the place and the mend."""


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
