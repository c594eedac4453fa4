"""Definitions of the ten styles of the demo.

Patterns are strings, one character per step, evenly spaced over the pattern's beats.

- Percussion: `X` `x` `o` from loud to soft, `.` silence.
- Bass: `r` root, `3` third, `5` fifth, `8` octave, `w` a step of a walking line, `a` approach to the next
  root, `-` hold, `.` silence.
- Chords: `x` `o` the chord, loud and soft, `b` its bass note, digits single notes of it from below, `P` `p`
  open and damped power chord, `-` and `.` as before.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Groove:
    """A percussion pattern of `beats` beats: (drum, strokes) pairs."""

    beats: int
    strokes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drums:
    """Options for the percussion of a style."""

    kits: tuple[str, ...]
    grooves: tuple[Groove, ...]
    presence: float  # probability that it plays in a section
    level: float  # dB
    fills: float  # probability of a fill at the end of a section
    reverb: float = 0.15


@dataclass(frozen=True)
class Part:
    """Options for a bass or chord part of a style; each pattern is (beats, steps)."""

    timbres: tuple[str, ...]
    patterns: tuple[tuple[int, str], ...]
    presence: float
    level: float
    register: int  # MIDI pitch around which it plays
    reverb: float = 0.2
    echo: float = 0.0  # gain of the repeats, three quarters of a beat apart


@dataclass(frozen=True)
class Lead:
    """Options for the melody of a style."""

    timbres: tuple[str, ...]
    presence: float
    level: float
    register: int
    grid: int  # steps a beat of its rhythm
    density: float  # probability of an onset on a step
    leap: float  # typical size of a melodic step, in scale degrees
    legato: float  # fraction of the time to the next note that a note is held
    reverb: float = 0.3
    echo: float = 0.0


@dataclass(frozen=True)
class Harmony:
    """Chord progressions of a style, as scale degrees, one chord every `bars` bars."""

    scales: tuple[str, ...]
    progressions: tuple[tuple[int, ...], ...]
    bars: tuple[float, ...]
    sevenths: float  # probability that a track's chords carry sevenths
    dominant: float = 0.0  # probability that all chords are dominant sevenths, as in the blues


@dataclass(frozen=True)
class Mix:
    """Recording and mastering of a style."""

    level: float  # r.m.s. of the finished track, dB below full scale
    tilt: float  # dB per octave from 200 Hz up
    low: float  # dB of a bell at 80 Hz
    bandwidth: float  # Hz
    room: float  # reverberation time, s
    wet: float  # gain of the reverb
    noise: str  # hiss or vinyl
    noise_level: float  # dB below the music
    squash: float  # fraction of the loudness differences that the compressor takes away
    pump: float = 0.0  # how far the kick ducks the chords


@dataclass(frozen=True)
class Genre:
    """One style; `tempo` is a range in beats per minute, `meter` the number of beats per bar."""

    name: str
    tempo: tuple[float, float]
    looseness: float  # standard deviation of the timing, s
    neighbours: tuple[str, ...]  # styles that its artists borrow from
    drums: Drums
    bass: Part
    comp: Part
    pad: Part
    lead: Lead
    harmony: Harmony
    mix: Mix
    meter: int = 4
    swing: tuple[float, float] = (0.5, 0.5)  # where the second half of a beat falls: 0.5 is straight


def _bars(*patterns: str, meter: int = 4) -> tuple[tuple[int, str], ...]:
    """Return (beats, steps) of patterns whose bars are separated by `|`."""
    return tuple((meter * (1 + pattern.count("|")), pattern.replace("|", "")) for pattern in patterns)


def _grooves(*grooves: dict[str, str], meter: int = 4) -> tuple[Groove, ...]:
    return tuple(Groove(meter, tuple(strokes.items())) for strokes in grooves)


_HELD = _bars("x---------------", "x-------o-------", "x---------------|--------x-------")

# Unnamed numbers are in the order of the fields above.
_GENRES = (
    Genre(
        "backbeat", tempo=(96, 160), swing=(0.5, 0.52), looseness=0.008, neighbours=("gallop", "shuffle", "jingle"),
        drums=Drums(("rock", "acoustic", "rock"), presence=0.9, level=-4, fills=0.6, grooves=_grooves(
            {"kick": "X...xx..", "snare": "..X...X.", "hat": "xoxoxoxo"},
            {"kick": "X..x.x..", "snare": "..X...X.", "open_hat": "x.x.x.x."},
            {"kick": "X...X.x.", "snare": "..X...X.", "crash": "x...x...", "hat": "..x...x."},
            {"kick": "X.x.x...", "snare": "..X...X.", "ride": "xoxoxoxo"},
        )),
        bass=Part(("pick_bass", "finger_bass"), _bars("rrrrrrrr", "r-rrr-5a", "r---r-r-"), 0.92, -5, 40, 0.05),
        comp=Part(("crunch", "crunch", "clean_guitar", "distortion"),
                  _bars("x-ooxoox", "PpPpPpPp", "x---x-x-", "xoxoxoxo", "P--P--P-"), 0.95, -5, 52, 0.15),
        pad=Part(("organ", "crunch", "steel"), _bars("x-------", "x---x---", "x.xoo.xo"), 0.45, -12, 60),
        lead=Lead(("voice", "solo_guitar", "voice", "shout"), 0.75, -4, 65, 2, 0.5, 1.3, 0.9, 0.25, 0.1),
        harmony=Harmony(("major", "mixolydian", "minor"),
                        ((1, 5, 6, 4), (1, 4, 5, 4), (1, 6, 4, 5), (1, 4, 1, 5), (1, 7, 4, 1)), (0.5, 1), 0.08),
        mix=Mix(-15.5, 0.2, 0, 10000, 1.1, 0.2, "hiss", -50, 0.45),
    ),
    Genre(
        "breakbeat", tempo=(78, 112), swing=(0.5, 0.62), looseness=0.006,
        neighbours=("offbeat", "four_floor", "jingle"),
        drums=Drums(("boom", "machine", "boom"), presence=0.93, level=-2, fills=0.25, reverb=0.06, grooves=_grooves(
            {"kick": "X..x..x...X.....", "snare": "....X.......X..o", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "X.....x..xX.....", "snare": "....X..o.o..X...", "hat": "xoxxxoxoxoxxxoxo"},
            {"kick": "X.X.......X..x..", "clap": "....X.......X...", "hat": "x.xxx.x.xxx.x.xx"},
        )),
        bass=Part(("sub_bass", "sub_bass", "finger_bass"),
                  _bars("r-----r---5-....", "r--r--....r--8..", "r-------....r-r-|r-----8-....5---"),
                  0.92, -1, 36, 0.02),
        comp=Part(("electric_piano", "piano", "pluck_synth", "strings", "saw_stab"),
                  _bars("x-------..x-....", "x---....x---....", "1.2.3.2.1...3...|1.2.3.2.x-------"),
                  0.7, -10, 58, 0.12),
        pad=Part(("warm_pad", "strings", "brass"), _HELD, 0.3, -14, 60),
        lead=Lead(("rap", "rap", "rap", "doubled_voice"), 0.88, -1, 55, 4, 0.68, 0.45, 0.8, 0.08),
        harmony=Harmony(("minor", "dorian"), ((1, 1, 6, 7), (1, 6, 1, 6), (1, 4, 1, 4), (1, 1, 1, 1)), (1, 2), 0.5),
        mix=Mix(-14.5, -0.6, 5, 9500, 0.5, 0.1, "vinyl", -40, 0.55, 0.15),
    ),
    Genre(
        "four_floor", tempo=(104, 138), swing=(0.5, 0.54), looseness=0.003,
        neighbours=("jingle", "breakbeat", "backbeat"),
        drums=Drums(("machine", "acoustic", "machine"), presence=0.9, level=-4, fills=0.35, reverb=0.08,
                    grooves=_grooves(
            {"kick": "X...X...X...X...", "open_hat": "..x...x...x...x.", "clap": "....x.......x..."},
            {"kick": "X...X...X...X...", "hat": "xoxoxoxoxoxoxoxo", "open_hat": "..x...x...x...x.",
             "snare": "....x.......x..."},
            {"kick": "X...X...X...X...", "shaker": "xoxoxoxoxoxoxoxo", "clap": "....X.......X...",
             "conga": "...o..x....o..x."},
        )),
        bass=Part(("synth_bass", "finger_bass", "synth_bass"),
                  _bars("r.8.r.8.r.8.r.8.", "..r...r...r...r.", "r..r..8.r..r.58."), 0.9, -4, 40, 0.05),
        comp=Part(("saw_stab", "skank_guitar", "piano", "pluck_synth"),
                  _bars("x..x..x...x..x..", "..x...x...x...x.", "o.xoo.xoo.xoo.xo", "1232123212321232"), 0.85, -5, 62),
        pad=Part(("strings", "bright_pad", "warm_pad"), _HELD, 0.65, -9, 67, 0.4),
        lead=Lead(("voice", "doubled_voice", "saw_lead", "strings"), 0.6, -6, 70, 2, 0.5, 1.3, 0.85, 0.35, 0.2),
        harmony=Harmony(("minor", "dorian", "major"), ((1, 6, 3, 7), (1, 7, 6, 7), (1, 4, 1, 5), (1, 6, 4, 5)),
                        (1, 2), 0.45),
        mix=Mix(-16, -0.2, 2, 10500, 1.2, 0.2, "hiss", -56, 0.5, 0.5),
    ),
    Genre(
        "gallop", tempo=(118, 192), looseness=0.005, neighbours=("backbeat", "backbeat", "four_floor"),
        drums=Drums(("metal", "rock", "metal"), presence=0.92, level=-5, fills=0.6, grooves=_grooves(
            {"kick": "X.xxX.xxX.xxX.xx", "snare": "....X.......X...", "crash": "x.......x......."},
            {"kick": "X...X...X...X...", "snare": "..X...X...X...X.", "ride": "x.x.x.x.x.x.x.x."},
            {"kick": "XxxxXxxxXxxxXxxx", "snare": "........X.......", "open_hat": "x...x...x...x..."},
            {"kick": "X..x..X...x.X...", "snare": "....X.......X...", "open_hat": "x...x...x...x..."},
        )),
        bass=Part(("pick_bass",), _bars("r.rrr.rrr.rrr.rr", "r-r-r-r-r-r-r-r-", "r-------r---r---"),
                  0.95, -7, 38, 0.04),
        comp=Part(("distortion",),
                  _bars("P.ppp.ppp.ppP.pp", "pppppppppppppppp", "P---P-pppp--P-pp", "P-------P---P---"),
                  0.98, -2, 45, 0.08),
        pad=Part(("distortion", "distortion", "bright_pad"), _bars("P-------P-------", "P---P---P---P---"),
                 0.5, -7, 52, 0.1),
        lead=Lead(("shout", "solo_guitar", "shout", "voice"), 0.6, -4, 62, 4, 0.42, 1.2, 0.9, 0.2, 0.15),
        harmony=Harmony(("minor", "phrygian"), ((1, 1, 6, 7), (1, 2, 1, 7), (1, 6, 7, 1), (1, 3, 2, 1)), (0.5, 1), 0.0),
        mix=Mix(-19, 0.2, 1, 10500, 0.9, 0.15, "hiss", -50, 0.5),
    ),
    Genre(
        "jingle", tempo=(88, 132), swing=(0.5, 0.56), looseness=0.005,
        neighbours=("four_floor", "two_step", "backbeat"),
        drums=Drums(("machine", "acoustic", "boom"), presence=0.85, level=-4, fills=0.4, grooves=_grooves(
            {"kick": "X.....x.x.......", "clap": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "X.......X.x.....", "snare": "....X.......X...", "tambourine": "xoxoxoxoxoxoxoxo"},
            {"kick": "X...X...X...X...", "snare": "....X.......X...", "shaker": "xoxoxoxoxoxoxoxo"},
        )),
        bass=Part(("synth_bass", "finger_bass", "sub_bass"), _bars("r--r--r-r--r--5-", "r-------r-----r-"),
                  0.88, -3, 40, 0.04),
        comp=Part(("pluck_synth", "steel", "piano", "electric_piano", "clean_guitar"),
                  _bars("1323132313231323", "x-..x-..x-..x-..", "x--x--x-o--x--o-", "b.3.2.3.b.3.2.3."),
                  0.9, -7, 64, 0.25),
        pad=Part(("bright_pad", "warm_pad", "strings"), _HELD, 0.7, -12, 64, 0.35),
        lead=Lead(("doubled_voice", "voice", "doubled_voice", "square_lead"),
                  0.88, -2, 69, 2, 0.6, 1.2, 0.85, 0.35, 0.15),
        harmony=Harmony(("major", "minor"), ((1, 5, 6, 4), (1, 4, 5, 4), (1, 6, 4, 5), (1, 4, 1, 5)), (0.5, 1), 0.15),
        mix=Mix(-15, 0.6, 1, 10800, 1.5, 0.28, "hiss", -58, 0.5, 0.15),
    ),
    Genre(
        "offbeat", tempo=(118, 168), swing=(0.5, 0.6), looseness=0.008, neighbours=("breakbeat", "jingle", "shuffle"),
        drums=Drums(("dub", "acoustic", "dub"), presence=0.88, level=-5, fills=0.5, reverb=0.25, grooves=_grooves(
            {"kick": "....X...", "rim": "....X...", "hat": "xoxoxoxo"},
            {"kick": "x...X...", "snare": "....X...", "hat": "x.xox.xo"},
            {"kick": "x.x.x.x.", "rim": "....x..o", "hat": "..x...x."},
            {"kick": "....X...", "snare": "....X...", "shaker": "xoxoxoxo", "conga": "..o..xo."},
        )),
        bass=Part(("dub_bass", "dub_bass", "finger_bass"),
                  _bars("r--r5-..|r-3-5-..", "r-.r5.3.", "..r-r-5-|r--.8-5-", "r--5r-.."), 0.95, -1, 38, 0.03),
        comp=Part(("skank_guitar", "bubble_organ", "skank_guitar", "piano"),
                  _bars("..x...x.", "..x...xo", ".o.o.o.o", "..xo..xo"), 0.97, -5, 64, 0.15, 0.3),
        pad=Part(("organ", "brass", "bubble_organ"), _bars("x-------", "......x-|x-......", ".o.o.o.o"), 0.4, -13, 60),
        lead=Lead(("voice", "voice", "brass", "harmonica"), 0.7, -4, 65, 2, 0.38, 1.3, 0.9, 0.3, 0.35),
        harmony=Harmony(("minor", "major", "dorian"), ((1, 4, 1, 4), (1, 7, 1, 7), (1, 5, 6, 4), (1, 2, 1, 2)),
                        (1, 2), 0.15),
        mix=Mix(-19.5, -0.5, 3, 9000, 1.3, 0.2, "hiss", -46, 0.3),
    ),
    Genre(
        "shuffle", tempo=(76, 138), swing=(0.62, 0.68), looseness=0.011, neighbours=("swing", "backbeat", "two_step"),
        drums=Drums(("acoustic", "rock", "brushes"), presence=0.8, level=-5, fills=0.5, grooves=_grooves(
            {"kick": "x...x...", "snare": "..X...X.", "hat": "xoxoxoxo"},
            {"kick": "x..xx...", "snare": "..X...X.", "ride": "xoxoxoxo"},
            {"kick": "x.x.x.x.", "snare": ".oXo.oXo", "hat": "x.x.x.x."},
        )),
        bass=Part(("finger_bass", "upright_bass"), _bars("r-3-5-w-", "r.rr5.w.", "r-r-5-5-", "w.w.w.w."),
                  0.85, -4, 40, 0.1),
        comp=Part(("clean_guitar", "piano", "crunch", "organ", "steel"),
                  _bars("x.xox.xo", "xoxoxoxo", "..x...x.", "b.x.b.xo"), 0.88, -7, 55),
        pad=Part(("organ", "brass"), _bars("x-------", "x---...x"), 0.3, -15, 60, 0.3),
        lead=Lead(("solo_guitar", "harmonica", "voice", "clean_guitar", "voice"), 0.8, -4, 65, 2, 0.55, 1.6, 0.85),
        harmony=Harmony(("mixolydian", "minor"),
                        ((1, 1, 1, 1, 4, 4, 1, 1, 5, 4, 1, 5), (1, 4, 1, 1, 4, 4, 1, 1, 5, 4, 1, 1)),
                        (0.5, 1), 0.5, 0.85),
        mix=Mix(-18.5, -0.7, 1, 8000, 0.9, 0.22, "vinyl", -40, 0.3),
    ),
    Genre(
        "swing", tempo=(104, 228), swing=(0.6, 0.68), looseness=0.013, neighbours=("waltz", "shuffle"),
        drums=Drums(("brushes", "acoustic"), presence=0.88, level=-8, fills=0.4, reverb=0.25, grooves=_grooves(
            {"ride": "x.xox.xo", "hat": "..x...x.", "kick": "o...o..."},
            {"ride": "x.xxx.xx", "hat": "..x...x.", "ghost": "...o...."},
            {"brush": "x.xox.xo", "hat": "..o...o.", "kick": "o......."},
            {"ride": "x.x.x.xx", "hat": "..x...x.", "rim": "......o."},
        )),
        bass=Part(("upright_bass",), _bars("w.w.w.w.", "w.w.w.w.", "r...5..."), 0.92, -4, 40, 0.15),
        comp=Part(("piano", "piano", "vibraphone", "clean_guitar", "electric_piano"),
                  _bars("x..o....", "...x..o.", "x--x....", "o.o.o.o.", "...x--..|.o....x."), 0.85, -9, 60, 0.25),
        pad=Part(("brass", "strings", "organ"), _bars("x-------", "......x.|x---...."), 0.2, -15, 62, 0.3),
        lead=Lead(("saxophone", "muted_trumpet", "piano", "vibraphone", "flute"), 0.8, -5, 69, 2, 0.72, 2.0, 0.85),
        harmony=Harmony(("major", "minor", "dorian"),
                        ((2, 5, 1, 6), (1, 6, 2, 5), (3, 6, 2, 5), (1, 4, 2, 5), (2, 5, 1, 1)),
                        (0.5, 1, 1), 0.95, 0.12),
        mix=Mix(-21.5, -0.9, 0, 8500, 1.0, 0.3, "vinyl", -40, 0.25),
    ),
    Genre(
        "two_step", tempo=(92, 208), swing=(0.5, 0.58), looseness=0.009, neighbours=("shuffle", "jingle", "waltz"),
        drums=Drums(("acoustic", "brushes"), presence=0.72, level=-8, fills=0.3, grooves=_grooves(
            {"kick": "x...x...", "rim": "..x...x.", "hat": "x.o.x.o."},
            {"kick": "x...x...", "snare": "..x...x.", "brush": "xoxoxoxo"},
            {"kick": "x...x...", "snare": "ooxoooxo", "hat": "..x...x."},
        )),
        bass=Part(("upright_bass", "finger_bass"), _bars("r-..5-..", "r-..5-a.", "r-..r-.."), 0.92, -4, 40, 0.1),
        comp=Part(("steel", "twang", "steel", "banjo", "nylon"),
                  _bars("b.x.b.x.", "b.xob.xo", "b2132132b2132132", "x.xoo.xo", "b123b213"), 0.97, -4, 57, 0.15),
        pad=Part(("fiddle", "accordion", "strings"), _bars("x-------", "x-------|--------"), 0.35, -12, 67, 0.3),
        lead=Lead(("voice", "fiddle", "twang", "banjo", "voice"), 0.85, -3, 67, 2, 0.55, 1.3, 0.9, 0.25),
        harmony=Harmony(("major", "mixolydian"), ((1, 4, 1, 5), (1, 1, 4, 5), (1, 4, 5, 1), (1, 5, 1, 4)), (1, 1), 0.1),
        mix=Mix(-16, -0.4, -1, 9500, 1.0, 0.2, "hiss", -50, 0.3),
    ),
    Genre(
        "waltz", tempo=(84, 176), meter=3, looseness=0.016, neighbours=("swing", "two_step"),
        drums=Drums(("brushes",), presence=0.22, level=-15, fills=0.1, reverb=0.4, grooves=_grooves(
            {"brush": "x.o.o.", "kick": "o....."},
            {"tambourine": "..o.o."},
            {"ride": "x.o.oo", "kick": "o....."},
            meter=3)),
        bass=Part(("cello", "upright_bass"), _bars("r-----", "r-..5-", "r-3-5-", meter=3), 0.75, -9, 43, 0.4),
        comp=Part(("piano", "felt_piano", "nylon", "strings"),
                  _bars("b.x.x.", "b12323", "b.1323", "x-----", "b12321213212", "b.x.o.", meter=3), 0.95, -6, 60, 0.45),
        pad=Part(("strings", "cello", "strings"), _bars("x-----", "x-----|------", meter=3), 0.6, -10, 62, 0.5),
        lead=Lead(("fiddle", "oboe", "flute", "felt_piano", "strings"), 0.75, -5, 74, 2, 0.5, 1.6, 0.95, 0.5),
        harmony=Harmony(("major", "minor"), ((1, 5, 1, 4), (1, 4, 5, 1), (1, 6, 2, 5), (1, 2, 5, 1)), (1, 2), 0.2),
        mix=Mix(-26, -1.5, 0, 9000, 2.2, 0.5, "hiss", -44, 0.15),
    ),
)  # fmt: skip

GENRES: dict[str, Genre] = {genre.name: genre for genre in _GENRES}
