"""All that each stage makes of the chosen dataset, as targets.

Needs: what the stage needs.
Makes: nothing of its own; DVC asks for these, and `snakemake -- all_train` does. They hold the protocol that
`figures.protocol` names or, with `evidence: true`, every protocol of the dataset and the claims.
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
    """Songs that a rule obtains."""
    input:
        INPUTS.made_audio(DATASET),


rule all_tracks:
    """The table of tracks."""
    input:
        f"data/{DATASET}/tracks/tracks.csv",


rule all_mel:
    """Every log-mel shard."""
    input:
        expand(f"data/{DATASET}/mel/shard-{{shard}}.npy", shard=INPUTS.shards),


rule all_features:
    """The features of every model that asks for some."""
    input:
        expand(
            f"data/{DATASET}/features/{{features}}/shard-{{shard}}.csv",
            features=INPUTS.all_features(),
            shard=INPUTS.shards,
        ),


rule all_splits:
    """Every split."""
    input:
        INPUTS.built_splits(BUILT),


rule all_train:
    """Every network."""
    input:
        INPUTS.built_runs("train/model.keras", BUILT, networks=True),


rule all_evaluate:
    """Every prediction, score and card, and the tables over all runs."""
    input:
        INPUTS.built_runs("evaluate/metrics.json", BUILT),
        INPUTS.built_runs("evaluate/MODEL_CARD.md", BUILT, networks=True),
        expand(f"results/{DATASET}/evaluate/{{protocol}}/summary.csv", protocol=BUILT),


rule all_activations:
    """Every dumped layer and mean gradient."""
    input:
        INPUTS.built_runs("activations/dump", [INPUTS.protocol], INPUTS.estimated),
        INPUTS.built_runs(
            "activations/gradient.npz", [INPUTS.protocol], INPUTS.estimated
        ),


rule all_filters:
    """Every filter, those of null models too, and the resemblance to the auditory system."""
    input:
        INPUTS.built_runs(
            "filters/filters.csv",
            [INPUTS.protocol],
            [INPUTS.model, *INPUTS.nulls],
        ),
        f"results/{DATASET}/filters/resemblance.csv",


rule all_figures:
    """Every figure of the protocol that figures show."""
    input:
        FIGURE_INPUTS.files("png", folder="figures"),
        [
            path.replace(".png", ".html")
            for path in FIGURE_INPUTS.files("png", folder="figures")
            if "fig5" in path
        ],


rule all_claims:
    """The tables and figures over all protocols, and a verdict on each claim: none without `evidence: true`."""
    input:
        CLAIMS if config["evidence"] else [],
