"""Figure 8: accuracy against the number of training tracks."""

import os
from collections.abc import Iterable

from earfield.evaluate.score_tables import read_scores
from earfield.figures.series import (
    draw_vertical,
    fraction_limits,
    log_axis,
    look,
    name_ends,
    percent_axis,
    say_nothing_to_show,
    shown_name,
)
from earfield.figures.style import PAGE_WIDTH, new_figure, save_figure

_HEIGHT, _AXES_HEIGHT = 3.2, 2.6  # [inch]
_DODGE = 0.08  # width of the models' points at one number of tracks, as a factor of it


def draw_learning_curve(data: str | os.PathLike[str], paths: Iterable[str | os.PathLike[str]]) -> None:
    """Draw figure 8 from its data file.

    Parameters
    ----------
    data : path-like
        Written by `write_learning_curve_data`.
    paths : iterable of path-like
        `.pdf` and `.png` to write.
    """
    table = read_scores(data).dropna(subset=["train_fraction", "train_tracks", "accuracy"])
    figure = new_figure(PAGE_WIDTH, _HEIGHT)
    axes = figure.add_subplot()
    if table.empty:
        say_nothing_to_show(axes, "No run to show.")
        save_figure(figure, paths)
        return
    models = list(dict.fromkeys(table.model))
    ends = []
    for number, model in enumerate(models):
        own, style = table[table.model == model].sort_values("train_tracks"), look(number)
        # Beside each other, that no interval hides another.
        factor = (1 + _DODGE) ** (number / max(1, len(models) - 1) - 0.5) if len(models) > 1 else 1
        places = factor * own.train_tracks
        axes.plot(places, own.accuracy, color=style["color"], linewidth=0.8, zorder=2)
        for x, row in zip(places, own.itertuples(), strict=True):
            draw_vertical(axes, x, row.accuracy, row.ci_low, row.ci_high, markersize=4, **style)
        ends.append((places.iloc[-1], own.accuracy.iloc[-1], shown_name(model), style["color"]))
    sizes = table.groupby("train_fraction").train_tracks.mean()
    log_axis(axes, {size: f"{size:,.0f}\n{fraction:.0%}" for fraction, size in sizes.items()})
    axes.set(
        xlabel="Training tracks (number; fraction of those of the full protocol)",
        ylabel="Accuracy on test tracks (%)",
        ylim=fraction_limits(table.accuracy, table.ci_low, table.ci_high),
    )
    percent_axis(axes.yaxis)
    name_ends(axes, ends, height=_AXES_HEIGHT)
    save_figure(figure, paths)
