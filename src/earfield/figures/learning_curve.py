"""Figure 8: accuracy against the number of training tracks."""

import os
from typing import TYPE_CHECKING

from earfield.evaluate.score_tables import read_scores
from earfield.figures import series
from earfield.figures.style import PAGE_WIDTH, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT, _AXES_HEIGHT = 3.2, 2.6  # [inch]
_DODGE = 0.08  # width of the models' points at one number of tracks, as a factor of it


def draw_learning_curve(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 8 from the file that `write_rows_of_protocol` wrote."""
    table = read_scores(data).dropna(subset=["train_fraction", "train_tracks", "accuracy"])
    if table.empty:
        return series.empty_figure(PAGE_WIDTH, _HEIGHT, "No run to show.")
    figure = new_figure(PAGE_WIDTH, _HEIGHT)
    axes = figure.add_subplot()
    models = list(dict.fromkeys(table.model))
    ends = []
    for number, model in enumerate(models):
        own, style = table[table.model == model].sort_values("train_tracks"), series.look(number)
        # Beside each other, that no interval hides another.
        factor = (1 + _DODGE) ** (number / max(1, len(models) - 1) - 0.5) if len(models) > 1 else 1
        places = factor * own.train_tracks
        axes.plot(places, own.accuracy, color=style["color"], linewidth=0.8, zorder=2)
        for x, row in zip(places, own.itertuples(), strict=True):
            series.draw_interval(axes, x, row.accuracy, row.ci_low, row.ci_high, vertical=True, markersize=4, **style)
        ends.append((places.iloc[-1], own.accuracy.iloc[-1], series.shown_name(model), style["color"]))
    sizes = table.groupby("train_fraction").train_tracks.mean()
    series.log_axis(axes, {size: f"{size:,.0f}\n{fraction:.0%}" for fraction, size in sizes.items()})
    axes.set(
        xlabel="Training tracks (number; fraction of those of the full protocol)",
        ylabel="Accuracy on test tracks (%)",
        ylim=series.fraction_limits(table.accuracy, table.ci_low, table.ci_high),
    )
    series.percent_axis(axes.yaxis)
    series.name_ends(axes, ends, height=_AXES_HEIGHT)
    return figure
