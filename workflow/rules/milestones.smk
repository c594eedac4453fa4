"""The milestones as targets: all that each stage makes of the chosen dataset.

Needs: what the stage needs.
Makes: nothing of its own; DVC asks for these, and `snakemake -- all_train` does.
"""

CHOSEN = {"dataset": config["dataset"]}
FEATURES = {
    features
    for model in MODULES
    if (
        features := constant(
            module_file("models", config["models"][model]["module"]), "FEATURES"
        )
    )
}
SHOWN_NETWORKS = networks_of(config, SHOWN_PROTOCOL, config["dataset"])
OTHER_PROTOCOLS = [
    protocol
    for protocol in protocols_of(config, config["dataset"])
    if protocol != SHOWN_PROTOCOL
]
# What goes with one label a track: none of it for a dataset of tags.
OF_ONE_LABEL = {"dataset": [] if config["dataset"] in TAGGED else [config["dataset"]]}


rule all_tracks:
    """The table of tracks."""
    input:
        expand("data/{dataset}/tracks.csv", **CHOSEN),


rule all_mel:
    """Every log-mel shard."""
    input:
        expand("data/{dataset}/mel/shard-{shard}.npy", shard=SHARDS, **CHOSEN),


rule all_features:
    """The features of every model that asks for some."""
    input:
        expand(
            "data/{dataset}/features/{features}/shard-{shard}.csv",
            features=sorted(FEATURES),
            shard=SHARDS,
            **CHOSEN,
        ),


rule all_splits:
    """Every split of the protocol that figures show."""
    input:
        shown_runs("data/{dataset}/splits/{protocol}/{seed}.csv", [SHOWN_MODEL]),


rule all_train:
    """Every network."""
    input:
        shown_runs(
            "results/{dataset}/{protocol}/{seed}/{model}/model.keras", SHOWN_NETWORKS
        ),


rule all_evaluate:
    """Every prediction, score and card, and the tables over all runs."""
    input:
        shown_runs(
            "results/{dataset}/{protocol}/{seed}/{model}/MODEL_CARD.md", SHOWN_NETWORKS
        ),
        expand(
            "results/{dataset}/{protocol}/summary.csv",
            protocol=SHOWN_PROTOCOL,
            **CHOSEN,
        ),


rule all_activations:
    """Every dumped layer and mean gradient."""
    input:
        shown_runs("results/{dataset}/{protocol}/{seed}/{model}/activations", ESTIMATED),
        shown_runs(
            "results/{dataset}/{protocol}/{seed}/{model}/gradient.npz", ESTIMATED
        ),


rule all_filters:
    """Every filter, those of nulls too, and the resemblance to the auditory system."""
    input:
        shown_runs("results/{dataset}/{protocol}/{seed}/{model}/filters.csv", ESTIMATED),
        expand("results/{dataset}/resemblance.csv", **CHOSEN),


rule all_figures:
    """Every figure."""
    input:
        expand(
            [
                "results/{dataset}/figures/fig1_spectrogram.png",
                "results/{dataset}/figures/fig3_filters.png",
                "results/{dataset}/figures/fig4_reference.png",
                "results/{dataset}/figures/fig6_populations.png",
            ],
            **CHOSEN,
        ),
        expand(
            [
                "results/{dataset}/figures/fig2_confusion.png",
                "results/{dataset}/figures/fig5_discriminants.png",
                "results/{dataset}/figures/fig5_discriminants.html",
            ],
            **OF_ONE_LABEL,
        ),


rule all_evidence:
    """Every run of the other protocols, and the tables of each."""
    input:
        expand(
            "results/{dataset}/{protocol}/summary.csv",
            protocol=OTHER_PROTOCOLS,
            **CHOSEN,
        ),


rule all_claims:
    """What holds of the paper's sentences, which are about genres, with the tables and figures of all protocols."""
    input:
        expand(
            "results/{dataset}/claims.md",
            dataset=(
                []
                if "task" in config["datasets"][config["dataset"]]
                else CHOSEN.values()
            ),
        ),
        expand("results/{dataset}/summary.csv", **CHOSEN),
        expand(
            [
                "results/{dataset}/figures/fig7_accuracy.png",
                "results/{dataset}/figures/fig8_learning_curve.png",
                "results/{dataset}/figures/fig9_seconds_heard.png",
                "results/{dataset}/figures/fig10_recall.png",
                "results/{dataset}/figures/fig11_calibration.png",
            ],
            **OF_ONE_LABEL,
        ),
        expand(
            "results/{dataset}/figures/fig12_deep_belief.png",
            dataset=[config["dataset"]] if config["dataset"] in DEEP_BELIEF else [],
        ),
