"""filters: what each unit responds to, measured, and how far that is from what says nothing.

Needs: dumped activations, mean gradients, the mel shards.
Makes: results/{dataset}/{protocol}/{seed}/{model}/filters.npz and .csv; results/{dataset}/resemblance.csv.
"""


rule filters:
    """The Lasso filter of every unit, its error on tracks held out, and its measures."""
    input:
        dump="results/{dataset}/{protocol}/{seed}/{model}/activations",
        gradient="results/{dataset}/{protocol}/{seed}/{model}/gradient.npz",
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        code=code("filters"),
    output:
        filters="results/{dataset}/{protocol}/{seed}/{model}/filters.npz",
        table="results/{dataset}/{protocol}/{seed}/{model}/filters.csv",
        gradients="results/{dataset}/{protocol}/{seed}/{model}/gradients.csv",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/filters.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/filters.tsv"
    conda:
        "../envs/filters.yaml"
    threads: 8
    resources:
        mem_mb=2500,
    params:
        filters=config["filters"],
    script:
        "../scripts/filters.py"


rule filters_null:
    """Kernels that no network learned, each with something of a learned filter's: its sparsity or its spectrum."""
    input:
        filters=f"results/{{dataset}}/{{protocol}}/{{seed}}/{SHOWN_MODEL}/filters.npz",
        table=f"results/{{dataset}}/{{protocol}}/{{seed}}/{SHOWN_MODEL}/filters.csv",
        code=code("filters_null"),
    output:
        filters="results/{dataset}/{protocol}/{seed}/{null}/filters.npz",
        table="results/{dataset}/{protocol}/{seed}/{null}/filters.csv",
    log:
        "logs/{dataset}/{protocol}/{seed}/{null}/filters_null.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{null}/filters_null.tsv"
    conda:
        "../envs/filters.yaml"
    script:
        "../scripts/filters_null.py"


rule filters_resemblance:
    """Every measure of the learned filters less that of each null, with intervals over seeds and units."""
    input:
        tables=runs("filters.csv", [SHOWN_PROTOCOL], models=[SHOWN_MODEL, *NULLS]),
        gradients=runs(
            "gradients.csv", [SHOWN_PROTOCOL], models=[SHOWN_MODEL, *NETWORK_NULLS]
        ),
        filters=shown_run("filters.npz"),
        stages="resources/auditory_stages.csv",
        code=code("filters_resemblance"),
    output:
        table=report(
            "results/{dataset}/resemblance.csv",
            caption="../report/resemblance.rst",
            category="Tables",
            labels={"Table": "Resemblance to auditory receptive fields"},
        ),
        units=report(
            "results/{dataset}/units.csv",
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
    params:
        trained=SHOWN_MODEL,
        nulls=NULLS,
    script:
        "../scripts/filters_resemblance.py"
