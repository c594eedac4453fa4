"""Figure 4: the reference receptive fields, stage by stage."""

import os
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from earfield.figures import panels
from earfield.figures.style import PAGE_WIDTH, new_figure
from earfield.files.arrays import read_arrays

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW_HEIGHT, _HEADING_HEIGHT, _TICKS_HEIGHT = 0.5, 0.3, 0.13  # [inch]
_DIRECTIONS = ("downward", "upward")


def draw_reference(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 4 from the file that `write_reference_data` wrote."""
    shown = read_arrays(data)
    n_stages, _, n_scales, n_rates = shown["strfs"].shape[:4]
    lines = panels.wrap_lines(_sentences(shown), width=PAGE_WIDTH)
    heights = np.full(n_stages, _HEADING_HEIGHT + n_scales * _ROW_HEIGHT)
    heights[-1] += _TICKS_HEIGHT
    figure = new_figure(PAGE_WIDTH, panels.lines_height(lines) + heights.sum() + 0.15)
    panels.write_lines(figure, lines)
    panels.label_axes(figure)
    panels.tighten(figure)
    # Fastest downward at the left, fastest upward at the right, as on an axis of signed rates; finest scale on top.
    columns = [(0, rate) for rate in range(n_rates)[::-1]] + [(1, rate) for rate in range(n_rates)]
    rows = range(n_scales)[::-1]
    blocks = figure.subfigures(n_stages, 1, squeeze=False, height_ratios=heights)[:, 0]
    for stage, block in enumerate(blocks):
        block.suptitle(_heading(shown, stage), fontsize=panels.SMALL, x=0.01, ha="left", fontweight="bold")
        for place, (scale, (direction, rate)) in enumerate(product(rows, columns)):
            first, last = place % len(columns) == 0, (place + 1) % len(columns) == 0
            axes = block.add_subplot(n_scales, len(columns), place + 1)
            strf = shown["strfs"][stage, direction, scale, rate]
            panels.draw_strf(axes, strf, band_hz=shown["band_hz"], frame_seconds=float(shown["frame_seconds"]))
            panels.label_outer(axes, left=first, bottom=scale == rows[-1] and stage == n_stages - 1)
            if scale == rows[0]:
                title = f"{_DIRECTIONS[direction]} {shown['rates'][stage, rate]:.2g} Hz"
                axes.set_title(title, fontsize=panels.TINY, pad=2)
            if last:
                axes.yaxis.set_label_position("right")
                axes.set_ylabel(f"{shown['scales'][stage, scale]:.2g} cyc/oct", fontsize=panels.TINY, labelpad=2)
    return figure


def _heading(shown: Mapping[str, Any], stage: int) -> str:
    """Return a stage's name and the ranges that were reported for it."""
    rates, scales = shown["rate_ranges"][stage], shown["scale_ranges"][stage]
    return (
        f"{str(shown['stages'][stage]).capitalize()} ({shown['species'][stage]}): {rates[0]:g} to {rates[1]:g} Hz, "
        f"{scales[0]:g} to {scales[1]:g} cycles/octave"
    )


def _sentences(shown: Mapping[str, Any]) -> list[str]:
    """Return what the figure says of the model and of the window."""
    octaves, milliseconds, lowest_rate, lowest_scale, highest_rate, _ = shown["window"]
    n_shown = np.prod(shown["strfs"].shape[1:4])
    return [
        "Reference receptive fields: the model of Chi, Ru & Shamma (2005) over the ranges reported for each stage.",
        f"The window is that of the learned filters, {octaves:.2g} octave by {milliseconds:.0f} ms. It holds less than "
        f"a cycle of rates below {lowest_rate:.2g} Hz and of scales below {lowest_scale:.2g} cycles/octave; rates "
        f"above {highest_rate:.2g} Hz are left out. Shown are {n_shown} of {shown['bank_size']} fields of each stage, "
        "each panel on its own scale.",
    ]
