"""Figure 9: accuracy of networks against the length of the excerpt that they are given."""

import os
from typing import TYPE_CHECKING

import pandas as pd

from earfield.evaluate.score_tables import read_scores
from earfield.figures import series
from earfield.figures.style import PAGE_WIDTH, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHT, _AXES_HEIGHT = 2.9, 2.3  # [inch]


def draw_excerpt_length(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 9 from the file that `write_rows_of_protocol` wrote."""
    table = read_scores(data).dropna(subset=["seconds", "accuracy"])
    if table.empty:
        return series.empty_figure(PAGE_WIDTH, _HEIGHT, "No network to show.")
    figure = new_figure(PAGE_WIDTH, _HEIGHT)
    level, gain = figure.subplots(1, 2)
    _draw_curves(level, table, ("accuracy", "ci_low", "ci_high"), lowest=0)
    ends = _draw_curves(gain, table, ("gain", "gain_ci_low", "gain_ci_high"), lowest=-1)
    gain.axhline(0, color=series.GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=1)
    series.name_ends(gain, ends, height=_AXES_HEIGHT)
    level.set_ylabel("Accuracy on test tracks (%)")
    gain.set_ylabel(f"Gain over {table.seconds.min():.3g} s (percentage points)")
    figure.supxlabel("Excerpt length (s)", fontsize=8)
    return figure


def _draw_curves(
    axes: "Axes", table: pd.DataFrame, columns: tuple[str, str, str], *, lowest: float
) -> list[tuple[float, float, str, str]]:
    """Draw a column of each model with its band; return the curves' ends with the models' names."""
    middle, low, high = columns
    ends = []
    for number, (model, own) in enumerate(table.groupby("model", sort=False)):
        own, style = own.sort_values("seconds"), series.look(number)
        axes.fill_between(own.seconds, own[low], own[high], color=style["color"], alpha=0.16, linewidth=0.6)
        axes.plot(own.seconds, own[middle], markersize=3.5, linewidth=1, clip_on=False, **style)
        last = own.iloc[-1]
        ends.append((last.seconds, last[middle], series.shown_name(str(model)), style["color"]))
    series.log_axis(axes, {seconds: f"{seconds:.3g}" for seconds in table.seconds.unique()}, gap=0.13)
    axes.set_ylim(series.fraction_limits(table[middle], table[low], table[high], lowest=lowest))
    series.percent_axis(axes.yaxis)
    return ends
