"""splits: which tracks are for training, validation and test, and what speaks against it.

Needs: data/{dataset}/tracks.csv and the mel shards.
Makes: data/{dataset}/repeats.csv; data/{dataset}/splits/{protocol}/{seed}.csv and its audit, .json.
"""


rule splits_repeats:
    """Pairs of tracks that are the same recording, found by what they sound like."""
    input:
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        code=code("splits_repeats"),
    output:
        repeats="data/{dataset}/repeats.csv",
    log:
        "logs/{dataset}/splits_repeats.log",
    benchmark:
        "benchmarks/{dataset}/splits_repeats.tsv"
    conda:
        "../envs/splits.yaml"
    threads: 64
    resources:
        mem_mb=4000,
    params:
        sample_rate=config["mel"]["sample_rate"],
        hop_length=config["mel"]["hop_length"],
    script:
        "../scripts/splits_repeats.py"


rule splits:
    """One split of one protocol, with its audit."""
    input:
        tracks="data/{dataset}/tracks.csv",
        repeats="data/{dataset}/repeats.csv",
        file=split_file,
        code=code("splits"),
    output:
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        audit="data/{dataset}/splits/{protocol}/{seed}.json",
    log:
        "logs/{dataset}/splits/{protocol}/{seed}.log",
    benchmark:
        "benchmarks/{dataset}/splits/{protocol}/{seed}.tsv"
    conda:
        "../envs/splits.yaml"
    params:
        protocol=lambda wildcards: split_settings(config, wildcards.protocol),
        tags=tagged,
    script:
        "../scripts/splits.py"
