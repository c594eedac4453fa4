"""features: input of the models that are not networks, computed once per track.

Needs: data/{dataset}/tracks/shard-NN.csv, the audio files that it lists, and the mel shards.
Makes: data/{dataset}/features/{features}/shard-NN.csv, with {features} a module of earfield.features.
"""


rule features:
    """Features of one shard of tracks, by one module."""
    input:
        tracks="data/{dataset}/tracks/shard-{shard}.csv",
        frames="data/{dataset}/mel/shard-{shard}.npy",
        index="data/{dataset}/mel/shard-{shard}.csv",
        own_code=INPUTS.module_code("features"),
        code=code("features"),
    output:
        features="data/{dataset}/features/{features}/shard-{shard}.csv",
    log:
        "logs/{dataset}/features/{features}/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/features/{features}/{shard}.tsv"
    conda:
        "../envs/features.yaml"
    resources:
        mem_mb=1500,
        runtime=120,
    params:
        settings=in_order({"front_end": INPUTS.front_end}),
    script:
        "../scripts/features.py"
