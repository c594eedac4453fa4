"""Figure 2: the confusion matrix."""

import os
from typing import TYPE_CHECKING

import numpy as np

from earfield.figures.style import COLUMN_WIDTH, PAPER_MAP, new_figure
from earfield.files.tables import read_text_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DARK = 0.45  # fraction from which the colour map is too dark for black text


def draw_confusion(data: str | os.PathLike[str]) -> "Figure":
    """Draw figure 2 from the file that `write_confusion` wrote."""
    table = read_text_csv(data)
    labels = sorted(table.label.unique())
    fractions = table.pivot(index="label", columns="predicted", values="fraction").loc[labels, labels].to_numpy(float)
    tests = table.groupby("label").n_predictions.sum().loc[labels]
    size = max(COLUMN_WIDTH, 1.1 + 0.25 * len(labels))
    figure = new_figure(size, size * 0.8)
    figure.set_layout_engine("compressed")  # a matrix keeps its shape, and its labels their place beside it
    axes = figure.add_subplot()
    image = axes.imshow(np.ma.masked_equal(fractions, 0), cmap=PAPER_MAP, vmin=0, vmax=1)  # nothing is paper white
    for row, column in np.ndindex(fractions.shape):
        if fractions[row, column] >= 0.005:
            axes.text(
                column, row, f"{100 * fractions[row, column]:.0f}", ha="center", va="center", fontsize=6,
                color="white" if fractions[row, column] > _DARK else "black",
            )  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), [f"{label} ({n})" for label, n in tests.items()])
    axes.set(xlabel="Predicted label", ylabel="True label (test predictions)")
    axes.spines[:].set(visible=True, color="0.8")
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
    bar.set_label("% of the true label")
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "25", "50", "75", "100"])
    bar.outline.set_visible(False)
    return figure
