"""Number of analysis frames of a waveform."""


def frame_count(n_samples: int, *, hop_length: int) -> int:
    """Return how many frames a waveform of `n_samples` gives: frames are centred on multiples of the hop."""
    return 1 + n_samples // hop_length
