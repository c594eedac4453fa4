"""Invented names of artists and titles of tracks, distinct and reproducible."""

from earfield.demo.genres import GENRES
from earfield.demo.seeds import generator

_FIRST = """
    Amber Brass Cedar Copper Dusty Eleven Faint Gilded Hollow Idle Ivory June Kindred Little Lucky Marble
    Midnight Nettle Northern Odd Paper Quiet Rusty Salt Second Silver Slow Tin Velvet Wooden Yellow Zinc
""".split()  # noqa: SIM905
_LAST = """
    Almanac Bridges Choir Compass Drifters Engines Ferries Gardens Harbours Islands Kites Lanterns Magpies
    Neighbours Orchard Parade Quarry Rivers Sisters Sparrows Stairs Telegraph Travellers Umbrellas Valley
    Weathermen Windows Wolves Yard Zephyrs Brothers Company
""".split()  # noqa: SIM905
_QUALITY = """
    Blue Borrowed Broken Early Empty Endless Familiar First Golden Late Long Lost Narrow Old Other Plain
    Restless Small Sudden Winter
""".split()  # noqa: SIM905
_THING = "Avenue Letter Morning River Road Room Season Signal Summer Train Window".split()  # noqa: SIM905


def artist_name(label: str, index: int, *, seed: int) -> str:
    """Return the name of artist `index`, 0 to 99, of a genre, unique in the collection."""
    number = index * len(GENRES) + sorted(GENRES).index(label)
    size = len(_FIRST) * len(_LAST)
    # Odd steps are coprime to 1,024, so that no pair repeats.
    place = (number * 397 + int(generator(seed, "artists").integers(size))) % size
    return f"{_FIRST[place % len(_FIRST)]} {_LAST[place // len(_FIRST)]}"


def title(label: str, artist_index: int, track_index: int, *, seed: int) -> str:
    """Return the title of track `track_index`, 0 to 99, of an artist, unique among the artist's tracks."""
    size = len(_QUALITY) * len(_THING)
    # 87 is coprime to 220.
    place = (track_index * 87 + int(generator(seed, label, artist_index, "titles").integers(size))) % size
    return f"{_QUALITY[place % len(_QUALITY)]} {_THING[place // len(_QUALITY)]}"
