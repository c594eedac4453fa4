"""Artists and the style of one of their tracks.

For each artist, patterns, instruments, their tuning, a room and a console are drawn once from the genre. Some
ingredients are borrowed from neighbouring genres, so that no classifier can be perfect. The tracks of an artist share
all of these and differ in key, tempo, pattern, balance and form.
"""

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from earfield.demo.drums import KITS, Kit, vary_kit
from earfield.demo.genres import GENRES, Drums, Genre, Groove, Lead, Mix, Part
from earfield.demo.instruments import TIMBRES, Timbre, vary
from earfield.demo.seeds import generator

T = TypeVar("T")

BORROWED_BY_ARTIST = 0.13  # probability, per ingredient
BORROWED_BY_TRACK = 0.04
ARTIST_SPREAD = 1.0  # of timbres, in units of `vary`
TRACK_SPREAD = 0.2
ARTIST_EQ = 2.7  # dB, of each of the console's bells
TRACK_EQ = 0.5
ARTIST_BALANCE = 1.8  # dB
TRACK_BALANCE = 1.0
FAVOURITE = 0.8  # probability that a track takes the first of an artist's two instruments for a part
TEMPO_HABIT = 0.07  # standard deviation of an artist's log tempo about its own centre

INGREDIENTS = ("drums", "bass", "comp", "pad", "lead", "harmony", "mix")
PITCHED = ("bass", "comp", "pad", "lead")


@dataclass(frozen=True)
class Console:
    """Mixing and mastering of an artist's recordings."""

    mix: Mix
    peaks: tuple[tuple[float, float, float], ...]  # equaliser: Hz, dB, octaves
    damping: float  # Hz, low-pass of the reverb
    seed: int  # of the room's impulse response


@dataclass(frozen=True)
class Artist:
    """One artist: choices from a genre."""

    genre: Genre
    index: int
    tempo: float  # beats per minute
    kit: Kit
    balance: dict[str, float]  # dB per part
    console: Console
    tuning_cents: float


@dataclass(frozen=True)
class Line:
    """One pitched part of one track."""

    part: Part | Lead
    timbre: Timbre
    patterns: tuple[tuple[int, str], ...]  # the usual one, then its variation; empty for the melody
    level: float


@dataclass(frozen=True)
class Style:
    """Parameters for composing and mixing one track."""

    meter: int
    tempo: float
    swing: float
    swing_unit: float  # beats: 1 swings quavers, 0.5 semiquavers
    looseness: float
    key: int
    scale: str
    progression: tuple[int, ...]
    chord_bars: float
    sevenths: bool
    dominant: bool
    drums: Drums
    grooves: tuple[Groove, ...]
    drums_level: float
    kit: Kit
    lines: dict[str, Line]
    console: Console
    tuning_cents: float


def _any(rng: np.random.Generator, options: tuple[T, ...]) -> T:
    return options[int(rng.integers(len(options)))]


def _some(rng: np.random.Generator, options: tuple[T, ...], count: int) -> tuple[T, ...]:
    """Draw up to `count` of the options; the first one is the favourite."""
    order = rng.permutation(len(options))[:count]
    return tuple(options[i] for i in order)


def _borrow(genre: Genre, rng: np.random.Generator, probability: float) -> Genre:
    """Replace some ingredients of a genre with those of a neighbouring genre."""
    for ingredient in INGREDIENTS:
        # Draw for every ingredient, so that later draws do not depend on what was borrowed.
        neighbour = GENRES[_any(rng, genre.neighbours)]
        if rng.uniform() < probability:
            genre = replace(genre, **{ingredient: getattr(neighbour, ingredient)})
    return genre


def _favourites(part: Part, rng: np.random.Generator) -> Part:
    """Restrict a part to one artist's favourites; a timbre listed twice is twice as likely to come first."""
    return replace(
        part,
        timbres=tuple(dict.fromkeys(_some(rng, part.timbres, 2))),
        patterns=_some(rng, part.patterns, 3),
        presence=float(np.clip(part.presence + 0.1 * rng.standard_normal(), 0, 1)),
    )


def _console(mix: Mix, rng: np.random.Generator) -> Console:
    centres = 90 * 2 ** np.array([0.0, 1.6, 3.0, 4.3, 5.6]) * np.exp(0.25 * rng.standard_normal(5))
    gains = ARTIST_EQ * rng.standard_normal(5)
    own = replace(
        mix,
        level=mix.level + 1.5 * float(rng.standard_normal()),
        tilt=mix.tilt + 0.5 * float(rng.standard_normal()),
        bandwidth=mix.bandwidth * float(np.exp(0.18 * rng.standard_normal())),
        room=mix.room * float(np.exp(0.3 * rng.standard_normal())),
        wet=mix.wet * float(np.exp(0.35 * rng.standard_normal())),
        noise_level=mix.noise_level + 4 * float(rng.standard_normal()),
        squash=mix.squash * float(np.exp(0.3 * rng.standard_normal())),
    )
    peaks = tuple((float(hz), float(gain), 0.7) for hz, gain in zip(centres, gains, strict=True))
    return Console(own, peaks, float(3500 * np.exp(0.4 * rng.standard_normal())), int(rng.integers(2**31)))


