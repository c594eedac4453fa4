"""Figure 7: accuracy of every model under every protocol, beside what others reported."""

import os
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earfield.evaluate.score_tables import read_scores
from earfield.figures import series
from earfield.figures.evidence_data import OURS
from earfield.figures.style import PAGE_WIDTH, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _GAP, _LINE = 0.13, 0.1, 0.1  # between protocols, more between models, between lines of small text [inch]
_NAME_LETTERS, _NOTE_LETTERS = 24, 48  # on a line
_TINY = 5.5  # [pt]


def draw_accuracy(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 7 from the file that `write_accuracy_data` wrote."""
    from matplotlib.lines import Line2D

    table = read_scores(data)
    if table.empty:
        return series.empty_figure(PAGE_WIDTH, 2, "No run to show.")
    ours, theirs = table[table.kind == OURS], table[table.kind != OURS]
    looks = {protocol: series.look(number) for number, protocol in enumerate(dict.fromkeys(ours.protocol))}
    figure = new_figure(PAGE_WIDTH, 2)
    axes = figure.add_subplot()
    names, end = _draw_models(axes, ours, looks)
    if len(theirs):
        more, end = _draw_references(axes, theirs, top=end)
        names |= more
    figure.set_figheight(end + 0.65 + 0.16 * len(looks))
    axes.set_yticks(list(names), list(names.values()), linespacing=1.1)
    axes.set(xlim=(0, 1), ylim=(end, 0), xlabel="Accuracy on test tracks (%)")
    series.percent_axis(axes.xaxis)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if looks:
        marks: list[Any] = [Line2D([], [], markersize=4, linewidth=1.1, **each) for each in looks.values()]
        marks.append(Line2D([], [], linestyle="", marker="|", markersize=6, color=series.GREY))
        series.add_legend(figure, marks, [*map(series.shown_name, looks), "always the most frequent label"])
    return figure


def _draw_models(
    axes: "Axes", ours: pd.DataFrame, looks: Mapping[str, dict[str, Any]]
) -> tuple[dict[float, str], float]:
    """Draw a block of rows for each model; return the names at their places, and where the blocks end."""
    names, end = {}, 0.0
    for model, block in ours.groupby("model", sort=False):
        block = block.sort_values("protocol", key=lambda each: each.map(list(looks).index), kind="stable")
        begin = end
        for row in block.itertuples():
            y = end + _GAP / 2 + _ROW / 2
            end += _ROW
            series.draw_interval(
                axes, y, row.accuracy, row.ci_low, row.ci_high, vertical=False, markersize=3.8, **looks[row.protocol]
            )
            if np.isfinite(row.baseline):
                axes.plot([row.baseline], [y], linestyle="", marker="|", markersize=6, color=series.GREY, zorder=2)
            numbers = f"{series.count([row.n_tracks], 'track')}, {series.count([row.seeds], 'run')}"
            text = f"{series.percent_with_interval(row.accuracy, row.ci_low, row.ci_high)}  {numbers}"
            _write_beside(axes, y, text, color="black")
        end += _GAP
        axes.axhline(end, color="0.88", linewidth=0.5, zorder=1)
        names[(begin + end) / 2] = textwrap.fill(series.shown_name(str(model)), _NAME_LETTERS)
    return names, end


def _draw_references(axes: "Axes", theirs: pd.DataFrame, *, top: float) -> tuple[dict[float, str], float]:
    """Draw a row for each reference, with a line through the models' rows; return names and end as for these."""
    end = top + 2 * _LINE
    heading = "Reported by others, under the conditions at the right:"
    plate = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # the references' lines pass behind it
    axes.text(0, end - 0.3 * _LINE, heading, fontsize=series.SMALL, color=series.GREY, va="bottom", bbox=plate)
    names = {}
    for row in theirs.itertuples():
        name = textwrap.fill(series.one_line(row.model), _NAME_LETTERS)
        note = textwrap.fill(series.one_line(f"{100 * row.accuracy:.0f}%, {_conditions(row)}"), _NOTE_LETTERS)
        begin, end = end, end + _LINE * (1 + max(name.count("\n") * 1.2, note.count("\n"))) + 0.06
        y = (begin + end) / 2
        axes.plot([row.accuracy] * 2, [0, y], color="0.7", linewidth=0.6, linestyle=(0, (4, 3)), zorder=0.5)
        look: dict[str, Any] = {"marker": "D" if row.kind == "human" else "s", "color": series.GREY}
        axes.plot([row.accuracy], [y], linestyle="", markersize=4, mfc="white", zorder=3, **look)
        _write_beside(axes, y, note, color=series.GREY)
        names[y] = name
    return names, end


def _conditions(row: Any) -> str:
    """Return whom, on what and under which protocol a reference was measured."""
    genres = f"{row.genres} genres" if row.genres.isdigit() else row.genres
    material = ", ".join(filter(None, (row.dataset, genres)))
    return "; ".join(filter(None, (row.kind, material, f"protocol: {row.protocol or 'not stated'}")))


def _write_beside(axes: "Axes", y: float, text: str, *, color: str) -> None:
    axes.text(
        1.02, y, text, transform=axes.get_yaxis_transform(), fontsize=_TINY, color=color, va="center", linespacing=1.15
    )
