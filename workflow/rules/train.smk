"""train: the paper's network on random windows of the training tracks.

Needs: the mel shards and one split.
Makes: results/{dataset}/{protocol}/{seed}/{model}/model.keras, history.csv, environment.json and
cost.json.
"""


rule train:
    """One network; a killed run goes on from its last epoch."""
    input:
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        shuffled_like=trained_like,
        code=code("train"),
    output:
        model="results/{dataset}/{protocol}/{seed}/{model}/model.keras",
        history="results/{dataset}/{protocol}/{seed}/{model}/history.csv",
        environment="results/{dataset}/{protocol}/{seed}/{model}/environment.json",
        cost="results/{dataset}/{protocol}/{seed}/{model}/cost.json",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/train.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/train.tsv"
    wildcard_constraints:
        model="|".join(NETWORKS),
    conda:
        "../envs/train.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=4000,
    params:
        # The checkpoint is no output: it has to outlive a job that was killed.
        checkpoint="results/{dataset}/{protocol}/{seed}/{model}/checkpoint.npz",
        tensorboard="logs/{dataset}/{protocol}/{seed}/{model}/tensorboard",
        dvclive="logs/{dataset}/{protocol}/{seed}/{model}/dvclive",
        front_end=FRONT_END,
        segment=settings("segment"),
        network=settings("network"),
        train=settings("train"),
        tags=tagged,
    script:
        "../scripts/train.py"
