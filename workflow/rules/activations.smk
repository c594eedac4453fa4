"""activations: what one layer of a trained network does on every segment of the collection.

Needs: trained networks, the mel shards, the splits.
Makes: results/{dataset}/{protocol}/{seed}/{model}/activations/ and gradient.npz.
"""


rule activations:
    """A layer's output on all segments, in chunks; a killed run goes on from its last chunk."""
    input:
        model="results/{dataset}/{protocol}/{seed}/{model}/model.keras",
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        code=code("activations"),
    output:
        dump=directory("results/{dataset}/{protocol}/{seed}/{model}/activations"),
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/activations.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/activations.tsv"
    conda:
        "../envs/activations.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=2500,
    params:
        # The chunks are no output until all are there: they have to outlive a job that was killed.
        partial="results/{dataset}/{protocol}/{seed}/{model}/activations.partial",
        front_end=FRONT_END,
        activations=config["activations"],
    script:
        "../scripts/activations.py"


rule activations_gradient:
    """The mean gradient of each unit with respect to its input: the truth that filters are held against."""
    input:
        model="results/{dataset}/{protocol}/{seed}/{model}/model.keras",
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        code=code("activations_gradient"),
    output:
        gradient="results/{dataset}/{protocol}/{seed}/{model}/gradient.npz",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/activations_gradient.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/activations_gradient.tsv"
    conda:
        "../envs/activations.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=2500,
    params:
        front_end=FRONT_END,
        activations=config["activations"],
    script:
        "../scripts/activations_gradient.py"
