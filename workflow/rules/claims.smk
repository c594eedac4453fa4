"""claims: a verdict on each of the paper's claims, over all protocols.

Needs: the tables of every protocol, the splits, the resemblance to the auditory system, the data of figure 5.
Makes: results/{dataset}/claims/summary.csv, protocols.csv, learning_curve.csv, claims.csv and claims.md.
"""


rule claims_summary:
    """All protocols: accuracy and cost of each model, differences between protocols, learning curve."""
    input:
        summaries=INPUTS.protocol_tables("summary.csv"),
        predictions=INPUTS.runs("evaluate/predictions.csv"),
        splits=INPUTS.splits,
        # Times and memory differ from run to run and must not cause a rerun.
        costs=ancient(INPUTS.runs("*/cost.json")),
        code=code("claims_summary"),
    output:
        table=report(
            "results/{dataset}/claims/summary.csv",
            caption="../report/summary.rst",
            category="Tables",
            labels={"Table": "Accuracy of each model under each protocol"},
        ),
        protocols="results/{dataset}/claims/protocols.csv",
        learning_curve="results/{dataset}/claims/learning_curve.csv",
    log:
        "logs/{dataset}/claims_summary.log",
    benchmark:
        "benchmarks/{dataset}/claims_summary.tsv"
    wildcard_constraints:
        dataset=pattern(INPUTS.one_label),
    conda:
        "../envs/claims.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        settings=lambda wildcards: in_order(
            {"curves": INPUTS.claims_settings(wildcards)["curves"]}
        ),
    script:
        "../scripts/claims_summary.py"


rule claims_summary_tags:
    """All protocols of tags: scores and cost of each model."""
    input:
        summaries=INPUTS.protocol_tables("summary.csv"),
        costs=ancient(INPUTS.runs("*/cost.json")),
        code=code("claims_summary_tags"),
    output:
        table=report(
            "results/{dataset}/claims/summary.csv",
            caption="../report/summary_tags.rst",
            category="Tables",
            labels={
                "Table": "Mean score of each model over tags, under each protocol"
            },
        ),
    log:
        "logs/{dataset}/claims_summary_tags.log",
    benchmark:
        "benchmarks/{dataset}/claims_summary_tags.tsv"
    wildcard_constraints:
        dataset=pattern(INPUTS.tagged),
    conda:
        "../envs/claims.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    script:
        "../scripts/claims_summary_tags.py"


rule claims:
    """Number, interval and verdict for each of the paper's claims."""
    input:
        summary="results/{dataset}/claims/summary.csv",
        paired=INPUTS.protocol_tables("paired.csv"),
        recall=INPUTS.protocol_tables("recall.csv"),
        excerpts=INPUTS.protocol_tables("excerpts.csv"),
        calibration=INPUTS.protocol_tables("calibration.csv"),
        predictions=INPUTS.runs(
            "evaluate/predictions.csv", [INPUTS.protocol], [INPUTS.model]
        ),
        whole_track=INPUTS.whole_track_runs,
        learning_curve="results/{dataset}/claims/learning_curve.csv",
        protocols="results/{dataset}/claims/protocols.csv",
        resemblance="results/{dataset}/filters/resemblance.csv",
        discriminants="results/{dataset}/figures/fig5_discriminants.npz",
        references="resources/reference_levels.csv",
        sentences="resources/claims.yaml",
        tracks="data/{dataset}/tracks/tracks.csv",
        code=code("claims"),
    output:
        table=report(
            "results/{dataset}/claims/claims.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={"Table": "What holds of the paper's sentences"},
        ),
        page=report(
            "results/{dataset}/claims/claims.md",
            caption="../report/claims.rst",
            category="Claims",
            labels={"Table": "The same in words"},
        ),
    log:
        "logs/{dataset}/claims.log",
    benchmark:
        "benchmarks/{dataset}/claims.tsv"
    conda:
        "../envs/claims.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        settings=lambda wildcards: in_order(INPUTS.claims_settings(wildcards)),
    script:
        "../scripts/claims.py"
