"""Scales, chords and voice leading, in MIDI pitches."""

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}


def chord(degree: int, *, scale: str, sevenths: bool, dominant: bool) -> tuple[int, ...]:
    """Build a chord on a degree of a scale.

    Parameters
    ----------
    degree : int
        1 is the tonic.
    scale : str
        A key of `SCALES`.
    sevenths, dominant : bool
        Add the seventh; use a dominant seventh chord on every degree, as in the blues.

    Returns
    -------
    tuple of int [unit=semitone]
        Root, third, fifth (and seventh) above the key note, the root within one octave.
    """
    steps = SCALES[scale]
    root = steps[(degree - 1) % 7]
    if dominant:
        return root, root + 4, root + 7, root + 10
    tones = [0, 2, 4, 6] if sevenths else [0, 2, 4]
    stacked = [steps[(degree - 1 + tone) % 7] + 12 * ((degree - 1 + tone) // 7) for tone in tones]
    if scale in ("minor", "phrygian") and degree == 5:
        stacked[1] = stacked[0] + 4  # the leading note of the minor key
    return tuple(stacked)


def voicing(tones: tuple[int, ...], *, previous: tuple[int, ...], register: int) -> tuple[int, ...]:
    """Choose the voicing of a chord with the smallest voice movement.

    Parameters
    ----------
    tones : tuple of int
        Pitches of the chord in any octave.
    previous : tuple of int
        The preceding voicing, lowest note first; empty at the start.
    register : int
        MIDI pitch around which the chords stay.

    Returns
    -------
    tuple of int
        The close voicing, lowest note first, nearest to `previous` and to the register.
    """
    candidates: list[tuple[float, tuple[int, ...]]] = []
    for inversion in range(len(tones)):
        order = [tone % 12 for tone in tones[inversion:] + tones[:inversion]]
        stacked = [order[0]]
        for tone in order[1:]:
            stacked.append(stacked[-1] + (tone - stacked[-1]) % 12)
        for octave in range(1, 9):
            pitches = tuple(tone + 12 * octave for tone in stacked)
            away = abs(sum(pitches) / len(pitches) - register)
            motion = sum(min(abs(pitch - old) for old in previous) for pitch in pitches) if previous else 0
            cost = motion + 0.6 * away + 2 * max(0.0, away - 7)
            candidates.append((cost, pitches))
    return min(candidates)[1]


def scale_pitches(*, key: int, scale: str, lowest: int, highest: int) -> list[int]:
    """List the MIDI pitches of a scale from `lowest` to `highest`; `key` is its key note in any octave."""
    return [pitch for pitch in range(lowest, highest + 1) if (pitch - key) % 12 in SCALES[scale]]
