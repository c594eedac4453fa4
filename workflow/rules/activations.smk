"""activations: the output of one layer of a trained network on every segment of the collection.

Needs: trained networks, the mel shards, the splits.
Makes: results/{dataset}/activations/{protocol}/{seed}/{model}/dump/ and gradient.npz.
"""


rule activations:
    """A layer's output on all segments, written in chunks; an interrupted job resumes from its last chunk."""
    input:
        model="results/{dataset}/train/{protocol}/{seed}/{model}/model.keras",
        frames=INPUTS.spectrograms("npy"),
        index=INPUTS.spectrograms("csv"),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        code=code("activations"),
    output:
        dump=directory("results/{dataset}/activations/{protocol}/{seed}/{model}/dump"),
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
        runtime=120,
    params:
        settings=lambda wildcards: in_order(
            {
                "activations": config["activations"],
                "front_end": INPUTS.front_end,
                # Not declared as an output: chunks must survive a job that is killed.
                "partial": INPUTS.run_file(wildcards, ".snakemake/partial"),
            }
        ),
    script:
        "../scripts/activations.py"


rule activations_gradient:
    """Mean gradient of each unit with respect to its input: the reference of its Lasso filter."""
    input:
        model="results/{dataset}/train/{protocol}/{seed}/{model}/model.keras",
        frames=INPUTS.spectrograms("npy"),
        index=INPUTS.spectrograms("csv"),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        code=code("activations_gradient"),
    output:
        gradient="results/{dataset}/activations/{protocol}/{seed}/{model}/gradient.npz",
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
        runtime=120,
    params:
        settings=in_order(
            {"activations": config["activations"], "front_end": INPUTS.front_end}
        ),
    script:
        "../scripts/activations_gradient.py"
