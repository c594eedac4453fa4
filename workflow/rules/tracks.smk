"""tracks: every collection as one table.

Needs: a download, the demo's generator, or songs of your own.
Makes: data/{dataset}/tracks.csv, and the part of it that each mel shard is made of: data/{dataset}/tracks/shard-NN.csv.
"""


rule tracks_gtzan:
    """GTZAN, downloaded or from an archive at hand, unpacked, every track checked against its known md5."""
    input:
        facts="resources/gtzan_tracks.csv",
        archive=own_archive,
        code=code("tracks_gtzan"),
    output:
        audio=directory("data/{dataset}/audio"),
    log:
        "logs/{dataset}/tracks_gtzan.log",
    benchmark:
        "benchmarks/{dataset}/tracks_gtzan.tsv"
    wildcard_constraints:
        dataset=datasets_from("gtzan"),
    conda:
        "../envs/tracks.yaml"
    threads: 4
    params:
        # Without the mirrors: other addresses of the same archive change nothing.
        gtzan=lambda wildcards: source_settings(wildcards, leave_out={"mirrors"}),
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
        dataset=datasets_from("demo"),
    conda:
        "../envs/tracks.yaml"
    threads: 64
    params:
        demo=source_settings,
    script:
        "../scripts/tracks_demo.py"


rule tracks_shard:
    """One row a track of a shard: where it lies, what it holds, and why it cannot be used if it cannot."""
    input:
        audio=made_collection,
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
    params:
        source=lambda wildcards: config["datasets"][wildcards.dataset]["source"],
        own=own_collection,
        shards=config["mel"]["shards"],
        sample_rate=config["mel"]["sample_rate"],
        hop_length=config["mel"]["hop_length"],
        frames=config["segment"]["frames"],
        tags=lambda wildcards: (
            config["datasets"][wildcards.dataset].get("task", {}).get("columns", [])
        ),
    script:
        "../scripts/tracks_shard.py"


rule tracks:
    """The whole collection as one table."""
    input:
        shards=expand("data/{{dataset}}/tracks/shard-{shard}.csv", shard=SHARDS),
        code=code("tracks"),
    output:
        tracks="data/{dataset}/tracks.csv",
    log:
        "logs/{dataset}/tracks.log",
    benchmark:
        "benchmarks/{dataset}/tracks.tsv"
    conda:
        "../envs/tracks.yaml"
    params:
        max_unusable=config["tracks"]["max_unusable"],
        task=lambda wildcards: config["datasets"][wildcards.dataset].get("task"),
    script:
        "../scripts/tracks.py"
