"""All that each stage makes of the chosen dataset, as targets.

Needs: what the stage needs.
Makes: nothing of its own; DVC asks for these, and `snakemake -- all_train` does.
"""

OTHER_PROTOCOLS = [
    protocol
    for protocol in protocols_of(config, config["dataset"])
    if protocol != INPUTS.protocol
]
CHOSEN = {
    "dataset": config["dataset"],
    "protocol": INPUTS.protocol,
    "seed": runs_of(config, config["dataset"], INPUTS.protocol),
    "shard": INPUTS.shards,
}
NETWORKS = networks_of(config, INPUTS.protocol, config["dataset"])
RUN = "{protocol}/{seed}/{model}"


rule all_tracks:
    """The table of tracks."""
    input:
        expand("data/{dataset}/tracks/tracks.csv", **CHOSEN),


rule all_mel:
    """Every log-mel shard."""
    input:
        expand("data/{dataset}/mel/shard-{shard}.npy", **CHOSEN),


rule all_features:
    """The features of every model that asks for some."""
    input:
        expand(
            "data/{dataset}/features/{features}/shard-{shard}.csv",
            features=INPUTS.all_features(),
            **CHOSEN,
        ),


rule all_splits:
    """Every split of the protocol that figures show."""
    input:
        expand("data/{dataset}/splits/{protocol}/{seed}.csv", **CHOSEN),


rule all_train:
    """Every network."""
    input:
        expand(f"results/{{dataset}}/train/{RUN}/model.keras", model=NETWORKS, **CHOSEN),


rule all_evaluate:
    """Every prediction, score and card, and the tables over all runs."""
    input:
        expand(
            f"results/{{dataset}}/evaluate/{RUN}/MODEL_CARD.md",
            model=NETWORKS,
            **CHOSEN,
        ),
        expand("results/{dataset}/evaluate/{protocol}/summary.csv", **CHOSEN),


rule all_activations:
    """Every dumped layer and mean gradient."""
    input:
        expand(
            f"results/{{dataset}}/activations/{RUN}/{{part}}",
            part=["dump", "gradient.npz"],
            model=INPUTS.estimated,
            **CHOSEN,
        ),


rule all_filters:
    """Every filter, those of null models too, and the resemblance to the auditory system."""
    input:
        expand(
            f"results/{{dataset}}/filters/{RUN}/filters.csv",
            model=INPUTS.estimated,
            **CHOSEN,
        ),
        expand("results/{dataset}/filters/resemblance.csv", **CHOSEN),


rule all_figures:
    """Every figure of the protocol that figures show."""
    input:
        INPUTS.figure_files("png", folder="figures"),
        [
            path.replace(".png", ".html")
            for path in INPUTS.figure_files("png", folder="figures")
            if "fig5" in path
        ],


rule all_evidence:
    """Every run of the other protocols, and the tables of each."""
    input:
        expand(
            "results/{dataset}/evaluate/{protocol}/summary.csv",
            dataset=config["dataset"],
            protocol=OTHER_PROTOCOLS,
        ),


rule all_claims:
    """The tables and figures over all protocols, and a verdict on each claim, which are about genres."""
    input:
        expand(
            "results/{dataset}/claims/claims.md",
            dataset=(
                []
                if "task" in config["datasets"][config["dataset"]]
                else config["dataset"]
            ),
        ),
        expand("results/{dataset}/claims/summary.csv", **CHOSEN),
        INPUTS.figure_files("png", folder="claims/figures"),
