"""All figures: what prepares the data of each, what draws it, and what it is called."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure: `figures.<name>:draw_<name>` draws the data that `writer` has written.

    Attributes
    ----------
    title : str
        Name in the report.
    name : str
        Name of the module and of its function.
    suffix : str
        Of the data file.
    writer : str
        `module:function` below `earfield`, which takes named inputs and settings and writes `path`; without,
        `figures.<name>_data:write_<name>_data`.
    folder : str
        Folder below `results/{dataset}/`.
    device, gpu : bool
        Whether preparing the data computes with TensorFlow, and makes use of a GPU.
    """

    title: str
    name: str
    suffix: str = "csv"
    writer: str = ""
    folder: str = "figures"
    device: bool = False
    gpu: bool = False

    @property
    def data(self) -> str:
        """`module:function` that prepares the data."""
        return self.writer or f"figures.{self.name}_data:write_{self.name}_data"

    @property
    def draw(self) -> str:
        """`module:function` that takes the data file and returns the figure."""
        return f"figures.{self.name}:draw_{self.name}"


_CLAIMS = "claims/figures"
_ROWS = "figures.evidence_data:write_rows_of_protocol"
FIGURES = {
    "fig1_spectrogram": Figure("1. Spectrogram and one segment of a track", "spectrogram", "npz"),
    "fig2_confusion": Figure("2. Confusion matrix", "confusion", writer="evaluate.score:write_confusion"),
    "fig3_filters": Figure("3. Lasso filters of the units", "filters", "npz"),
    "fig4_reference": Figure("4. Model receptive fields of the auditory system", "reference", "npz"),
    "fig5_discriminants": Figure("5. Segments on discriminant axes", "discriminants", "npz", device=True, gpu=True),
    "fig6_populations": Figure("6. Filter measures, controls and null kernels", "populations"),
    "fig7_accuracy": Figure(
        "7. Accuracy of every model under every protocol",
        "accuracy",
        writer="figures.evidence_data:write_accuracy_data",
        folder=_CLAIMS,
    ),
    "fig8_learning_curve": Figure(
        "8. Accuracy by number of training tracks", "learning_curve", writer=_ROWS, folder=_CLAIMS
    ),
    "fig9_excerpt_length": Figure(
        "9. Accuracy by length of the excerpt", "excerpt_length", writer=_ROWS, folder=_CLAIMS
    ),
    "fig10_recall": Figure(
        "10. Recall of each label", "recall", writer="figures.evidence_data:write_recall_data", folder=_CLAIMS
    ),
    "fig11_calibration": Figure("11. Calibration", "calibration", writer=_ROWS, folder=_CLAIMS),
    "fig12_deep_belief": Figure(
        "12. Layers of the deep belief network", "deep_belief", "npz", folder=_CLAIMS, device=True
    ),
}


def load(entry: str) -> Callable[..., Any]:
    """Import the function of an entry `module:function`."""
    module, _, function = entry.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(f"earfield.{module}"), function)
    return found


def code_file(entry: str) -> Path:
    """Return the file of the module of an entry, without importing it."""
    module = entry.partition(":")[0]
    return Path(__file__).parents[1].joinpath(*module.split(".")).with_suffix(".py")
