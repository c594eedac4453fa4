"""mel: log-mel spectrograms, the paper's front end.

Needs: data/{dataset}/tracks/shard-NN.csv and the audio files that it lists.
Makes: data/{dataset}/mel/shard-NN.npy and .csv.
"""


rule mel:
    """Log-mel spectrograms of one shard of tracks, concatenated in one array."""
    input:
        tracks="data/{dataset}/tracks/shard-{shard}.csv",
        code=code("mel"),
    output:
        frames="data/{dataset}/mel/shard-{shard}.npy",
        index="data/{dataset}/mel/shard-{shard}.csv",
    log:
        "logs/{dataset}/mel/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/mel/{shard}.tsv"
    conda:
        "../envs/mel.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        settings=in_order({"front_end": INPUTS.front_end}),
    script:
        "../scripts/mel.py"
