"""Figure 1: waveform, log-mel spectrogram and one segment of a track."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from earfield.figures.style import ACCENT, COLOUR_MAP, PAGE_WIDTH, new_figure
from earfield.files.arrays import read_arrays

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000)


def draw_spectrogram(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 1 from the file that `write_spectrogram_data` wrote."""
    shown = read_arrays(data)
    mel, hop = shown["mel"], float(shown["hop_seconds"])
    first, frames = shown["segment"]
    begin, end = first * hop, (first + frames) * hop
    figure = new_figure(PAGE_WIDTH, 4.3)
    grid = figure.add_gridspec(3, 2, height_ratios=[0.7, 1.2, 1.2], width_ratios=[1, 0.02])
    wave, whole, part = (figure.add_subplot(grid[row, 0]) for row in range(3))

    wave.fill_between(
        shown["envelope_seconds"], shown["envelope_low"], shown["envelope_high"], color="0.25", linewidth=0.2
    )
    wave.set(ylabel="Amplitude", ylim=(-1.05, 1.05), yticks=(-1, 0, 1), title=f"Waveform of {shown['track']}")
    loudest = float(np.quantile(mel, 0.995))
    _draw_mel(whole, mel, start=0, hop=hop, edges=shown["band_edges"], loudest=loudest)
    whole.set_title("Log-mel spectrogram")
    image = _draw_mel(
        part, mel[first : first + frames], start=begin, hop=hop, edges=shown["band_edges"], loudest=loudest
    )
    part.set(xlabel="Time (s)", title=f"One segment of {end - begin:.2f} s, as the network sees it")
    for axes in (wave, whole):
        axes.set_xlim(0, len(mel) * hop)
        for edge in (begin, end):
            axes.axvline(edge, color=ACCENT if axes is wave else "white", linewidth=1)
    wave.axvspan(begin, end, color=ACCENT, alpha=0.2, linewidth=0)
    wave.tick_params(labelbottom=False)
    whole.sharex(wave)
    bar = figure.colorbar(image, cax=figure.add_subplot(grid[1:, 1]), extend="max")
    bar.set_label("ln(1 + mel power)")
    return figure


def _draw_mel(axes: "Axes", mel: np.ndarray, *, start: float, hop: float, edges: np.ndarray, loudest: float) -> Any:
    """Draw a log-mel spectrogram whose bands are equally high, with their frequencies in Hz."""
    image: AxesImage = axes.imshow(
        mel.T,
        origin="lower",
        aspect="auto",
        cmap=COLOUR_MAP,
        vmin=0,
        vmax=loudest,
        interpolation="nearest",
        interpolation_stage="data",
        extent=(start, start + len(mel) * hop, -0.5, mel.shape[1] - 0.5),
    )
    centres = edges[1:-1]
    ticks = [hz for hz in _TICKS_HZ if centres[0] <= hz <= centres[-1]]
    axes.set_yticks(np.interp(ticks, centres, np.arange(len(centres))), [f"{hz:,}" for hz in ticks])
    axes.set_ylabel("Frequency (Hz)")
    return image
