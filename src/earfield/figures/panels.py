"""Drawing of receptive fields: small panels on shared axes, each on its own colour scale."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Diverging, safe for the colour-blind, and nearly white where nothing is; the uniform ones that matplotlib brings
# (berlin, managua, vanimo) are black there, which drowns a page in ink.
SIGNED_MAP = "RdBu_r"
TINY, SMALL = 5.5, 6.5  # text on and around a panel [pt]
_POINTS = 72  # of an inch
_LINE_SPACING = 1.5  # of the font's size


def draw_strf(axes: "Axes", strf: np.ndarray, *, band_hz: np.ndarray, frame_seconds: float) -> None:
    """Draw one receptive field, with bands equally high and colours that end at its own largest magnitude.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    strf : np.ndarray [shape=(n_bands, n_frames)]
        The last frame has lag 0.
    band_hz : np.ndarray [shape=(n_bands,)]
        Centre frequencies of the bands [Hz].
    frame_seconds : float
        Distance of frames [s].
    """
    from matplotlib.ticker import MaxNLocator

    n_bands, n_frames = strf.shape
    hop = 1000 * frame_seconds
    largest = np.abs(strf).max() or 1
    axes.imshow(
        strf / largest,
        origin="lower",
        aspect="auto",
        cmap=SIGNED_MAP,
        vmin=-1,
        vmax=1,
        interpolation="nearest",
        interpolation_stage="data",
        extent=((0.5 - n_frames) * hop, 0.5 * hop, -0.5, n_bands - 0.5),
    )
    axes.spines[:].set_visible(True)
    axes.spines[:].set(linewidth=0.4, color="0.6")
    axes.tick_params(length=2, width=0.4, pad=1.5, labelsize=TINY, color="0.6")
    axes.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 3, 5, 10]))
    ends = sorted({0, n_bands - 1})
    axes.set_yticks(ends, [f"{band_hz[band] / 1000:.2g}" for band in ends])


def label_outer(axes: "Axes", *, left: bool, bottom: bool) -> None:
    """Remove the ticks of panels that are not at the edge of the grid."""
    if not left:
        axes.set_yticks([])
    if not bottom:
        axes.set_xticks([])


def tighten(figure: "Figure") -> None:
    """Move the panels of a figure in the common style close together."""
    figure.set_layout_engine("constrained", w_pad=0.015, h_pad=0.015, wspace=0.02, hspace=0.02)


def label_axes(figure: "Figure | SubFigure") -> None:
    """Label the axes of all panels once."""
    figure.supxlabel("Time relative to the end of the window (ms)", fontsize=SMALL + 0.5)
    figure.supylabel("Frequency (kHz)", fontsize=SMALL + 0.5)


def wrap_lines(sentences: Iterable[str], *, width: float) -> list[str]:
    """Break sentences into lines as wide as the figure [inch]; each sentence begins a line."""
    letters = int(width * _POINTS / (0.52 * SMALL))  # an average letter is about half as wide as the font is high
    return [line for sentence in sentences for line in textwrap.wrap(sentence, letters)]


def lines_height(lines: Sequence[str]) -> float:
    """Return the height of lines above the panels [inch]."""
    return (len(lines) * _LINE_SPACING * SMALL + 6) / _POINTS


def write_lines(figure: "Figure", lines: Sequence[str]) -> None:
    """Write lines above the panels."""
    figure.suptitle("\n".join(lines), fontsize=SMALL, x=0.01, ha="left", linespacing=_LINE_SPACING / 1.2)
