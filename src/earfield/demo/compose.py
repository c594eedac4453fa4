"""Composition of notes and drum strokes, bar by bar, from a style and random draws.

Every part has its own random generator, used in order, so that a longer piece begins with the shorter one: a duplicate,
cut later out of the same piece, contains the same music.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from earfield.demo.artists import PITCHED, Style
from earfield.demo.drums import Hit
from earfield.demo.genres import Groove, Lead, Part
from earfield.demo.harmony import chord, scale_pitches, voicing
from earfield.demo.instruments import Note
from earfield.demo.seeds import generator

Bars = list[list[tuple[float, tuple[int, ...]]]]  # of each bar the (beat, tones above the key) of its chords

STROKES = {"X": 1.0, "x": 0.75, "o": 0.42}
ACCENTS = {"P": 1.0, "p": 0.7, "x": 0.85, "o": 0.55, "b": 0.8}
SECTION = 4  # bars
BREAK = 0.16  # probability that the drums stop for a section
LOWEST_BASS = 28


@dataclass(frozen=True)
class Score:
    """A composed piece: the notes of each pitched part and the strokes of the percussion, in s."""

    notes: dict[str, list[Note]]
    hits: list[Hit]


@dataclass(frozen=True)
class Section:
    """Parts that play in a section of bars, and their variation."""

    playing: frozenset[str]
    energy: float  # factor of all velocities
    varied: bool  # whether the parts play their second pattern


class _Clock:
    """Conversion of beats to seconds, with the swing and timing deviations of a style."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._beat = 60 / style.tempo

    def seconds(self, beats: float) -> float:
        style = self._style
        unit, part = divmod(beats, style.swing_unit)
        part /= style.swing_unit
        part = 2 * part * style.swing if part < 0.5 else style.swing + 2 * (part - 0.5) * (1 - style.swing)
        return (unit + part) * style.swing_unit * self._beat

    def played(self, beats: float, rng: np.random.Generator) -> float:
        return max(0.0, self.seconds(beats) + self._style.looseness * float(rng.standard_normal()))


def _bar_of(steps: str, beats: int, *, bar: int, meter: int) -> list[tuple[float, str]]:
    """Cut the steps of one bar out of a pattern: (beat within the bar, step)."""
    per_beat = len(steps) / beats
    # A pattern of several bars runs on from bar to bar; one borrowed from another meter starts afresh.
    offset = (bar * meter) % beats if beats % meter == 0 else 0
    first = round(offset * per_beat)
    return [(i / per_beat, steps[(first + i) % len(steps)]) for i in range(round(meter * per_beat))]


