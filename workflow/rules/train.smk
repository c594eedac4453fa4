"""train: training of the networks on random segments of the training tracks.

Needs: the mel shards and one split.
Makes: results/{dataset}/train/{protocol}/{seed}/{model}/model.keras, history.csv, environment.json and cost.json.
"""


rule train:
    """Training of one network; an interrupted job resumes from its last epoch."""
    input:
        frames=INPUTS.spectrograms("npy"),
        index=INPUTS.spectrograms("csv"),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        shuffled_like=INPUTS.trained_like,
        code=code("train"),
    output:
        model="results/{dataset}/train/{protocol}/{seed}/{model}/model.keras",
        history="results/{dataset}/train/{protocol}/{seed}/{model}/history.csv",
        environment="results/{dataset}/train/{protocol}/{seed}/{model}/environment.json",
        cost="results/{dataset}/train/{protocol}/{seed}/{model}/cost.json",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/train.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/train.tsv"
    wildcard_constraints:
        model=pattern(INPUTS.networks),
    conda:
        "../envs/train.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=480,
    params:
        settings=lambda wildcards: in_order(
            {
                # Not declared as an output, and outside the stage's folder: it must survive a job that is killed.
                "checkpoint": INPUTS.run_file(
                    wildcards, ".snakemake/checkpoints", name="checkpoint.npz"
                ),
                "curves": INPUTS.run_file(wildcards, "logs"),
                **INPUTS.network_settings(wildcards),
            }
        ),
    script:
        "../scripts/train.py"
