"""splits: which tracks are for training, validation and test.

Needs: data/{dataset}/tracks.csv.
Makes: data/{dataset}/splits/{protocol}/{seed}.csv.
"""


rule splits:
    """One split of one protocol."""
    input:
        tracks="data/{dataset}/tracks.csv",
        code=[
            "src/earfield/splits.py",
            "src/earfield/tables.py",
            "workflow/scripts/splits.py",
        ],
    output:
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
    log:
        "logs/{dataset}/splits/{protocol}/{seed}.log",
    benchmark:
        "benchmarks/{dataset}/splits/{protocol}/{seed}.tsv"
    conda:
        "../envs/splits.yaml"
    params:
        protocol=lambda wildcards: config["protocols"][wildcards.protocol],
    script:
        "../scripts/splits.py"