def _form(style: Style, n_bars: int, rng: np.random.Generator) -> list[Section]:
    """Draw which parts play in each section."""
    sections: list[Section] = []
    chances = {"drums": style.drums.presence} | {name: style.lines[name].part.presence for name in PITCHED}
    for _ in range(n_bars // SECTION + 1):
        draws = rng.uniform(size=len(chances))
        playing = {name for (name, chance), draw in zip(chances.items(), draws, strict=True) if draw < chance}
        if rng.uniform() < BREAK:
            playing -= {"drums"} if rng.uniform() < 0.6 else {"comp", "pad"}
        if not playing & {"comp", "lead", "pad"}:
            playing |= {"comp"}
        sections.append(Section(frozenset(playing), float(rng.uniform(0.72, 1.0)), bool(rng.uniform() < 0.4)))
    return sections


def _changes(style: Style, n_bars: int) -> Bars:
    """Return the chord progression: for each bar its (beat, tones above the key) pairs."""
    changes = [0.0, float(style.meter // 2)] if style.chord_bars < 1 and style.meter > 3 else [0.0]
    bars = []
    for bar in range(n_bars):
        laid = []
        for i, beat in enumerate(changes):
            place = bar * len(changes) + i if style.chord_bars <= 1 else int(bar // style.chord_bars)
            degree = style.progression[place % len(style.progression)]
            tones = chord(degree, scale=style.scale, sevenths=style.sevenths, dominant=style.dominant)
            laid.append((beat, tones))
        bars.append(laid)
    return bars


def _chord_at(bars: Bars, bar: int, beat: float) -> tuple[int, ...]:
    laid = bars[min(bar, len(bars) - 1)]
    return [tones for start, tones in laid if start <= beat + 1e-6][-1]


def _steps(
    style: Style, name: str, sections: list[Section], n_bars: int
) -> Iterator[tuple[int, Section, float, str, float]]:
    """Yield the steps of a part: bar, section, beat, step, and the beats up to the next one that is not a hold."""
    for bar in range(n_bars):
        section = sections[bar // SECTION]
        beats, steps = style.lines[name].patterns[-1 if section.varied else 0]
        cut = _bar_of(steps, beats, bar=bar, meter=style.meter)
        for i, (beat, step) in enumerate(cut):
            next_beats = (later for later, following in cut[i + 1 :] if following != "-")
            yield bar, section, beat, step, next(next_beats, float(style.meter)) - beat


def _nearest(pitch: int, register: int) -> int:
    """Return the octave of a pitch that is nearest to a register."""
    return pitch + 12 * round((register - pitch) / 12)


def _drums(style: Style, sections: list[Section], n_bars: int, rng: np.random.Generator) -> list[Hit]:
    clock, hits, resting = _Clock(style), [], True
    for bar in range(n_bars):
        section = sections[bar // SECTION]
        last = bar % SECTION == SECTION - 1
        fill = last and rng.uniform() < style.drums.fills
        fill_start = style.meter - int(rng.integers(1, 3)) if fill else style.meter
        fill_drums = [("snare", "tom", "low_tom"), ("snare", "snare", "snare"), ("tom", "tom", "low_tom")]
        rolls = fill_drums[int(rng.integers(3))]
        if "drums" not in section.playing:
            resting = True
            continue
        groove: Groove = style.grooves[-1 if section.varied else 0]
        start = bar * style.meter
        if (resting or bar % SECTION == 0) and rng.uniform() < style.drums.fills:
            hits.append(Hit(clock.played(start, rng), "crash", 0.8 * section.energy))
        resting = False
        for drum, strokes in groove.strokes:
            for beat, stroke in _bar_of(strokes, groove.beats, bar=bar, meter=style.meter):
                if stroke == "." or (beat >= fill_start and drum != "kick"):
                    continue
                # Quiet strokes come and go; loud ones are the groove itself.
                if stroke == "o" and rng.uniform() < 0.15:
                    continue
                velocity = STROKES[stroke] * section.energy * float(np.exp(0.12 * rng.standard_normal()))
                hits.append(Hit(clock.played(start + beat, rng), drum, velocity))
        steps = np.arange(fill_start, style.meter, 0.25 if style.tempo < 150 else 0.5)
        for i, beat in enumerate(steps):
            drum = rolls[min(2, 3 * i // len(steps))]
            velocity = section.energy * float(0.5 + 0.45 * i / len(steps)) * float(np.exp(0.1 * rng.standard_normal()))
            hits.append(Hit(clock.played(start + float(beat), rng), drum, velocity))
    return hits


def _bass(style: Style, name: str, sections: list[Section], bars: Bars, rng: np.random.Generator) -> list[Note]:
    part, clock = cast(Part, style.lines[name].part), _Clock(style)
    notes: list[Note] = []
    ladder = scale_pitches(key=style.key, scale=style.scale, lowest=LOWEST_BASS, highest=part.register + 16)
    previous = part.register
    for bar, section, beat, step, held in _steps(style, name, sections, len(bars)):
        if name not in section.playing or step in ".-":
            continue
        tones = _chord_at(bars, bar, beat)
        root = _nearest(style.key + tones[0], part.register)
        root += 12 if root < LOWEST_BASS else 0
        pitch = {"r": root, "3": root + tones[1] - tones[0], "5": root + 7, "8": root + 12}.get(step, root)
        if step == "5" and rng.uniform() < 0.5 and root - 5 >= LOWEST_BASS:
            pitch = root - 5
        following = style.key + _chord_at(bars, bar + (beat + 1 >= style.meter), (beat + 1) % style.meter)[0]
        following = _nearest(following, part.register)
        if step == "a" or (step == "w" and beat >= style.meter - 1):
            pitch = following + (1 if rng.uniform() < 0.4 else -1)
        elif step == "w" and beat > 0:
            # A step of the scale from the last note, mostly towards the root that comes.
            direction = 1 if following > previous else -1
            direction = -direction if rng.uniform() < 0.25 else direction
            beyond = [p for p in ladder if (p - previous) * direction > 0]
            pitch = min(beyond, key=lambda p: abs(p - previous)) if beyond else root
        previous = pitch = max(pitch, LOWEST_BASS)
        start = bar * style.meter + beat
        length = clock.seconds(start + held) - clock.seconds(start)
        velocity = section.energy * (0.95 if beat == 0 else 0.8) * float(np.exp(0.1 * rng.standard_normal()))
        notes.append(Note(clock.played(start, rng), 0.92 * length, pitch, velocity))
    return notes


def _chords(style: Style, name: str, sections: list[Section], bars: Bars, rng: np.random.Generator) -> list[Note]:
    """Compose the chords of the part `name`, accompaniment or pad."""
    part, strum, clock = cast(Part, style.lines[name].part), style.lines[name].timbre.strum, _Clock(style)
    notes: list[Note] = []
    placed: tuple[int, ...] = ()
    sounding: tuple[int, ...] = ()
    for bar, section, beat, step, held in _steps(style, name, sections, len(bars)):
        tones = tuple(style.key + tone for tone in _chord_at(bars, bar, beat))
        if tones != sounding:
            # Voice leading continues while the part rests, so that an entry does not depend on the form.
            placed, sounding = voicing(tones, previous=placed, register=part.register), tones
        if name not in section.playing or step in ".-":
            continue
        start = bar * style.meter + beat
        length = clock.seconds(start + held) - clock.seconds(start)
        time = clock.played(start, rng)
        low = _nearest(tones[0], part.register - 12)
        if step in "Pp":
            pitches = [low, low + 7, low + 12] if step == "P" else [low, low + 7]
            length = 0.95 * length if step == "P" else min(length, 0.06)
        elif step == "b":
            pitches = [low]
        elif step.isdigit():
            voice = int(step) - 1
            pitches = [placed[voice % len(placed)] + 12 * (voice // len(placed))]
            length = max(1.6 * length, 0.25)
        else:
            pitches = list(placed)
        accent = ACCENTS.get(step, 0.7) * section.energy * (1.08 if beat == 0 else 1.0)
        upward = step == "o"  # the soft strokes of a strummed instrument come from below
        for j, pitch in enumerate(reversed(pitches) if upward else pitches):
            velocity = accent * float(np.exp(0.1 * rng.standard_normal()))
            notes.append(Note(time + j * strum, 0.95 * length, pitch, min(velocity, 1.1)))
    return notes


def _motif(lead: Lead, meter: int, rng: np.random.Generator) -> list[tuple[float, int]]:
    """Draw a motif of two bars: (beat, step along the scale from the note before)."""
    motif: list[tuple[float, int]] = []
    for i in range(2 * meter * lead.grid):
        beat = i / lead.grid
        strong = beat == int(beat)
        # The second bar thins out towards its end: a phrase breathes.
        chance = lead.density * (1.3 if strong else 0.85) * (0.35 if beat > 1.6 * meter else 1.0)
        onset, step = rng.uniform(), round(float(rng.normal(0, lead.leap)))
        if onset < chance:
            motif.append((beat, step))
    return motif or [(0.0, 0)]


def _melody(style: Style, name: str, sections: list[Section], bars: Bars, rng: np.random.Generator) -> list[Note]:
    lead, clock = cast(Lead, style.lines[name].part), _Clock(style)
    notes: list[Note] = []
    ladder = scale_pitches(key=style.key, scale=style.scale, lowest=lead.register - 11, highest=lead.register + 13)
    motifs = [_motif(lead, style.meter, rng) for _ in range(2)]
    place = len(ladder) // 2
    for phrase in range(len(bars) // 2):
        # A A' A B: the motif comes back, moved and changed at its end, and is answered by the other one.
        motif = motifs[1 if phrase % 4 == 3 else 0]
        place += int(rng.integers(-2, 3))
        onsets = [beat for beat, _ in motif] + [2.0 * style.meter]
        for i, (beat, step) in enumerate(motif):
            change, skip, accent = rng.uniform(), rng.uniform(), float(np.exp(0.12 * rng.standard_normal()))
            if phrase % 2 == 1 and change < 0.25:
                step = -step
            place += step
            # Soft walls: a melody that leaves its range turns back.
            if not 2 <= place < len(ladder) - 2:
                place = len(ladder) // 2 + int(np.sign(len(ladder) // 2 - place))
            bar, within = 2 * phrase + int(beat // style.meter), beat % style.meter
            section = sections[bar // SECTION]
            if "lead" not in section.playing or skip < 0.08:
                continue
            pitch = ladder[place]
            if within == int(within) and lead.leap > 0.5:
                chordal = {(style.key + tone) % 12 for tone in _chord_at(bars, bar, within)}
                pitch = min((p for p in range(pitch - 4, pitch + 5) if p % 12 in chordal), key=lambda p: abs(p - pitch))
            start = 2 * phrase * style.meter + beat
            length = clock.seconds(2 * phrase * style.meter + onsets[i + 1]) - clock.seconds(start)
            length = min(lead.legato * length, 2.5)
            notes.append(Note(clock.played(start, rng), length, pitch, min(0.8 * section.energy * accent, 1.1)))
    return notes


def compose(style: Style, *, seconds: float, names: tuple[str | int, ...]) -> Score:
    """Compose a piece.

    Parameters
    ----------
    style : Style
    seconds : float [s]
        Minimum duration.
    names : tuple of str or int
        Names that seed the piece's random generators.

    Returns
    -------
    Score
        A longer piece with the same names begins with the same notes and strokes.
    """
    bar_seconds = 60 / style.tempo * style.meter
    # Two bars more than are heard: a last note that leads to the next chord must know it.
    n_bars = 2 * (int(seconds / bar_seconds / 2) + 2)
    sections = _form(style, n_bars, generator(*names, "form"))
    bars = _changes(style, n_bars)
    composers = {"bass": _bass, "comp": _chords, "pad": _chords, "lead": _melody}
    return Score(
        notes={name: play(style, name, sections, bars, generator(*names, name)) for name, play in composers.items()},
        hits=_drums(style, sections, n_bars, generator(*names, "drums")),
    )
