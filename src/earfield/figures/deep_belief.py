"""Figure 12: learning curves of the convolutional deep belief network, and the bases of its lowest layer."""

import os
from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from earfield.figures import panels
from earfield.figures.style import ACCENT, PAGE_WIDTH, new_figure
from earfield.files.arrays import read_arrays

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 12
_PANEL_HEIGHT, _CURVES_HEIGHT = 0.75, 1.5  # [inch]


def draw_deep_belief(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 12 from the file that `write_deep_belief_data` wrote."""
    shown = read_arrays(data)
    bases, layers = shown["bases"], len(shown["errors"])
    rows = max(1, ceil(len(bases) / _COLUMNS))
    lines = panels.wrap_lines(_sentences(shown), width=PAGE_WIDTH)
    heights = [_CURVES_HEIGHT, 0.3 + rows * _PANEL_HEIGHT]
    figure = new_figure(PAGE_WIDTH, panels.lines_height(lines) + sum(heights))
    panels.write_lines(figure, lines)
    top, bottom = figure.subfigures(2, 1, height_ratios=heights)  # type: ignore[misc]  # two rows are no single one
    for number, axes in enumerate(top.subplots(1, layers, squeeze=False)[0]):
        _draw_errors(axes, shown["errors"][number], title=f"Layer {number + 1}", first=number == 0)
    grid = bottom.add_gridspec(rows, _COLUMNS)
    panels.label_axes(bottom)
    for panel, (basis, unit) in enumerate(zip(bases, shown["units"], strict=True)):
        row, column = divmod(panel, _COLUMNS)
        axes = bottom.add_subplot(grid[row, column])
        panels.draw_strf(axes, basis, band_hz=shown["band_hz"], frame_seconds=float(shown["frame_seconds"]))
        panels.label_outer(axes, left=column == 0, bottom=panel + _COLUMNS >= len(bases))
        axes.set_title(f"{unit}", loc="left", fontsize=panels.TINY, pad=1.5, color="0.45")
    return figure


def _draw_errors(axes: "Axes", errors: np.ndarray, *, title: str, first: bool) -> None:
    """Draw one layer's reconstruction error by epoch; layers have units of their own, and so axes of their own."""
    from matplotlib.ticker import MaxNLocator

    axes.plot(np.arange(1, len(errors) + 1), errors, color=ACCENT, linewidth=1, marker="o", markersize=2.5)
    axes.set_title(title, fontsize=panels.SMALL)
    axes.set_xlabel("Epoch", fontsize=panels.SMALL)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if first:
        axes.set_ylabel("Reconstruction error\n(mean square)", fontsize=panels.SMALL)


def _sentences(shown: Mapping[str, Any]) -> list[str]:
    """Return what the figure says of the run and of its panels."""
    on = ", ".join(f"{100 * each[-1]:.1f}%" for each in shown["activations"])
    return [
        f"Convolutional deep belief network: {shown['model']}, {shown['dataset']}, {shown['protocol']} split, "
        f"seed {shown['seed']}.",
        f"Hidden units that are on in the last epoch, by layer: {on}.",
        f"{len(shown['bases'])} of {int(shown['n_bases'])} bases of the lowest layer, those with the largest norm, "
        "back in mel bands, from low to high frequency. Grey: number of the basis. Red: more power, blue: less; each "
        "panel on its own scale.",
    ]
