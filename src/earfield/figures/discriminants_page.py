"""Figure 5 to turn and to point at: a page that needs nothing but a browser."""

import html
import math
import os
from typing import Any

import numpy as np

from earfield.figures.discriminants import Space, label_colour, read_spaces, shared_limits
from earfield.files.atomic import write_aside

# The filled shapes that plotly.js has in three dimensions.
_SYMBOLS = ("circle", "square", "diamond")
_FONT = "Verdana, 'DejaVu Sans', sans-serif"
_INK = "#222222"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; form-action 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';
 img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
html, body {{ height: 100%; margin: 0; }}
body {{ display: flex; flex-direction: column; font: 16px/1.4 {font}; color: {ink}; background: white; }}
header {{ padding: 0.8em 1.2em 0; }}
h1 {{ font-size: 1.25em; margin: 0 0 0.3em; }}
h2 {{ font-size: 1em; margin: 0; }}
p, ul {{ margin: 0.2em 0; }}
ul {{ padding-left: 1.2em; }}
.spaces {{ display: grid; grid-template-columns: 1fr 1fr; gap: 2em; font-size: 0.875em; margin-top: 0.6em; }}
main {{ flex: 1; min-height: 460px; }}
</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>Each point is a segment of a test track. Drag to turn, scroll to come closer, point at a segment for its track; a
click on a label hides it, a double click shows it alone.</p>
<p>The axes part the labels of the training tracks best; in brackets each one's share of the variance between labels. A
unit is one standard deviation within labels. The numbers are those of a classifier that knows these axes alone, fitted
on training tracks.</p>
<div class="spaces">
{spaces}
</div>
</header>
<main>
<noscript>The figure needs JavaScript, which comes with this page.</noscript>
{figure}
</main>
</body>
</html>
"""


def write_discriminants_page(data: str | os.PathLike[str], path: str | os.PathLike[str], *, run: str) -> None:
    """Write the interactive figure 5: both spaces turn under the mouse, and a segment says which it is.

    Parameters
    ----------
    data : path-like
        Written by `write_discriminants_data`.
    path : path-like
        `.html` to write. It holds all that it shows and asks no server for anything; equal data give equal bytes.
    run : str
        What the title calls it: the collection, and whatever else tells it from other pages.
    """
    import plotly.io

    with np.load(data) as archive:
        shown: dict[str, Any] = dict(archive)
    spaces = read_spaces(shown)
    figure = plotly.io.to_html(
        {"data": _traces(shown, spaces), "layout": _layout(spaces)},
        # Its button to share a chart would send the names of all tracks to a company's server.
        config={"showSendToCloud": False, "displaylogo": False, "responsive": True},
        full_html=False,
        include_plotlyjs=True,
        div_id="discriminants",
        default_height="100%",
        validate=False,
    )
    title = f"Discriminant axes: {run}"
    page = _PAGE.format(
        title=html.escape(title),
        font=_FONT,
        ink=_INK,
        spaces="\n".join(_section(space) for space in spaces),
        figure=figure,
    )
    with write_aside(path) as aside:
        aside.write_text(page, encoding="utf-8")


def _section(space: Space) -> str:
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in (space.segments, *space.notes))
    return f"<section><h2>{html.escape(space.title)}</h2><ul>{notes}</ul></section>"


def _traces(shown: dict[str, Any], spaces: list[Space]) -> list[dict[str, Any]]:
    """Return one cloud for each label and space; a label's two go by one entry of the legend."""
    size = float(np.clip(60 / math.sqrt(len(shown["label"])), 1.6, 3))
    traces = []
    for number, label in enumerate(shown["labels"].tolist()):
        rows = np.flatnonzero(shown["label"] == label)
        name = html.escape(label)
        words = [
            f"{html.escape(track)}<br>{name}, from {start:.1f} s"
            for track, start in zip(shown["track"][rows].tolist(), shown["start_seconds"][rows].tolist(), strict=True)
        ]
        for place, space in enumerate(spaces, start=1):
            traces.append(
                {
                    "name": name,
                    "legendgroup": name,
                    "showlegend": place == 1,
                    "mode": "markers",
                    "marker": {
                        "color": label_colour(number),
                        "symbol": _SYMBOLS[number % len(_SYMBOLS)],
                        # Opaque, or a cloud in three dimensions is no longer sorted by depth.
                        "size": size if len(space.axes) == 3 else 6,
                    },
                    "hovertext": words,
                    "hoverinfo": "text",
                    **_position(space.coordinates[rows].round(3), number, place),
                }
            )
    return traces


def _position(points: np.ndarray, number: int, place: int) -> dict[str, Any]:
    """Return where a label's segments lie: in a scene, or on a plane when there are fewer than three axes."""
    columns = dict(zip("xyz", points.T.tolist(), strict=False))
    if len(columns) == 3:
        return {"type": "scatter3d", "scene": f"scene{place}", **columns}
    if len(columns) == 1:  # a row for each label, spread out a little
        columns["y"] = (np.random.default_rng(number).uniform(-0.3, 0.3, len(points)) - number).round(3).tolist()
    return {"type": "scatter", "xaxis": f"x{place}", "yaxis": f"y{place}", **columns}


def _layout(spaces: list[Space]) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "font": {"family": _FONT, "size": 13, "color": _INK},
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "legend": {
            "orientation": "h",
            "x": 0.5,
            "xanchor": "center",
            "y": 0,
            "yanchor": "top",
            "itemsizing": "constant",
        },
        "hoverlabel": {"font": {"family": _FONT, "size": 14}, "align": "left"},
    }
    limits = shared_limits(spaces)
    for place, space in enumerate(spaces, start=1):
        across = [0.0, 0.49] if place == 1 else [0.51, 1.0]
        axes = [
            {"title": {"text": name}, "range": list(bounds), "gridcolor": "#dddddd", "zerolinecolor": "#bbbbbb"}
            for name, bounds in zip(space.axes, limits, strict=False)
        ]
        if len(axes) == 3:
            own = [axis | {"showbackground": False} for axis in axes]
            layout[f"scene{place}"] = {
                **dict(zip(("xaxis", "yaxis", "zaxis"), own, strict=True)),
                "domain": {"x": across, "y": [0, 1]},
                "aspectmode": "cube",
                "camera": {"eye": {"x": 1.05, "y": -1.95, "z": 0.75}, "center": {"x": 0, "y": 0, "z": -0.1}},
            }
        else:
            layout["legend"]["y"] = -0.15  # below the axes' names
            below = {"showticklabels": False, "zeroline": False, "showgrid": False}
            layout[f"xaxis{place}"] = axes[0] | {"domain": across, "anchor": f"y{place}", "automargin": True}
            layout[f"yaxis{place}"] = (axes[1] if len(axes) == 2 else below) | {
                "anchor": f"x{place}",
                "automargin": True,
            }
    return layout
