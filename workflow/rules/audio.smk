"""audio: songs of GTZAN and of the demo; your own songs stay where they are.

Needs: a download, a local archive, or the demo's generator.
Makes: data/{dataset}/audio/.
"""


rule audio_gtzan:
    """GTZAN, downloaded or from a local archive, with every track verified by its published MD5."""
    input:
        facts="resources/gtzan_tracks.csv",
        archive=INPUTS.own_archive,
        code=code("audio_gtzan"),
    output:
        audio=directory("data/{dataset}/audio"),
    log:
        "logs/{dataset}/audio_gtzan.log",
    benchmark:
        "benchmarks/{dataset}/audio_gtzan.tsv"
    wildcard_constraints:
        dataset=INPUTS.of_source("gtzan"),
    conda:
        "../envs/audio.yaml"
    threads: 4
    resources:
        mem_mb=1500,
        runtime=240,
    params:
        # Mirrors are left out: another address of the same archive must not cause a rerun.
        settings=lambda wildcards: INPUTS.songs_settings(
            wildcards, leave_out={"mirrors"}
        ),
    script:
        "../scripts/audio_gtzan.py"


rule audio_demo:
    """Songs of the demo, composed and rendered by code."""
    input:
        code=code("audio_demo"),
    output:
        audio=directory("data/{dataset}/audio"),
    log:
        "logs/{dataset}/audio_demo.log",
    benchmark:
        "benchmarks/{dataset}/audio_demo.tsv"
    wildcard_constraints:
        dataset=INPUTS.of_source("demo"),
    conda:
        "../envs/audio.yaml"
    threads: 8
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings=INPUTS.songs_settings,
    script:
        "../scripts/audio_demo.py"
