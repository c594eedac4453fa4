"""The milestones as targets: all that each stage makes of the chosen dataset.

Needs: what the stage needs.
Makes: nothing of its own; DVC asks for these, and `snakemake -- all_train` does.
"""

CHOSEN = {"dataset": config["dataset"]}
RUNS = CHOSEN | {
    "protocol": list(config["protocols"]),
    "seed": config["datasets"][config["dataset"]]["seeds"],
    "model": list(config["models"]),
}


rule all_tracks:
    """The table of tracks."""
    input:
        expand("data/{dataset}/tracks.csv", **CHOSEN),


rule all_mel:
    """Every log-mel shard."""
    input:
        expand("data/{dataset}/mel/shard-{shard}.npy", shard=SHARDS, **CHOSEN),


rule all_splits:
    """Every split of every protocol."""
    input:
        expand("data/{dataset}/splits/{protocol}/{seed}.csv", **RUNS),


rule all_train:
    """Every network."""
    input:
        expand("results/{dataset}/{protocol}/{seed}/{model}/model.keras", **RUNS),


rule all_evaluate:
    """Every prediction, score and card, and the summary."""
    input:
        expand("results/{dataset}/{protocol}/{seed}/{model}/MODEL_CARD.md", **RUNS),
        expand("results/{dataset}/summary.csv", **CHOSEN),


rule all_activations:
    """Every dumped layer and mean gradient."""
    input:
        expand("results/{dataset}/{protocol}/{seed}/{model}/activations", **RUNS),
        expand("results/{dataset}/{protocol}/{seed}/{model}/gradient.npz", **RUNS),


rule all_filters:
    """Every filter, those of nulls too, and the resemblance to the auditory system."""
    input:
        expand("results/{dataset}/{protocol}/{seed}/{model}/filters.csv", **RUNS),
        expand("results/{dataset}/resemblance.csv", **CHOSEN),


rule all_figures:
    """Every figure."""
    input:
        expand(
            [
                "results/{dataset}/figures/fig1_spectrogram.png",
                "results/{dataset}/figures/fig2_confusion.png",
                "results/{dataset}/figures/fig3_filters.png",
                "results/{dataset}/figures/fig4_reference.png",
                "results/{dataset}/figures/fig5_discriminants.png",
                "results/{dataset}/figures/fig5_discriminants.html",
                "results/{dataset}/figures/fig6_populations.png",
            ],
            **CHOSEN,
        ),
