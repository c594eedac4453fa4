"""Targets that request all outputs of a stage for the chosen dataset.

Needs: the outputs of the stage.
Makes: no files of its own. DVC uses these targets, and so does `snakemake -- all_train`. They cover the protocol of
`figures.protocol` or, with `evidence: true`, every protocol of the dataset and the claims. A dataset without receptive
fields (`source: files`, unless `receptive_fields` or `evidence` includes them) has neither controls nor filters.
"""

DATASET = config["dataset"]
BUILT = INPUTS.built_protocols()
ALL_PROTOCOLS = protocols_of(config, DATASET)
CLAIMS = [
    # The claims are about genres.
    *(
        []
        if "task" in config["datasets"][DATASET]
        else [f"results/{DATASET}/claims/claims.md"]
    ),
    f"results/{DATASET}/claims/summary.csv",
    *FIGURE_INPUTS.files("png", folder="claims/figures"),
]


rule all_audio:
    """Songs of GTZAN or the demo."""
    input:
        INPUTS.made_audio(DATASET),


rule all_tracks:
    """Table of tracks."""
    input:
        f"data/{DATASET}/tracks/tracks.csv",


rule all_mel:
    """All log-mel shards."""
    input:
        expand(f"data/{DATASET}/mel/shard-{{shard}}.npy", shard=INPUTS.shards),


rule all_features:
    """Features of all models that need them."""
    input:
        expand(
            f"data/{DATASET}/features/{{features}}/shard-{{shard}}.csv",
            features=INPUTS.all_features(),
            shard=INPUTS.shards,
        ),


rule all_splits:
    """All splits."""
    input:
        INPUTS.built_splits(BUILT),


rule all_train:
    """All networks."""
    input:
        INPUTS.built_runs("train/model.keras", BUILT, networks=True),


rule all_evaluate:
    """All predictions, scores and model cards, and the tables over all runs."""
    input:
        INPUTS.built_runs("evaluate/metrics.json", BUILT),
        INPUTS.built_runs("evaluate/MODEL_CARD.md", BUILT, networks=True),
        expand(f"results/{DATASET}/evaluate/{{protocol}}/summary.csv", protocol=BUILT),


ACTIVATIONS = [
    *INPUTS.built_runs("activations/dump", [INPUTS.protocol], INPUTS.estimated),
    *INPUTS.built_runs("activations/gradient.npz", [INPUTS.protocol], INPUTS.estimated),
]
FILTERS = [
    *INPUTS.built_runs(
        "filters/filters.csv", [INPUTS.protocol], [INPUTS.model, *INPUTS.nulls]
    ),
    f"results/{DATASET}/filters/resemblance.csv",
]
FIGURE_FILES = FIGURE_INPUTS.files("png", folder="figures")
FIGURE_PAGES = [
    path.replace(".png", ".html")
    for path in FIGURE_FILES
    if path.endswith("fig5_discriminants.png")
]


rule all_activations:
    """All dumped layers and mean gradients."""
    input:
        ACTIVATIONS if INPUTS.with_fields else [],


rule all_filters:
    """All filters, including controls and null kernels, and the resemblance to the auditory system."""
    input:
        FILTERS if INPUTS.with_fields else [],


rule all_figures:
    """All figures of the protocol in `figures.protocol`; without receptive fields the confusion matrix."""
    input:
        [
            path
            for path in [*FIGURE_FILES, *FIGURE_PAGES]
            if INPUTS.with_fields or path.endswith("fig2_confusion.png")
        ],


rule all_claims:
    """Tables and figures over all protocols, and verdicts on the claims; empty without `evidence: true`."""
    input:
        CLAIMS if config["evidence"] else [],
