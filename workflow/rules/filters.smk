"""filters: receptive field of each unit, its measures, and comparison with controls and null kernels.

Needs: dumped activations, mean gradients, the mel shards.
Makes: results/{dataset}/filters/{protocol}/{seed}/{model}/filters.npz and .csv; results/{dataset}/filters/units.csv
and resemblance.csv.
"""


rule filters:
    """Lasso filter of each unit, its R² on held-out tracks, and its measures."""
    input:
        dump="results/{dataset}/activations/{protocol}/{seed}/{model}/dump",
        gradient="results/{dataset}/activations/{protocol}/{seed}/{model}/gradient.npz",
        frames=INPUTS.spectrograms("npy"),
        index=INPUTS.spectrograms("csv"),
        code=code("filters"),
    output:
        filters="results/{dataset}/filters/{protocol}/{seed}/{model}/filters.npz",
        table="results/{dataset}/filters/{protocol}/{seed}/{model}/filters.csv",
        gradients="results/{dataset}/filters/{protocol}/{seed}/{model}/gradients.csv",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/filters.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/filters.tsv"
    conda:
        "../envs/filters.yaml"
    threads: 8
    resources:
        mem_mb=2500,
        runtime=120,
    params:
        settings=in_order(config["filters"]),
    script:
        "../scripts/filters.py"


rule filters_null:
    """Null kernels with the sparsity or the power spectrum of the learned filters."""
    input:
        filters=f"results/{{dataset}}/filters/{{protocol}}/{{seed}}/{INPUTS.model}/filters.npz",
        table=f"results/{{dataset}}/filters/{{protocol}}/{{seed}}/{INPUTS.model}/filters.csv",
        code=code("filters_null"),
    output:
        filters="results/{dataset}/filters/{protocol}/{seed}/{null}/filters.npz",
        table="results/{dataset}/filters/{protocol}/{seed}/{null}/filters.csv",
    log:
        "logs/{dataset}/{protocol}/{seed}/{null}/filters_null.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{null}/filters_null.tsv"
    conda:
        "../envs/filters.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    script:
        "../scripts/filters_null.py"


rule filters_resemblance:
    """Measures of the learned filters minus those of each control and null kernel, with intervals."""
    input:
        tables=INPUTS.runs(
            "filters/filters.csv", [INPUTS.protocol], [INPUTS.model, *INPUTS.nulls]
        ),
        gradients=INPUTS.runs(
            "filters/gradients.csv", [INPUTS.protocol], INPUTS.estimated
        ),
        filters=INPUTS.shown_run("filters/filters.npz"),
        stages="resources/auditory_stages.csv",
        code=code("filters_resemblance"),
    output:
        table=report(
            "results/{dataset}/filters/resemblance.csv",
            caption="../report/resemblance.rst",
            category="Tables",
            labels={"Table": "Resemblance to auditory receptive fields"},
        ),
        units=report(
            "results/{dataset}/filters/units.csv",
            caption="../report/units.rst",
            category="Tables",
            labels={"Table": "Measures of every unit"},
        ),
    log:
        "logs/{dataset}/filters_resemblance.log",
    benchmark:
        "benchmarks/{dataset}/filters_resemblance.tsv"
    conda:
        "../envs/filters.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        settings={"nulls": INPUTS.nulls, "trained": INPUTS.model},
    script:
        "../scripts/filters_resemblance.py"
