"""Pages in Markdown: names that show as they are, tables, numbers with their nouns."""

import re
from collections.abc import Iterable, Mapping, Sequence


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; cells are Markdown already, on one line each."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def plain(value: object) -> str:
    """Return a name as Markdown that shows it as it is, also in a table."""
    return re.sub(r"([\\`*_\[\]<>|~&#$])", r"\\\1", " ".join(str(value).split()))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 track", "2 tracks"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def listed(names: Iterable[object], *, most: int = 10) -> str:
    """Return names with commas between them, shortened beyond the first few: "a, b and 3 more"."""
    every = [str(name) for name in names]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{share:.1%}"


def interval(bounds: Mapping[str, float]) -> str:
    """Return the limits `low` and `high` of a share in percent."""
    return f"{percent(bounds['low'])} – {percent(bounds['high'])}"
