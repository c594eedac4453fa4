"""tracks: table of the tracks of a collection.

Needs: data/{dataset}/audio/, or your own songs.
Makes: data/{dataset}/tracks/tracks.csv, and the rows of each mel shard, data/{dataset}/tracks/shard-NN.csv.
"""


rule tracks_shard:
    """Metadata of one shard: path, audio properties and, if a track is unusable, the reason."""
    input:
        audio=lambda wildcards: INPUTS.made_audio(wildcards.dataset),
        facts="resources/gtzan_tracks.csv",
        code=code("tracks_shard"),
    output:
        tracks="data/{dataset}/tracks/shard-{shard}.csv",
    log:
        "logs/{dataset}/tracks/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/tracks/{shard}.tsv"
    conda:
        "../envs/tracks.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        settings=lambda wildcards: {
            "frames": config["segment"]["frames"],
            "hop_length": config["mel"]["hop_length"],
            "own": INPUTS.own_collection(wildcards),
            "sample_rate": config["mel"]["sample_rate"],
            "shards": config["mel"]["shards"],
            "source": config["datasets"][wildcards.dataset]["source"],
            "tags": config["datasets"][wildcards.dataset]
            .get("task", {})
            .get("columns", []),
        },
    script:
        "../scripts/tracks_shard.py"


rule tracks:
    """Table of all tracks of the collection."""
    input:
        shards=expand("data/{{dataset}}/tracks/shard-{shard}.csv", shard=INPUTS.shards),
        code=code("tracks"),
    output:
        tracks="data/{dataset}/tracks/tracks.csv",
    log:
        "logs/{dataset}/tracks.log",
    benchmark:
        "benchmarks/{dataset}/tracks.tsv"
    conda:
        "../envs/tracks.yaml"
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        settings=lambda wildcards: {
            "max_unusable": config["tracks"]["max_unusable"],
            "task": in_order(config["datasets"][wildcards.dataset].get("task")),
        },
    script:
        "../scripts/tracks.py"
