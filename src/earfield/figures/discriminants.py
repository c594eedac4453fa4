"""Figure 5: test segments on the first discriminant axes of the raw input and of the last hidden layer."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from earfield.figures.style import PAGE_WIDTH, new_figure
from earfield.files.arrays import read_arrays

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.gridspec import SubplotSpec
    from matplotlib.ticker import Locator

# Ten colours that stay apart in each kind of colour blindness and on white: Petroff (2021), arXiv:2107.02270.
_COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
_MARKERS = "osD^vPX<>p"
_LEGEND_WIDTH, _NOTE_WIDTH = 105, 24  # characters


@dataclass(frozen=True)
class Space:
    """One of the two spaces that the figure compares.

    Attributes
    ----------
    title : str
        What the axes were fitted on.
    coordinates : np.ndarray [shape=(n_segments, n_axes)]
        The test segments.
    axes : list of str
        A name for each axis, with its fraction of the variance between labels.
    segments : str
        Accuracy on test segments of the classifier that knows these axes alone, with its 95% interval.
    notes : list of str
        The same for tracks, and what to compare it with.
    """

    title: str
    coordinates: np.ndarray
    axes: list[str]
    segments: str
    notes: list[str]


def read_spaces(shown: dict[str, Any]) -> list[Space]:
    """Describe the raw input and the last hidden layer from the arrays that `write_discriminants_data` wrote."""
    titles = {
        "raw": f"Raw input ({shown['components']} principal components)",
        "hidden": f"Last hidden layer ({shown['live_units']} of {shown['units']} units react)",
    }
    n_segments, n_tracks = shown["n_segments"][-1], shown["n_tracks"][-1]
    kinds = ("segments", "tracks")
    remarks = {
        "raw": f"Always predicting '{shown['naive']}': "
        + ", ".join(f"{shown[f'baseline_{kind}']:.0%} of {kind}" for kind in kinds),
        "hidden": "Difference from raw: " + ", ".join(_difference(shown[f"difference_{kind}"], kind) for kind in kinds),
    }
    spaces = []
    for name, title in titles.items():
        ratios = shown[f"{name}_variance_ratio"]
        found = int(np.isfinite(ratios).sum())
        spaces.append(
            Space(
                title=title,
                coordinates=shown[name][:, :found],
                axes=[f"Axis {number} ({fraction:.0%})" for number, fraction in enumerate(ratios[:found], start=1)],
                segments=_accuracy(shown[f"{name}_segments"], f"{n_segments:,} test segments"),
                notes=[_accuracy(shown[f"{name}_tracks"], f"{n_tracks:,} test tracks"), remarks[name]],
            )
        )
    return spaces


def _accuracy(bounds: np.ndarray, tests: str) -> str:
    fraction, low, high = (100 * bounds).round()
    return f"{fraction:.0f}% of {tests} correct (95% CI {low:.0f}–{high:.0f}%)"


def _difference(bounds: np.ndarray, kind: str) -> str:
    fraction, low, high = (f"{round(100 * each):+d}".replace("-", "−") for each in bounds)
    return f"{fraction}% of {kind} ({low} to {high})"


def shared_limits(spaces: Sequence[Space]) -> list[tuple[float, float]]:
    """Return limits of each axis that hold the segments of all spaces that have it."""
    limits = []
    for axis in range(max(len(space.axes) for space in spaces)):
        values = np.concatenate([space.coordinates[:, axis] for space in spaces if len(space.axes) > axis])
        margin = 0.04 * float(np.ptp(values)) or 1.0
        limits.append((float(values.min()) - margin, float(values.max()) + margin))
    return limits


def label_colour(number: int) -> str:
    """Return the colour of the n-th label; after ten they repeat, with other markers."""
    return _COLOURS[number % len(_COLOURS)]


def _marker(number: int) -> str:
    return _MARKERS[(number + number // len(_COLOURS)) % len(_MARKERS)]


def draw_discriminants(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 5 from the file that `write_discriminants_data` wrote."""
    from matplotlib.lines import Line2D

    shown = read_arrays(data)
    labels = [str(label) for label in shown["labels"]]
    codes = np.searchsorted(shown["labels"], shown["label"])
    spaces = read_spaces(shown)
    # Both are in units of the spread within labels: on one scale, their separation can be compared.
    limits = shared_limits(spaces)
    rows = -(-len(labels) // max(1, _LEGEND_WIDTH // (max(map(len, labels)) + 4)))
    figure = new_figure(PAGE_WIDTH, (6.6 if len(limits) == 3 else 4.0) + 0.15 * rows)
    halves: Any = figure.subfigures(1, 2, wspace=0.06)
    for half, space in zip(halves, spaces, strict=True):
        half.suptitle(f"{space.title}\n{space.segments}", fontsize=8)
        _draw_space(half, space, codes, limits)
    marks = [
        Line2D([], [], linestyle="", marker=_marker(n), markersize=5.5, color=label_colour(n), mec="black", mew=0.5)
        for n in range(len(labels))
    ]
    figure.legend(
        marks, labels, loc="outside lower center", ncols=-(-len(labels) // rows), frameon=False, handletextpad=0.1,
        title="Large symbols: mean of a label's segments", title_fontsize=7,
    )  # fmt: skip
    return figure


def _draw_space(half: "SubFigure", space: Space, codes: np.ndarray, limits: list[tuple[float, float]]) -> None:
    """Draw one space: a cloud in three dimensions above its three projections, or what there is of these."""
    n_axes = len(space.axes)
    if n_axes == 3:
        grid = half.add_gridspec(3, 2, height_ratios=[1.7, 1, 1])
        _draw_cloud(half, grid[0, :], space, codes, limits)
        note, width = grid[1, 1], _NOTE_WIDTH
        places = {(0, 1): grid[1, 0], (0, 2): grid[2, 0], (1, 2): grid[2, 1]}
    else:
        grid = half.add_gridspec(2, 1, height_ratios=[3, 1])
        note, width = grid[1], 60
        places = {(0, n_axes - 1): grid[0]}
    corner = half.add_subplot(note)
    corner.set_axis_off()
    lines = "\n\n".join(fill(line, width) for line in space.notes)
    corner.text(0.03, 0.95, lines, fontsize=7, linespacing=1.3, va="top").set_in_layout(False)
    for (x, y), place in places.items():
        axes = half.add_subplot(place)
        if n_axes == 1:
            _draw_rows(axes, space.coordinates[:, 0], codes)
        else:
            _scatter(axes, space.coordinates[:, [x, y]], codes)
            axes.set(ylabel=space.axes[y], ylim=limits[y])
            axes.yaxis.set_major_locator(_ticks())
        axes.set(xlabel=space.axes[x], xlim=limits[x])
        axes.xaxis.set_major_locator(_ticks())
        if n_axes == 3:
            axes.label_outer()


def _draw_cloud(
    half: "SubFigure", place: "SubplotSpec", space: Space, codes: np.ndarray, limits: list[tuple[float, float]]
) -> None:
    import matplotlib

    with matplotlib.rc_context({"grid.color": "0.85", "grid.linewidth": 0.4}):
        cloud = half.add_subplot(place, projection="3d", computed_zorder=False)
    _scatter(cloud, space.coordinates, codes, depthshade=False)
    cloud.set_zorder(1)  # its labels reach over its neighbours
    cloud.set_box_aspect((1, 1, 0.75), zoom=1.25)
    cloud.zaxis.set_ticks_position("lower")
    cloud.zaxis.set_label_position("lower")
    cloud.zaxis.set_rotate_label(False)
    cloud.zaxis.label.set_rotation(90)
    cloud.view_init(elev=22, azim=-60)
    cloud.set(xlim=limits[0], ylim=limits[1], zlim=limits[2])
    for axis, name in zip((cloud.xaxis, cloud.yaxis, cloud.zaxis), space.axes, strict=True):
        axis.set_label_text(name)
        axis.labelpad = -8
        axis.set_pane_color((1, 1, 1, 0))
        axis.set_major_locator(_ticks())
        axis.set_tick_params(pad=-3, labelsize=6)


def _draw_rows(axes: "Axes", values: np.ndarray, codes: np.ndarray) -> None:
    """Draw a single axis: each label in a row of its own, spread out a little."""
    spread = np.random.default_rng(0).uniform(-0.3, 0.3, len(values))
    _scatter(axes, np.column_stack([values, codes + spread]), codes)
    axes.set_yticks([])
    axes.invert_yaxis()


def _scatter(axes: Any, points: np.ndarray, codes: np.ndarray, **options: Any) -> None:
    """Draw segments small and translucent, and the mean of each label's segments large."""
    size = np.clip(100 / math.sqrt(len(codes)), 2, 6)
    for code in np.unique(codes):
        own, look = points[codes == code], {"marker": _marker(code), "color": label_colour(code), **options}
        axes.scatter(*own.T, s=size, alpha=0.5, linewidths=0, zorder=2, **look)
        axes.scatter(*own.mean(axis=0), s=30, edgecolors="black", linewidths=0.5, zorder=3, **look)


def _ticks() -> "Locator":
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5, integer=True)
