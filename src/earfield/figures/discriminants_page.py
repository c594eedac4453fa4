"""Figure 5 as an interactive page that needs nothing but a browser."""

import html
import math
import os

import numpy as np

from earfield.figures.discriminants import label_colour, read_spaces, shared_limits
from earfield.files.arrays import read_arrays
from earfield.files.atomic import write_aside

# The filled shapes that plotly.js has in three dimensions.
_SYMBOLS = ("circle", "square", "diamond")
_EXPLANATION = (
    "Each point is a segment of a test track. Drag to turn, scroll to zoom, point at a segment for its track; click a "
    "label to hide it.<br>Axes: linear discriminants of the training tracks, with their fraction of variance between "
    "labels; unit: one standard deviation<br>within labels. Accuracy: of a classifier that knows these axes alone."
)
# The library has a button that would send the names of all tracks to a company's server: it is off, and barred.
_CONFIG = {"showSendToCloud": False, "displaylogo": False, "responsive": True}
_POLICY = "default-src 'none'; form-action 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
_HEAD = f"""<head><meta http-equiv="Content-Security-Policy" content="{_POLICY}img-src data: blob:"><title>%s</title>"""


def write_discriminants_page(data: str | os.PathLike[str], path: str | os.PathLike[str], *, run: str) -> None:
    """Write the interactive figure 5: both spaces side by side, with one legend, and the track of each segment.

    Parameters
    ----------
    data : path-like
        Written by `write_discriminants_data`.
    path : path-like
        `.html` to write. It holds all that it shows and requests nothing from any server; equal data give equal bytes.
    run : str
        What the title calls it: the collection, protocol, seed and model.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    shown = read_arrays(data)
    spaces = read_spaces(shown)
    titles = [
        html.escape("\n".join([f"{each.title}: {each.segments}", *each.notes])).replace("\n", "<br>") for each in spaces
    ]
    kinds = ["scene" if len(space.axes) == 3 else "xy" for space in spaces]
    figure = make_subplots(
        cols=2, specs=[[{"type": kind} for kind in kinds]], subplot_titles=titles, horizontal_spacing=0.04
    )
    limits = shared_limits(spaces)
    size = float(np.clip(180 / math.sqrt(len(shown["track"])), 2, 6))
    for place, (space, kind) in enumerate(zip(spaces, kinds, strict=True), start=1):
        for number, label in enumerate(shown["labels"].tolist()):
            rows = np.flatnonzero(shown["label"] == label)
            points = dict(zip("xyz", space.coordinates[rows].round(3).T.tolist(), strict=False))
            if len(points) == 1:  # a row for each label, spread out a little
                points["y"] = (np.random.default_rng(number).uniform(-0.3, 0.3, len(rows)) - number).round(3).tolist()
            starts = zip(shown["track"][rows].tolist(), shown["start_seconds"][rows].tolist(), strict=True)
            name = html.escape(label)
            # Opaque: plotly.js does not sort a translucent cloud by depth.
            marker = {"color": label_colour(number), "symbol": _SYMBOLS[number % len(_SYMBOLS)]}
            trace = (go.Scatter3d if kind == "scene" else go.Scatter)(
                **points,
                name=name,
                legendgroup=name,
                showlegend=place == 1,
                mode="markers",
                marker={**marker, "size": size if kind == "scene" else 6},
                hovertext=[f"{html.escape(track)}<br>{name}, from {start:.1f} s" for track, start in starts],
                hoverinfo="text",
            )
            figure.add_trace(trace, row=1, col=place)
        named = {
            f"{letter}axis": {"title": {"text": name}, "range": list(bounds)}
            for letter, name, bounds in zip("xyz", space.axes, limits, strict=False)
        }
        if kind == "scene":
            camera = {"eye": {"x": 1.05, "y": -1.95, "z": 0.75}, "center": {"x": 0, "y": 0, "z": -0.1}}
            figure.update_scenes(**named, aspectmode="cube", camera=camera, row=1, col=place)
        else:
            figure.update_xaxes(**named["xaxis"], row=1, col=place)
            figure.update_yaxes(**named.get("yaxis", {"showticklabels": False, "showgrid": False}), row=1, col=place)
    title = f"Discriminant axes: {html.escape(run)}"
    figure.update_annotations(font_size=13)  # the titles of both spaces
    figure.update_layout(
        template="plotly_white",
        title={"text": f"<b>{title}</b>", "subtitle": {"text": _EXPLANATION}, "y": 0.98, "yanchor": "top"},
        margin={"l": 20, "r": 20, "t": 190, "b": 20},
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.02, "yanchor": "top"},
        legend_itemsizing="constant",
    )
    page = figure.to_html(config=_CONFIG, include_plotlyjs=True, div_id="discriminants", default_height="98vh")
    with write_aside(path) as aside:
        aside.write_text(page.replace("<head>", _HEAD % title, 1), encoding="utf-8")
