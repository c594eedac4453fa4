"""All figures: what prepares the data of each, what draws it, and what it is called."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes
    ----------
    title : str
        Name in the report.
    data, draw : str
        `module:function` below `earfield`. The first takes named inputs and settings and writes `path`; the second
        takes that file and the paths to draw to.
    suffix : str
        Of the data file.
    folder : str
        Folder below `results/{dataset}/`.
    device : bool
        Whether preparing the data computes with TensorFlow.
    gpu : bool
        Whether it makes use of a GPU.
    """

    title: str
    data: str
    draw: str
    suffix: str = "csv"
    folder: str = "figures"
    device: bool = False
    gpu: bool = False


_CLAIMS = "claims/figures"
FIGURES = {
    "fig1_spectrogram": Figure(
        "1. Spectrogram and one segment of a track",
        "figures.spectrogram_data:write_spectrogram_data",
        "figures.spectrogram:draw_spectrogram",
        suffix="npz",
    ),
    "fig2_confusion": Figure(
        "2. Confusion matrix", "evaluate.score:write_confusion", "figures.confusion:draw_confusion"
    ),
    "fig3_filters": Figure(
        "3. Lasso filters of the units",
        "figures.filters_data:write_filters_data",
        "figures.filters:draw_filters",
        suffix="npz",
    ),
    "fig4_reference": Figure(
        "4. Model receptive fields of the auditory system",
        "figures.reference_data:write_reference_data",
        "figures.reference:draw_reference",
        suffix="npz",
    ),
    "fig5_discriminants": Figure(
        "5. Segments on discriminant axes",
        "figures.discriminants_data:write_discriminants_data",
        "figures.discriminants:draw_discriminants",
        suffix="npz",
        device=True,
        gpu=True,
    ),
    "fig6_populations": Figure(
        "6. Filter measures, controls and null kernels",
        "figures.populations_data:write_populations_data",
        "figures.populations:draw_populations",
    ),
    "fig7_accuracy": Figure(
        "7. Accuracy of every model under every protocol",
        "figures.evidence_data:write_accuracy_data",
        "figures.accuracy:draw_accuracy",
        folder=_CLAIMS,
    ),
    "fig8_learning_curve": Figure(
        "8. Accuracy by number of training tracks",
        "figures.evidence_data:write_learning_curve_data",
        "figures.learning_curve:draw_learning_curve",
        folder=_CLAIMS,
    ),
    "fig9_excerpt_length": Figure(
        "9. Accuracy by length of the excerpt",
        "figures.evidence_data:write_excerpts_data",
        "figures.excerpt_length:draw_excerpt_length",
        folder=_CLAIMS,
    ),
    "fig10_recall": Figure(
        "10. Recall of each label",
        "figures.evidence_data:write_recall_data",
        "figures.recall:draw_recall",
        folder=_CLAIMS,
    ),
    "fig11_calibration": Figure(
        "11. Calibration",
        "figures.evidence_data:write_calibration_data",
        "figures.calibration:draw_calibration",
        folder=_CLAIMS,
    ),
    "fig12_deep_belief": Figure(
        "12. Layers of the deep belief network",
        "figures.deep_belief_data:write_deep_belief_data",
        "figures.deep_belief:draw_deep_belief",
        suffix="npz",
        folder=_CLAIMS,
        device=True,
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
