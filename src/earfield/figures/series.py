"""How scores are drawn: one colour and marker per model or protocol, intervals as bars, labels that never overlap."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earfield.figures.style import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREY = "0.45"
SMALL = 6.5  # names beside points [pt]
# Okabe & Ito (2008) without yellow, which is too pale for thin marks on white.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_MARKERS = "osD^vPX<>ph"
_LETTERS = 32  # of a name
_LINE_SPACING = 1.3
_POINTS = 72  # of an inch
_LIMIT_STEPS, _SMALLEST_RANGE = 20, 0.1  # in 1; of an axis of fractions
_ROOM = 0.02  # beside the outermost fractions
_LEGEND = 7  # [pt]
_LETTER_WIDTH, _MARK_LETTERS = 0.55, 6  # of the font's size; width of a legend's mark


def look(number: int) -> dict[str, Any]:
    """Return colour and marker of the n-th model or protocol: no two of 77 share both."""
    return {"color": _COLOURS[number % len(_COLOURS)], "marker": _MARKERS[number % len(_MARKERS)]}


def one_line(text: str) -> str:
    """Return text on one line."""
    return " ".join(text.split())


def shown_label(label: str) -> str:
    """Return a label as figures show it: on one line, and without its middle where it is very long."""
    text = one_line(label)
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 12].rstrip()}…{text[-11:].lstrip()}"


def shown_name(name: str) -> str:
    """Return the name of a model or protocol as figures show it: like a label, with `_` as a space."""
    return shown_label(name.replace("_", " "))


def count(values: "pd.Series | Sequence[float]", noun: str) -> str:
    """Return a number with its noun, or the least and the largest where they differ: "1 seed", "3–5 seeds"."""
    low, high = int(min(values)), int(max(values))
    return f"{low:,} {noun}{'' if low == 1 else 's'}" if low == high else f"{low:,}–{high:,} {noun}s"


def percent_with_interval(fraction: float, low: float, high: float) -> str:
    """Return a fraction with its interval in percent, such as "66% (58–74)"."""
    if np.isnan(fraction):
        return "no prediction"
    interval = "" if np.isnan([low, high]).any() else f" ({100 * low:.0f}–{100 * high:.0f})"
    return f"{100 * fraction:.0f}%{interval}"


def draw_interval(
    axes: "Axes", place: float, value: float, low: float, high: float, *, vertical: bool, **style: Any
) -> None:
    """Draw a value with its interval as a bar of the same colour; without an interval the point alone."""

    def plot(values: list[float], **line: Any) -> None:
        places = [place] * len(values)
        if np.isfinite([place, *values]).all():
            axes.plot(*((places, values) if vertical else (values, places)), **line)

    plot([low, high], color=style["color"], linewidth=1.1, solid_capstyle="butt", zorder=2.9)
    plot([value], linestyle="", zorder=3, clip_on=False, **style)


def fraction_limits(*columns: pd.Series, lowest: float = 0) -> tuple[float, float]:
    """Return round axis limits that contain all fractions, from the lowest possible one to 1."""
    values = pd.concat(columns).dropna()
    if values.empty:
        return 0.0, 1.0
    low = np.floor(_LIMIT_STEPS * (values.min() - _ROOM)) / _LIMIT_STEPS
    high = np.ceil(_LIMIT_STEPS * (values.max() + _ROOM)) / _LIMIT_STEPS
    low, high = max(low, lowest), min(high, 1.0)
    if high - low < _SMALLEST_RANGE:
        low, high = (high - _SMALLEST_RANGE, high) if high >= 1 else (low, low + _SMALLEST_RANGE)
    return round(float(low), 6), round(float(high), 6)


def percent_axis(axis: Any) -> None:
    """Write fractions in percent; the axis label has the unit."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))


def log_axis(axes: "Axes", ticks: dict[float, str], *, room: float = 1.12, gap: float = 0.07) -> None:
    """Give the horizontal axis a logarithmic scale with these ticks; where they are too dense, small ones are left out.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    ticks : dict of float to str
        Label at each value; values above 0.
    room : float
        Factor between the outermost ticks and the ends of the axis.
    gap : float
        Smallest distance of two ticks, as a fraction of the axis.
    """
    from matplotlib.ticker import NullLocator

    low, high = min(ticks) / room, max(ticks) * room
    kept: list[float] = []
    for value in sorted(ticks, reverse=True):
        if not kept or np.log(kept[-1] / value) / np.log(high / low) >= gap:
            kept.append(value)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(kept, [ticks[value] for value in kept])


def space_labels(places: Sequence[float], gap: float) -> np.ndarray:
    """Move labels apart by as little as possible, so that neighbours have at least a given distance.

    Parameters
    ----------
    places : sequence of float
        In any order, from 0 to 1.
    gap : float
        Smallest distance; where so many do not fit, they are evenly spread.

    Returns
    -------
    np.ndarray [shape=(n_places,)]
        From 0 to 1, in the order of `places`; least squares from these.
    """
    values = np.asarray(places, dtype=float)
    order = np.argsort(values, kind="stable")
    gap = min(gap, 1 / max(1, len(values) - 1))
    steps = gap * np.arange(len(values))
    # What is left once every gap is taken off must not fall: neighbours that fall are pooled at their mean.
    pools: list[list[float]] = []
    for value in values[order] - steps:
        pools.append([value])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    pooled = np.concatenate([np.full(len(pool), np.mean(pool)) for pool in pools] or [np.empty(0)])
    moved = np.empty(len(values))
    moved[order] = np.clip(pooled, 0, max(0.0, 1 - gap * (len(values) - 1))) + steps
    return moved


def name_ends(axes: "Axes", ends: Sequence[tuple[float, float, str, str]], *, height: float) -> None:
    """Write the name of each curve at the right edge, with a thin line to the curve's end.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With its final limits.
    ends : sequence of (x, y, name, colour)
        Last point of each curve.
    height : float
        Of the axes [inch].
    """
    low, high = axes.get_ylim()
    places = space_labels([(y - low) / (high - low) for _, y, _, _ in ends], _LINE_SPACING * SMALL / _POINTS / height)
    for (x, y, name, colour), place in zip(ends, places, strict=True):
        axes.annotate(
            name,
            (x, y),
            (1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=SMALL,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.4, "shrinkA": 1, "shrinkB": 3},
        )


def empty_figure(width: float, height: float, sentence: str) -> "Figure":
    """Return a figure that says why there is nothing to show."""
    figure = new_figure(width, height)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center", color=GREY)
    return figure


def add_legend(figure: "Figure", handles: Sequence[Any], names: Sequence[str]) -> None:
    """Write a legend above the axes, in as many columns as the figure is wide."""
    letters = [len(name) + _MARK_LETTERS for name in names]
    wide = figure.get_figwidth() * _POINTS / (_LETTER_WIDTH * _LEGEND)
    rows = 1 if sum(letters) <= wide else -(-len(names) // max(1, int(wide / max(letters))))
    figure.legend(
        handles, names, loc="outside upper left", ncols=-(-len(names) // rows), frameon=False, fontsize=_LEGEND,
        handletextpad=0.3, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip
