"""Figure 3: the learned filters, the best first."""

import os
from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from earfield.figures import panels
from earfield.figures.style import COLUMN_WIDTH, PAGE_WIDTH, new_figure
from earfield.files.arrays import read_arrays

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 8
_PANEL_SHAPE = 0.7  # height of a panel with its title, as a part of its width
_MEANING = {
    "dead": "dead (never active)",
    "rare": "rare (active too seldom to fit)",
    "flat": "flat (every coefficient zero)",
    "nan": "not finite",
}


def draw_filters(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 3 from the file that `write_filters_data` wrote."""
    shown = read_arrays(data)
    filters = shown["filters"]
    columns = min(_COLUMNS, max(1, len(filters)))
    rows = ceil(len(filters) / columns)
    width = min(PAGE_WIDTH, max(COLUMN_WIDTH, columns * PAGE_WIDTH / _COLUMNS))
    lines = panels.wrap_lines(_sentences(shown), width=width)
    height = 0.3 + _PANEL_SHAPE * width / columns * rows if rows else 0
    figure = new_figure(width, panels.lines_height(lines) + height)
    panels.write_lines(figure, lines)
    if rows:
        panels.tighten(figure)
        panels.label_axes(figure)
    grid = figure.add_gridspec(max(1, rows), columns)
    for panel, (strf, unit, r2) in enumerate(zip(filters, shown["units"], shown["r2_held_out"], strict=True)):
        row, column = divmod(panel, columns)
        axes = figure.add_subplot(grid[row, column])
        panels.draw_strf(axes, strf, band_hz=shown["band_hz"], frame_seconds=float(shown["frame_seconds"]))
        panels.label_outer(axes, left=column == 0, bottom=row == rows - 1)
        axes.set_title(f"{unit}", loc="left", fontsize=panels.TINY, pad=1.5, color="0.45")
        axes.set_title(_r2_text(r2), loc="right", fontsize=panels.TINY, pad=1.5)
    return figure


def _r2_text(r2: float) -> str:
    """Return a held-out R² as it stands on its panel; it may be unknown, or below zero but not minus zero."""
    return f"R² {round(r2, 2) + 0.0:.2f}".replace("-", "−") if np.isfinite(r2) else "R² unknown"


def _sentences(shown: Mapping[str, Any]) -> list[str]:
    """Return what the figure says of the run, of its panels and of the units that have none."""
    counts = dict(zip(shown["statuses"].tolist(), shown["counts"].tolist(), strict=True))
    fitted, n = counts.pop("fitted", 0), int(shown["counts"].sum())
    title = (
        f"Filters of {shown['layer']}: {shown['model']}, {shown['dataset']}, {shown['protocol']} split, "
        f"seed {shown['seed']}."
    )
    left_out = ", ".join(f"{count} {_MEANING.get(status, status)}" for status, count in counts.items())
    units = f"{fitted} of {n} units fitted" + (f"; without a filter: {left_out}." if left_out else ".")
    if not fitted:
        return [title, f"No filter to show: {units}"]
    first = f"Shown are the {len(shown['units'])} best. " if len(shown["units"]) < fitted else ""
    legend = (
        "Grey: number of the unit; R² on held-out tracks. Red raises the activation, blue lowers it; "
        "each panel on its own scale."
    )
    return [title, units + " " + first + legend]
