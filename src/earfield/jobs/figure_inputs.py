"""Inputs and settings of the functions that prepare the data of figures."""

import os
from typing import Any

from earfield.configuration.code_dependencies import code_of
from earfield.figures.registry import FIGURES, code_file
from earfield.jobs.inputs import Files, Inputs, Wildcards, in_order


class FigureInputs:
    """Input files and settings of the jobs of figures.

    Parameters
    ----------
    base : Inputs
        Those of all rules.
    """

    def __init__(self, base: Inputs) -> None:
        self.base = base

    def title(self, wildcards: Wildcards) -> str:
        """Return the title of the shown run on a page."""
        seed = self.base.shown_seed(wildcards.dataset)
        return f"{wildcards.dataset}, {self.base.protocol} split, seed {seed}, {self.base.model}"

    def inputs(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the named inputs of a figure's data, as the function that prepares it takes them."""
        base, dataset, results = self.base, wildcards.dataset, f"results/{wildcards.dataset}"
        tables = f"{results}/evaluate/{base.protocol}"
        frames, index = (
            [path.format(dataset=dataset) for path in base.spectrograms(suffix)] for suffix in ("npy", "csv")
        )
        shards = {"frames_paths": frames, "index_paths": index}
        predictions = base.runs("evaluate/predictions.csv", [base.protocol], [base.model])(wildcards)
        model, filters_npz, filters_csv = (
            base.shown_run(name)(wildcards)
            for name in ("train/model.keras", "filters/filters.npz", "filters/filters.csv")
        )
        # Levels that others reached are of genres.
        of_genres = "task" not in base.config["datasets"][dataset]
        references = {"references": "resources/reference_levels.csv"} if of_genres else {}
        inputs: dict[str, dict[str, Any]] = {
            "fig1_spectrogram": {"tracks": f"data/{dataset}/tracks/tracks.csv", **shards},
            "fig2_confusion": {"predictions": predictions},
            "fig3_filters": {"filters_npz": filters_npz, "filters_csv": filters_csv},
            "fig4_reference": {"filters_npz": filters_npz, "stages": "resources/auditory_stages.csv"},
            "fig5_discriminants": {"model_path": model, "split": base.shown_split(wildcards), **shards},
            "fig6_populations": {"units": f"{results}/filters/units.csv"},
            "fig7_accuracy": {"summary": f"{results}/claims/summary.csv", **references},
            "fig8_learning_curve": {"scores": f"{results}/claims/learning_curve.csv"},
            "fig9_excerpt_length": {"scores": f"{tables}/excerpts.csv"},
            "fig10_recall": {"scores": f"{tables}/recall.csv"},
            "fig11_calibration": {"scores": f"{tables}/calibration.csv"},
        }
        if dataset in base.deep_belief:
            protocol, seed, _ = base.deep_belief[dataset]
            inputs["fig12_deep_belief"] = {"split": f"data/{dataset}/splits/{protocol}/{seed}.csv", **shards}
        return inputs[wildcards.figure]

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of a figure's data, as the function that prepares it takes them."""
        base, config, dataset = self.base, self.base.config, wildcards.dataset
        front_end, protocol = {"front_end": base.front_end}, {"protocol": base.protocol}
        run = {"dataset": dataset, "model": base.model, **protocol, "seed": base.shown_seed(dataset)}
        axes = {**config["figures"]["discriminants"], "overlap": config["activations"]["overlap"]}
        settings: dict[str, dict[str, Any]] = {
            "fig1_spectrogram": {
                **front_end,
                "frames": config["segment"]["frames"],
                **config["figures"]["spectrogram"],
            },
            "fig3_filters": {"run": run},
            "fig5_discriminants": {**front_end, "settings": axes},
            "fig6_populations": {**protocol, "nulls": base.nulls, "trained": base.model},
            "fig8_learning_curve": protocol,
            "fig9_excerpt_length": protocol,
            "fig10_recall": {**protocol, "baselines": base.hand_made, "model": base.model},
            "fig11_calibration": protocol,
        }
        if dataset in base.deep_belief:
            name, seed, model = base.deep_belief[dataset]
            run = {"dataset": dataset, "model": model, "protocol": name, "seed": int(seed)}
            settings["fig12_deep_belief"] = {**front_end, "options": config["models"][model]["options"], "run": run}
        return dict(in_order(settings.get(wildcards.figure, {})))

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
