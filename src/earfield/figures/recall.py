"""Figure 10: recall of each label."""

import os
from typing import TYPE_CHECKING, Any

from earfield.evaluate.score_tables import read_scores
from earfield.figures import series
from earfield.figures.style import ACCENT, COLUMN_WIDTH, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOOKS: tuple[dict[str, Any], ...] = ({"color": ACCENT, "marker": "o"}, {"color": "#d55e00", "marker": "s"})
_ROW, _DODGE = 0.21, 0.13  # between labels [inch]; of a model from the middle [rows]
_LEAST_HEIGHT = 1.9  # that has room for the name of the axis [inch]
_SHORT, _LETTER = 22, 0.06  # letters of a name that a column has room for; width of one more [inch]


def draw_recall(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 10 from the file that `write_recall_data` wrote."""
    from matplotlib.lines import Line2D

    table = read_scores(data).dropna(subset=["recall"])
    labels, models = list(dict.fromkeys(table.label)), list(dict.fromkeys(table.model))
    if table.empty:
        return series.empty_figure(COLUMN_WIDTH, _LEAST_HEIGHT, "No run to show.")
    counts = table.groupby("label")[["n_tracks", "n_predictions"]].max().astype(int)
    ticks = [
        f"{series.shown_label(label)} ({counts.n_tracks[label]:,}, {counts.n_predictions[label]:,})" for label in labels
    ]
    width = COLUMN_WIDTH + _LETTER * max(0, max(map(len, ticks)) - _SHORT)
    figure = new_figure(width, max(_LEAST_HEIGHT, 0.75 + _ROW * len(labels) + 0.16 * len(models)))
    axes = figure.add_subplot()
    marks = []
    for number, (model, style) in enumerate(zip(models, _LOOKS, strict=False)):
        own = table[table.model == model]
        offset = (2 * number - 1) * _DODGE if len(models) > 1 else 0
        for row in own.itertuples():
            place = labels.index(row.label) + offset
            series.draw_interval(
                axes, place, row.recall, row.ci_low, row.ci_high, vertical=False, markersize=4, **style
            )
        axes.axvline(own.recall.mean(), color=style["color"], linewidth=0.7, linestyle=(0, (3, 2)), zorder=0.5)
        marks.append(Line2D([], [], linewidth=1.1, markersize=4, **style))
    marks.append(Line2D([], [], color=series.GREY, linewidth=0.7, linestyle=(0, (3, 2))))
    series.add_legend(figure, marks, [*map(series.shown_name, models), "mean over labels"])
    axes.set_yticks(range(len(labels)), ticks)
    axes.set(xlim=(-0.02, 1.02), ylim=(len(labels) - 0.4, -0.6), xlabel="Recall (%)")
    axes.set_ylabel("Label (tracks, test predictions)")
    series.percent_axis(axes.xaxis)
    axes.grid(axis="y", color="0.92", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure
