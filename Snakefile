"""Workflow from songs to evaluated genre classifiers and their receptive fields.

audio -> tracks -> mel -> features -> splits -> train -> evaluate -> activations -> filters -> figures -> claims
"""

from snakemake.utils import min_version

min_version("9.19")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/audio.smk"
include: "workflow/rules/tracks.smk"
include: "workflow/rules/mel.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/filters.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/targets.smk"


rule all:
    """Results of the chosen dataset: tracks, models, scores, figures and, unless left out, receptive fields."""
    default_target: True
    input:
        rules.all_tracks.input,
        rules.all_evaluate.input,
        rules.all_filters.input,
        rules.all_figures.input,
        rules.all_claims.input,


rule receptive_fields:
    """All of `all`, and the receptive fields with their controls and figures also for a person's own files."""
    input:
        rules.all.input,
        FILTERS,
        FIGURE_FILES,
        FIGURE_PAGES,


rule evidence:
    """Every model under every protocol, and a verdict on each of the paper's claims."""
    input:
        rules.receptive_fields.input,
        INPUTS.built_runs("evaluate/MODEL_CARD.md", ALL_PROTOCOLS, networks=True),
        expand(
            f"results/{DATASET}/evaluate/{{protocol}}/summary.csv",
            protocol=ALL_PROTOCOLS,
        ),
        lambda wildcards: with_controls(CLAIMS),
