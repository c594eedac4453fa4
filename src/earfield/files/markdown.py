"""Parts of Markdown pages: tables, escaped names, numbers with nouns."""

import re
from collections.abc import Iterable, Mapping, Sequence


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of cells that are Markdown already, each of one line."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def plain(value: object) -> str:
    """Return a name with the special characters of Markdown escaped, on one line."""
    return re.sub(r"([\\`*_\[\]<>|~&#$])", r"\\\1", " ".join(str(value).split()))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 track", "2 tracks"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def listed(names: Iterable[object], *, most: int = 10) -> str:
    """Return names with commas between them, shortened beyond the first few: "a, b and 3 more"."""
    every = [str(name) for name in names]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def percent(fraction: float) -> str:
    """Return a fraction in percent."""
    return f"{fraction:.1%}"


def interval(bounds: Mapping[str, float]) -> str:
    """Return the limits `ci_low` and `ci_high` of a fraction in percent."""
    return f"{percent(bounds['ci_low'])} – {percent(bounds['ci_high'])}"
