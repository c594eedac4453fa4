"""How all figures look, and how they are saved."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from earfield.files.atomic import write_aside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Two columns and one column of a journal page [inch].
PAGE_WIDTH, COLUMN_WIDTH = 7.0, 3.4
# Perceptually uniform, readable in grey and by the colour-blind.
COLOUR_MAP = "magma"
PAPER_MAP = "magma_r"  # the same with nothing as paper white, for matrices that are mostly empty
ACCENT = "#0072b2"  # Okabe & Ito (2008)
_DPI = 300
_RC: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "pdf.fonttype": 42,  # text stays text
    "font.family": ["DejaVu Sans"],
}


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure in the common style.

    Parameters
    ----------
    width, height : float
        Size [inch].

    Returns
    -------
    matplotlib.figure.Figure
        With a layout that keeps labels from overlapping; without pyplot, which would look for a screen.
    """
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(_RC)
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: "Figure", paths: Iterable[str | os.PathLike[str]]) -> None:
    """Save a figure under each name, in the format of its suffix; equal figures give equal bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    paths : iterable of path-like
        Names that end in `.pdf` or `.png`.
    """
    for path in paths:
        stamp = {"CreationDate": None} if str(path).endswith(".pdf") else {"Software": None}
        with write_aside(path) as aside:
            figure.savefig(aside, dpi=_DPI, metadata=stamp)
