"""Figure 11: accuracy against the predicted probability (reliability diagrams)."""

import os
import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earfield.evaluate.score_tables import read_scores
from earfield.figures import series
from earfield.figures.style import ACCENT, COLUMN_WIDTH, PAGE_WIDTH, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_ALL = "all"  # the bin of all predictions
_LOOK = {"color": ACCENT, "marker": "o", "markersize": 3.2}
_STRIP = 0.22  # height of the counts, as a fraction of the diagram's
_TITLE_HEIGHT, _LABELS_HEIGHT = 0.42, 0.45  # [inch]


def draw_calibration(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 11 from the file that `write_rows_of_protocol` wrote."""
    table = read_scores(data)
    models = list(dict.fromkeys(table.model))
    if not models:
        return series.empty_figure(COLUMN_WIDTH, 1.5, "No run to show.")
    n_columns = _columns(len(models))
    n_rows = -(-len(models) // n_columns)
    width = COLUMN_WIDTH if len(models) == 1 else PAGE_WIDTH
    side = (width - 0.6) / n_columns - 0.15
    figure = new_figure(width, n_rows * (side * (1 + _STRIP) + _TITLE_HEIGHT) + _LABELS_HEIGHT)
    figure.supxlabel("Probability of the predicted label (%)", fontsize=8)
    grid = figure.add_gridspec(2 * n_rows, n_columns, height_ratios=[1, _STRIP] * n_rows)
    tallest = max(1.0, table.n_predictions[table.bin != _ALL].max())  # 1 where there is none
    for number, model in enumerate(models):
        row, column = divmod(number, n_columns)
        own = table[table.model == model]
        diagram, strip = (figure.add_subplot(grid[2 * row + part, column]) for part in range(2))
        is_last = number + n_columns >= len(models)
        _draw_diagram(diagram, own, title=_title(model, own[own.bin == _ALL], letters=int(side * 14)))
        _draw_counts(strip, own[own.bin != _ALL], tallest=tallest)
        strip.tick_params(labelbottom=is_last)
        if column:
            diagram.tick_params(labelleft=False)
            strip.tick_params(labelleft=False)
        else:
            diagram.set_ylabel("Accuracy (%)")
            strip.set_ylabel("n")
    figure.align_ylabels()
    return figure


def _columns(n: int) -> int:
    """Return the number of columns in which n diagrams leave the fewest places empty."""
    return n if n <= 3 else min((4, 3), key=lambda columns: -n % columns)


def _title(model: str, everything: pd.DataFrame, *, letters: int) -> str:
    """Return the model's name, its calibration error and its Brier score."""
    lines = textwrap.wrap(series.shown_name(model), letters)
    for row in everything.itertuples():
        lines.append(f"ECE {_decimals(row.calibration_error)}, Brier {_decimals(row.brier)}")
    return "\n".join(lines)


def _decimals(value: float) -> str:
    return "unknown" if np.isnan(value) else f"{value:.2f}"


def _draw_diagram(axes: "Axes", own: pd.DataFrame, *, title: str) -> None:
    """Draw the accuracy in each bin, at the bin's mean probability."""
    axes.plot([0, 1], [0, 1], color=series.GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=1)
    bins = own[own.bin != _ALL].dropna(subset=["confidence", "accuracy"]).sort_values("confidence")
    axes.plot(bins.confidence, bins.accuracy, color=ACCENT, linewidth=0.7, alpha=0.5, zorder=2)
    for row in bins.itertuples():
        series.draw_interval(axes, row.confidence, row.accuracy, row.ci_low, row.ci_high, vertical=True, **_LOOK)
    axes.set_title(title, fontsize=7, linespacing=1.2, pad=4)
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    _half_ticks(axes.xaxis)
    _half_ticks(axes.yaxis)
    axes.tick_params(labelbottom=False)


def _draw_counts(axes: "Axes", bins: pd.DataFrame, *, tallest: float) -> None:
    """Draw the number of predictions in each bin."""
    known = bins.dropna(subset=["n_predictions"])
    widths = known["to"] - known["from"]
    axes.bar(known["from"], known.n_predictions, width=widths, align="edge", color="0.75", edgecolor="white")
    axes.set(xlim=(-0.03, 1.03), ylim=(0, tallest), yticks=(0, tallest), yticklabels=("0", f"{tallest:,.0f}"))
    _half_ticks(axes.xaxis)


def _half_ticks(axis: "Axis") -> None:
    axis.set_ticks([0, 0.5, 1], labels=["0", "50", "100"])
