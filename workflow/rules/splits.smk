"""splits: training, validation and test tracks, with a leakage report.

Needs: data/{dataset}/tracks/tracks.csv and the mel shards.
Makes: data/{dataset}/splits/duplicates.csv, {protocol}/{seed}.csv and its leakage report, .json.
"""


rule splits_duplicates:
    """Pairs of duplicate recordings, found by audio fingerprints."""
    input:
        frames=INPUTS.spectrograms("npy"),
        index=INPUTS.spectrograms("csv"),
        code=code("splits_duplicates"),
    output:
        duplicates="data/{dataset}/splits/duplicates.csv",
    log:
        "logs/{dataset}/splits_duplicates.log",
    benchmark:
        "benchmarks/{dataset}/splits_duplicates.tsv"
    conda:
        "../envs/splits.yaml"
    threads: 8
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings={
            "hop_length": config["mel"]["hop_length"],
            "sample_rate": config["mel"]["sample_rate"],
        },
    script:
        "../scripts/splits_duplicates.py"


rule splits:
    """Split of one protocol and seed, with its leakage report."""
    input:
        tracks="data/{dataset}/tracks/tracks.csv",
        duplicates="data/{dataset}/splits/duplicates.csv",
        file=INPUTS.split_file,
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
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        settings=lambda wildcards: in_order(
            {
                "protocol": INPUTS.split_settings(wildcards),
                "tags": INPUTS.is_tagged(wildcards),
            }
        ),
    script:
        "../scripts/splits.py"
