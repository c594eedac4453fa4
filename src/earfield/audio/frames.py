"""Number of analysis frames of a waveform."""


def frame_count(n_samples: int, *, hop_length: int) -> int:
    """Return the number of frames of a waveform; frames are centred on multiples of the hop."""
    return 1 + n_samples // hop_length
