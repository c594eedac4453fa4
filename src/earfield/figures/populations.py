"""Figure 6: the populations of a trained network's filters, of its nulls and of the auditory stages."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earfield.figures.style import ACCENT, PAGE_WIDTH, new_figure
from earfield.files.tables import read_text_csv

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {
    "trained": ACCENT,
    "null model": "0.45",
    "gradient": "#009e73",
    "stage": "#d55e00",
}  # Okabe & Ito (2008), and grey
_GAP = 0.45  # between roles [rows]
_HILL, _DOTS = 0.5, 0.24  # heights of a row's density and of its dots [rows]
_POINTS = 80  # at which a density is drawn, over the width of a panel
_LOG_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
_TICK_ROOM = 0.22  # that the first tick's label takes of an axis
_SMOOTHING = 2.5  # standard deviation of its kernel [points]


@dataclass(frozen=True)
class _Panel:
    """One measure: its column, its name, the ends of its axis, and the value of one cycle in the window."""

    column: str
    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    unresolved: float | None = None  # one cycle in the window

    @property
    def is_modulation(self) -> bool:
        return self.unresolved is not None

    def positions(self, values: np.ndarray) -> np.ndarray:
        """Return where values lie between 0, the left end, and 1; what lies beyond an end is at that end."""
        inside = np.clip(values, self.low, self.high)
        if self.is_modulation:
            return np.log(inside / self.low) / np.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)


def draw_populations(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 6 from the file that `write_populations_data` wrote."""
    table = read_text_csv(data)
    groups = {str(model): group for model, group in table.groupby("population", sort=False)}
    roles = [group.role.iloc[0] for group in groups.values()]
    changes = np.cumsum([before != after for before, after in zip(roles[:1] + roles, roles, strict=False)])
    rows = np.arange(len(groups)) + _GAP * changes
    figure = new_figure(PAGE_WIDTH, 0.75 + 0.36 * (rows[-1] + 1))
    panels = _panels(table)
    all_axes = figure.subplots(1, len(panels), sharey=True)
    for panel, axes in zip(panels, all_axes, strict=True):
        _draw_axis(axes, panel)
        for row, role, group in zip(rows, roles, groups.values(), strict=True):
            values = pd.to_numeric(group[panel.column]).dropna().to_numpy()
            _draw_population(axes, panel.positions(values), row=row, colour=_COLOURS[role])
            if role == "trained" and len(values):
                middle = np.median(panel.positions(values))
                axes.axvline(middle, color=_COLOURS[role], linewidth=0.7, linestyle=(0, (3, 2)), zorder=0.5)
    labels = [_label(model, group) for model, group in groups.items()]
    all_axes[0].set_yticks(rows, labels)
    for label, role in zip(all_axes[0].get_yticklabels(), roles, strict=True):
        label.set_color("black" if role == "null model" else _COLOURS[role])
    all_axes[0].set_ylim(rows[-1] + 0.45, -0.65)
    return figure


def _panels(table: pd.DataFrame) -> list[_Panel]:
    """Return the measures, with the limits of the window."""
    rate, scale = float(table.lowest_rate_hz.iloc[0]), pd.to_numeric(table.lowest_scale_cpo).iloc[0]
    highest = {name: float(pd.to_numeric(table[name]).max()) for name in ("rate_hz", "scale_cpo")}
    panels = [
        _Panel("separability", "Separability\nσ₁ / Σσᵢ", 0, 1, (0, 0.5, 1)),
        _Panel("gabor_r2", "Gabor fit\nR²", 0, 1, (0, 0.5, 1)),
        _Panel("rate_hz", "Best rate\n(Hz)", rate / 2, max(2 * rate, highest["rate_hz"]), _LOG_TICKS, rate),
    ]
    if np.isfinite(scale):  # a window of one band has no scale
        end = max(2 * scale, highest["scale_cpo"])
        panels.append(_Panel("scale_cpo", "Best scale\n(cycles/octave)", scale / 2, end, _LOG_TICKS, scale))
    return [*panels, _Panel("direction_strength", "Direction\n(1: one way only)", 0, 1, (0, 0.5, 1))]


def _label(model: str, group: pd.DataFrame) -> str:
    """Return the name of a population and how many units of how many seeds it holds."""
    name, units = model.replace("_", " "), int((group.unit.astype(str) != "").sum())
    if group.role.iloc[0] == "stage":
        return f"model of {name}\n{units} fields"
    if not units:
        return f"{name}\nno fitted unit"
    seeds = group.seed.nunique()
    return f"{name}\n{units:,} unit{'s' if units > 1 else ''}, {seeds} seed{'s' if seeds > 1 else ''}"


def _draw_axis(axes: "Axes", panel: _Panel) -> None:
    """Draw the axis of a measure, and shade values of less than one cycle in the window."""
    ticks = {float(panel.positions(np.array(tick))): f"{tick:g}" for tick in panel.ticks}
    if panel.unresolved is not None:
        end = float(panel.positions(np.array(panel.unresolved)))
        axes.axvspan(0, end, color="0.93", linewidth=0, zorder=0)
        axes.text(0, 1.005, "< 1 cycle", transform=axes.transAxes, fontsize=6, color="0.45", va="bottom")
        ticks = {0: f"≤{panel.low:.2g}"} | {place: text for place, text in ticks.items() if _TICK_ROOM < place < 1}
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set(xlim=(-0.03, 1.03), xlabel=panel.title)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _draw_population(axes: "Axes", positions: np.ndarray, *, row: float, colour: str) -> None:
    """Draw a density above a row's middle, and below it each unit, the quartiles and the median."""
    if not len(positions):
        return
    grid = (np.arange(_POINTS) + 0.5) / _POINTS
    counts = np.histogram(positions, bins=_POINTS, range=(0, 1))[0]
    offsets = np.arange(-_POINTS, _POINTS + 1)
    density = np.convolve(counts, np.exp(-((offsets / _SMOOTHING) ** 2) / 2))[_POINTS : 2 * _POINTS]
    axes.fill_between(grid, row, row - _HILL * density / density.max(), color=colour, alpha=0.55, linewidth=0)
    scatter = np.random.default_rng(0).uniform(0.25, 1, len(positions))
    axes.scatter(
        positions,
        row + _DOTS * scatter,
        s=1.2,
        color=colour,
        alpha=min(1, 60 / len(positions)),
        linewidth=0,
        rasterized=True,
    )
    low, middle, high = np.quantile(positions, [0.25, 0.5, 0.75])
    axes.plot([low, high], [row, row], color="black", linewidth=1.6, solid_capstyle="butt")
    axes.plot([middle], [row], "o", markersize=3, color="white", markeredgecolor="black", markeredgewidth=0.7)
