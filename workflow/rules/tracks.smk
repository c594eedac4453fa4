"""tracks: every collection as one table.

Needs: a download, the demo's generator, or songs of your own.
Makes: data/{dataset}/audio/ (GTZAN, demo), data/{dataset}/tracks/tracks.csv, and the part of it that each mel shard
is made of: data/{dataset}/tracks/shard-NN.csv.
"""


rule tracks_gtzan:
    """GTZAN, downloaded or from an archive at hand, unpacked, every track checked against its known md5."""
    input:
        facts="resources/gtzan_tracks.csv",
        archive=INPUTS.own_archive,
        code=code("tracks_gtzan"),
    output:
        audio=directory("data/{dataset}/audio"),
    log:
        "logs/{dataset}/tracks_gtzan.log",
    benchmark:
        "benchmarks/{dataset}/tracks_gtzan.tsv"
    wildcard_constraints:
        dataset=INPUTS.of_source("gtzan"),
    conda:
        "../envs/tracks.yaml"
    threads: 4
    resources:
        mem_mb=1500,
        runtime=240,
    params:
        # Without the mirrors: other addresses of the same archive change nothing.
        settings=lambda wildcards: INPUTS.songs_settings(
            wildcards, leave_out={"mirrors"}
        ),
    script:
        "../scripts/tracks_gtzan.py"


rule tracks_demo:
    """The demo's songs, composed and rendered by code."""
    input:
        code=code("tracks_demo"),
    output:
        audio=directory("data/{dataset}/audio"),
    log:
        "logs/{dataset}/tracks_demo.log",
    benchmark:
        "benchmarks/{dataset}/tracks_demo.tsv"
    wildcard_constraints:
        dataset=INPUTS.of_source("demo"),
    conda:
        "../envs/tracks.yaml"
    threads: 8
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings=INPUTS.songs_settings,
    script:
        "../scripts/tracks_demo.py"


rule tracks_shard:
    """Metadata of one shard: path, audio properties and, if a track is unusable, the reason."""
    input:
        audio=INPUTS.made_collection,
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
    """The whole collection as one table."""
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
