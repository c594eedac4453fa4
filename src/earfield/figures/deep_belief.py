"""Figure 12: learning curves of the convolutional deep belief network, and the bases of its lowest layer."""

import os
from collections.abc import Iterable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from earfield.figures.panels import (
    SMALL,
    TINY,
    draw_strf,
    label_axes,
    label_outer,
    lines_height,
    wrap_lines,
    write_lines,
)
from earfield.figures.style import ACCENT, PAGE_WIDTH, new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 12
_PANEL_HEIGHT, _CURVES_HEIGHT = 0.75, 1.5  # [inch]


def draw_deep_belief(data: str | os.PathLike[str], paths: Iterable[str | os.PathLike[str]]) -> None:
    """Draw figure 12 from its data file.

    Parameters
    ----------
    data : path-like
        Written by `write_deep_belief_data`.
    paths : iterable of path-like
        `.pdf` and `.png` to write.
    """
    with np.load(data) as archive:
        shown = dict(archive)
    bases, layers = shown["bases"], len(shown["errors"])
    rows = max(1, ceil(len(bases) / _COLUMNS))
    lines = wrap_lines(_sentences(shown), width=PAGE_WIDTH)
    heights = [_CURVES_HEIGHT, 0.3 + rows * _PANEL_HEIGHT]
    figure = new_figure(PAGE_WIDTH, lines_height(lines) + sum(heights))
    write_lines(figure, lines)
    top, bottom = figure.subfigures(2, 1, height_ratios=heights)  # type: ignore[misc]  # two rows are no single one
    for number, axes in enumerate(top.subplots(1, layers, squeeze=False)[0]):
        _draw_errors(axes, shown["errors"][number], title=f"Layer {number + 1}", first=number == 0)
    grid = bottom.add_gridspec(rows, _COLUMNS)
    label_axes(bottom)
    for panel, (basis, unit) in enumerate(zip(bases, shown["units"], strict=True)):
        row, column = divmod(panel, _COLUMNS)
        axes = bottom.add_subplot(grid[row, column])
        draw_strf(axes, basis, band_hz=shown["band_hz"], frame_seconds=float(shown["frame_seconds"]))
        label_outer(axes, left=column == 0, bottom=panel + _COLUMNS >= len(bases))
        axes.set_title(f"{unit}", loc="left", fontsize=TINY, pad=1.5, color="0.45")
    save_figure(figure, paths)


def _draw_errors(axes: "Axes", errors: np.ndarray, *, title: str, first: bool) -> None:
    """Draw one layer's reconstruction error by epoch; layers have units of their own, and so axes of their own."""
    from matplotlib.ticker import MaxNLocator

    axes.plot(np.arange(1, len(errors) + 1), errors, color=ACCENT, linewidth=1, marker="o", markersize=2.5)
    axes.set_title(title, fontsize=SMALL)
    axes.set_xlabel("Epoch", fontsize=SMALL)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if first:
        axes.set_ylabel("Reconstruction error\n(mean square)", fontsize=SMALL)


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