def artist(label: str, index: int, *, seed: int) -> Artist:
    """Draw artist `index`, from 0, of a genre; the result does not depend on the number of artists."""
    rng = generator(seed, label, index, "artist")
    genre = _borrow(GENRES[label], rng, BORROWED_BY_ARTIST)
    low, high = genre.tempo
    tempo = low * (high / low) ** rng.uniform(0.05, 0.95)
    bass, comp, pad = (_favourites(part, rng) for part in (genre.bass, genre.comp, genre.pad))
    lead = replace(
        genre.lead,
        timbres=tuple(dict.fromkeys(_some(rng, genre.lead.timbres, 2))),
        register=genre.lead.register + int(rng.integers(-4, 5)),
        density=float(np.clip(genre.lead.density + 0.1 * rng.standard_normal(), 0.2, 0.9)),
    )
    drums = replace(genre.drums, kits=_some(rng, genre.drums.kits, 1), grooves=_some(rng, genre.drums.grooves, 3))
    harmony = replace(
        genre.harmony,
        progressions=_some(rng, genre.harmony.progressions, 3),
        scales=_some(rng, genre.harmony.scales, 2),
    )
    return Artist(
        genre=replace(genre, drums=drums, bass=bass, comp=comp, pad=pad, lead=lead, harmony=harmony),
        index=index,
        tempo=tempo,
        kit=vary_kit(KITS[drums.kits[0]], rng, spread=ARTIST_SPREAD),
        balance={name: float(ARTIST_BALANCE * rng.standard_normal()) for name in ("drums", *PITCHED)},
        console=_console(genre.mix, rng),
        tuning_cents=float(rng.normal(0, 9)),
    )


def style(performer: Artist, track: int, *, seed: int) -> Style:
    """Draw the style of an artist's track `track`, from 0; the result does not depend on the number of tracks."""
    label = performer.genre.name
    rng = generator(seed, label, performer.index, track, "style")
    # A track may borrow ingredients from a neighbouring genre, but keeps the artist's console.
    genre = replace(_borrow(performer.genre, rng, BORROWED_BY_TRACK), mix=performer.genre.mix)
    low, high = genre.tempo
    tempo = float(np.clip(performer.tempo * math.exp(TEMPO_HABIT * rng.standard_normal()), 0.92 * low, 1.08 * high))
    lines = {}
    for name in PITCHED:
        part: Part | Lead = getattr(genre, name)
        timbre = part.timbres[0] if rng.uniform() < FAVOURITE else part.timbres[-1]
        own = vary(TIMBRES[timbre], generator(seed, label, performer.index, timbre), spread=ARTIST_SPREAD)
        lines[name] = Line(
            part=part,
            timbre=vary(own, rng, spread=TRACK_SPREAD),
            patterns=_some(rng, part.patterns, 2) if isinstance(part, Part) else (),
            level=part.level + performer.balance[name] + float(TRACK_BALANCE * rng.standard_normal()),
        )
    same_kit = genre.drums.kits[0] == performer.genre.drums.kits[0]
    kit = performer.kit if same_kit else vary_kit(KITS[genre.drums.kits[0]], rng, spread=ARTIST_SPREAD)
    harmony, console = genre.harmony, performer.console
    peaks = tuple((hz, gain + TRACK_EQ * float(rng.standard_normal()), width) for hz, gain, width in console.peaks)
    mix = replace(console.mix, level=console.mix.level + 1.5 * float(rng.standard_normal()))
    grooves = GENRES[label].drums.grooves
    finest = max(len(strokes) // groove.beats for groove in grooves for _, strokes in groove.strokes)
    return Style(
        meter=genre.meter,
        tempo=tempo,
        swing=float(rng.uniform(*genre.swing)),
        swing_unit=0.5 if finest >= 4 else 1.0,
        looseness=genre.looseness * float(np.exp(0.3 * rng.standard_normal())),
        key=int(rng.integers(12)),
        scale=_any(rng, harmony.scales),
        progression=_any(rng, harmony.progressions),
        chord_bars=_any(rng, harmony.bars),
        sevenths=bool(rng.uniform() < harmony.sevenths),
        dominant=bool(rng.uniform() < harmony.dominant),
        drums=genre.drums,
        grooves=_some(rng, genre.drums.grooves, 2),
        drums_level=genre.drums.level + performer.balance["drums"] + float(TRACK_BALANCE * rng.standard_normal()),
        kit=vary_kit(kit, rng, spread=TRACK_SPREAD),
        lines=lines,
        console=replace(console, mix=mix, peaks=peaks),
        tuning_cents=performer.tuning_cents,
    )
