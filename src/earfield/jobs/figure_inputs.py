"""Inputs and settings of the figures, as the functions that prepare their data take them."""

import os
from collections.abc import Callable
from typing import Any

from earfield.configuration.code_dependencies import code_of
from earfield.figures.registry import FIGURES, code_file
from earfield.jobs.inputs import Files, Inputs, Wildcards, in_order


class FigureInputs:
    """Which files a figure's jobs read and which settings they are given.

    Parameters
    ----------
    base : Inputs
        Those of all rules.
    """

    def __init__(self, base: Inputs) -> None:
        self.base = base

    def title(self, wildcards: Wildcards) -> str:
        """Return what a page calls the run that it shows."""
        seed = self.base.shown_seed(wildcards.dataset)
        return f"{wildcards.dataset}, {self.base.protocol} split, seed {seed}, {self.base.model}"

    def inputs(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the named inputs of a figure's data, as the function that prepares it takes them."""
        results = f"results/{wildcards.dataset}"
        tables = f"{results}/evaluate/{self.base.protocol}"
        frames, index = (
            [path.format(dataset=wildcards.dataset) for path in self.base.spectrograms(suffix)]
            for suffix in ("npy", "csv")
        )
        shards = {"frames_paths": frames, "index_paths": index}
        filters = {"filters_npz": self.base.shown_run("filters/filters.npz")(wildcards)}
        inputs: dict[str, Callable[[], dict[str, Any]]] = {
            "fig1_spectrogram": lambda: {"tracks": f"data/{wildcards.dataset}/tracks/tracks.csv", **shards},
            "fig2_confusion": lambda: {
                "predictions": self.base.runs("evaluate/predictions.csv", [self.base.protocol], [self.base.model])(
                    wildcards
                )
            },
            "fig3_filters": lambda: {**filters, "filters_csv": self.base.shown_run("filters/filters.csv")(wildcards)},
            "fig4_reference": lambda: {**filters, "stages": "resources/auditory_stages.csv"},
            "fig5_discriminants": lambda: {
                "model_path": self.base.shown_run("train/model.keras")(wildcards),
                "split": self.base.shown_split(wildcards),
                **shards,
            },
            "fig6_populations": lambda: {"units": f"{results}/filters/units.csv"},
            "fig7_accuracy": lambda: {"summary": f"{results}/claims/summary.csv", **self._references(wildcards)},
            "fig8_learning_curve": lambda: {"learning_curve": f"{results}/claims/learning_curve.csv"},
            "fig9_excerpt_length": lambda: {"excerpts": f"{tables}/excerpts.csv"},
            "fig10_recall": lambda: {"recall": f"{tables}/recall.csv"},
            "fig11_calibration": lambda: {"calibration": f"{tables}/calibration.csv"},
            "fig12_deep_belief": lambda: {
                "split": "data/{}/splits/{}/{}.csv".format(
                    wildcards.dataset, *self.base.deep_belief[wildcards.dataset]
                ),
                **shards,
            },
        }
        return inputs[wildcards.figure]()

    def _references(self, wildcards: Wildcards) -> dict[str, str]:
        """Return the levels that others reached, which are of genres."""
        of_genres = "task" not in self.base.config["datasets"][wildcards.dataset]
        return {"references": "resources/reference_levels.csv"} if of_genres else {}

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of a figure's data, as the function that prepares it takes them."""
        config, dataset, figure = self.base.config, wildcards.dataset, wildcards.figure
        protocol = {"protocol": self.base.protocol}
        if figure == "fig1_spectrogram":
            settings = {"front_end": self.base.front_end, "frames": config["segment"]["frames"]}
            return in_order({**settings, **config["figures"]["spectrogram"]})
        if figure == "fig3_filters":
            run = {"dataset": dataset, "model": self.base.model, **protocol, "seed": self.base.shown_seed(dataset)}
            return {"run": in_order(run)}
        if figure == "fig5_discriminants":
            components = config["figures"]["discriminants"]["components"]
            settings = {"components": components, "overlap": config["activations"]["overlap"]}
            return in_order({"front_end": self.base.front_end, "settings": settings})
        if figure == "fig6_populations":
            return {"nulls": self.base.nulls, **protocol, "trained": self.base.model}
        if figure == "fig10_recall":
            return {"baselines": self.base.hand_made, "model": self.base.model, **protocol}
        if figure == "fig12_deep_belief":
            name, seed, model = self.base.deep_belief[dataset]
            run = {"dataset": dataset, "model": model, "protocol": name, "seed": int(seed)}
            return in_order(
                {"front_end": self.base.front_end, "options": config["models"][model]["options"], "run": run}
            )
        return protocol if figure in {"fig8_learning_curve", "fig9_excerpt_length", "fig11_calibration"} else {}

    def code(self, part: str) -> Files:
        """Return a function that lists the code that prepares ("data") or draws ("draw") a figure."""
        return lambda wildcards: [
            os.path.relpath(path) for path in code_of(code_file(getattr(FIGURES[wildcards.figure], part)))
        ]

    def files(self, suffix: str, *, folder: str) -> list[str]:
        """Return the figures of the chosen dataset in a folder: none of one label per track for a dataset of tags."""
        left_out = {"fig2_confusion", "fig5_discriminants"} if self.base.chosen in self.base.tagged else set()
        if self.base.chosen in self.base.tagged:
            left_out |= {name for name in FIGURES if FIGURES[name].folder != "figures"}
        if self.base.chosen not in self.base.deep_belief:
            left_out |= {"fig12_deep_belief"}
        return [
            f"results/{self.base.chosen}/{folder}/{name}.{suffix}"
            for name, figure in FIGURES.items()
            if figure.folder == folder and name not in left_out
        ]
