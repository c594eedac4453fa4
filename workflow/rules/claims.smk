"""claims: what holds of the paper's sentences, over all protocols.

Needs: the tables of every protocol, the splits, the resemblance to the auditory system, the data of figure 5.
Makes: results/{dataset}/summary.csv, protocols.csv, learning_curve.csv, claims.csv, claims.md; figures 7 to 11.
"""


rule claims_summary:
    """All protocols: accuracy and cost of each model, what a protocol changes, and the learning curve."""
    input:
        summaries=protocol_tables("summary.csv"),
        predictions=runs("predictions.csv"),
        splits=all_splits,
        # Times and memory differ from run to run: nothing is made anew for them alone.
        costs=ancient(runs("cost.json")),
        code=code("claims_summary"),
    output:
        table=report(
            "results/{dataset}/summary.csv",
            caption="../report/summary.rst",
            category="Tables",
            labels={"Table": "Accuracy of each model under each protocol"},
        ),
        protocols="results/{dataset}/protocols.csv",
        learning_curve="results/{dataset}/learning_curve.csv",
    log:
        "logs/{dataset}/claims_summary.log",
    benchmark:
        "benchmarks/{dataset}/claims_summary.tsv"
    wildcard_constraints:
        dataset="|".join(ONE_LABEL) or "(?!)",
    conda:
        "../envs/claims.yaml"
    params:
        curves=lambda wildcards: learning_curves(config, wildcards.dataset),
    script:
        "../scripts/claims_summary.py"


rule claims_summary_tags:
    """All protocols of tags: scores and cost of each model."""
    input:
        summaries=protocol_tables("summary.csv"),
        costs=ancient(runs("cost.json")),
        code=code("claims_summary_tags"),
    output:
        table=report(
            "results/{dataset}/summary.csv",
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
        dataset="|".join(TAGGED) or "(?!)",
    conda:
        "../envs/claims.yaml"
    script:
        "../scripts/claims_summary_tags.py"


rule claims_accuracy_data:
    """What figure 7 shows."""
    input:
        summary="results/{dataset}/summary.csv",
        # Levels that others reached are of genres.
        references=lambda wildcards: (
            []
            if "task" in config["datasets"][wildcards.dataset]
            else "resources/reference_levels.csv"
        ),
        code=code("claims_accuracy_data"),
    output:
        data="results/{dataset}/figures/fig7_accuracy.csv",
    log:
        "logs/{dataset}/claims/accuracy_data.log",
    benchmark:
        "benchmarks/{dataset}/claims/accuracy_data.tsv"
    conda:
        "../envs/claims.yaml"
    script:
        "../scripts/claims_accuracy_data.py"


rule claims_accuracy:
    """Figure 7: accuracy of every model under every protocol."""
    input:
        data="results/{dataset}/figures/fig7_accuracy.csv",
        code=code("claims_accuracy"),
    output:
        pdf="results/{dataset}/figures/fig7_accuracy.pdf",
        png=report(
            "results/{dataset}/figures/fig7_accuracy.png",
            caption="../report/fig7_accuracy.rst",
            category="Evidence",
            labels={"Figure": "7. Accuracy of every model under every protocol"},
        ),
    log:
        "logs/{dataset}/claims/accuracy.log",
    benchmark:
        "benchmarks/{dataset}/claims/accuracy.tsv"
    conda:
        "../envs/claims.yaml"
    script:
        "../scripts/claims_accuracy.py"


rule claims_learning_curve_data:
    """What figure 8 shows."""
    input:
        learning_curve="results/{dataset}/learning_curve.csv",
        code=code("claims_learning_curve_data"),
    output:
        data="results/{dataset}/figures/fig8_learning_curve.csv",
    log:
        "logs/{dataset}/claims/learning_curve_data.log",
    benchmark:
        "benchmarks/{dataset}/claims/learning_curve_data.tsv"
    conda:
        "../envs/claims.yaml"
    params:
        protocol=SHOWN_PROTOCOL,
    script:
        "../scripts/claims_learning_curve_data.py"


rule claims_learning_curve:
    """Figure 8: accuracy by number of training tracks."""
    input:
        data="results/{dataset}/figures/fig8_learning_curve.csv",
        code=code("claims_learning_curve"),
    output:
        pdf="results/{dataset}/figures/fig8_learning_curve.pdf",
        png=report(
            "results/{dataset}/figures/fig8_learning_curve.png",
            caption="../report/fig8_learning_curve.rst",
            category="Evidence",
            labels={"Figure": "8. Accuracy by number of training tracks"},
        ),
    log:
        "logs/{dataset}/claims/learning_curve.log",
    benchmark:
        "benchmarks/{dataset}/claims/learning_curve.tsv"
    conda:
        "../envs/claims.yaml"
    script:
        "../scripts/claims_learning_curve.py"


rule claims_heard_data:
    """What figure 9 shows."""
    input:
        heard=f"results/{{dataset}}/{SHOWN_PROTOCOL}/heard.csv",
        code=code("claims_heard_data"),
    output:
        data="results/{dataset}/figures/fig9_seconds_heard.csv",
    log:
        "logs/{dataset}/claims/heard_data.log",
    benchmark:
        "benchmarks/{dataset}/claims/heard_data.tsv"
    conda:
        "../envs/claims.yaml"
    params:
        protocol=SHOWN_PROTOCOL,
    script:
        "../scripts/claims_heard_data.py"


rule claims_heard:
    """Figure 9: accuracy by seconds heard."""
    input:
        data="results/{dataset}/figures/fig9_seconds_heard.csv",
        code=code("claims_heard"),
    output:
        pdf="results/{dataset}/figures/fig9_seconds_heard.pdf",
        png=report(
            "results/{dataset}/figures/fig9_seconds_heard.png",
            caption="../report/fig9_seconds_heard.rst",
            category="Evidence",
            labels={"Figure": "9. Accuracy by seconds heard"},
        ),
    log:
        "logs/{dataset}/claims/heard.log",
    benchmark:
        "benchmarks/{dataset}/claims/heard.tsv"
    conda:
        "../envs/claims.yaml"
    script:
        "../scripts/claims_heard.py"


rule claims_recall_data:
    """What figure 10 shows."""
    input:
        recall=f"results/{{dataset}}/{SHOWN_PROTOCOL}/recall.csv",
        code=code("claims_recall_data"),
    output:
        data="results/{dataset}/figures/fig10_recall.csv",
    log:
        "logs/{dataset}/claims/recall_data.log",
    benchmark:
        "benchmarks/{dataset}/claims/recall_data.tsv"
    conda:
        "../envs/claims.yaml"
    params:
        protocol=SHOWN_PROTOCOL,
        model=SHOWN_MODEL,
        baselines=HAND_MADE,
    script:
        "../scripts/claims_recall_data.py"


rule claims_recall:
    """Figure 10: recall of each label."""
    input:
        data="results/{dataset}/figures/fig10_recall.csv",
        code=code("claims_recall"),
    output:
        pdf="results/{dataset}/figures/fig10_recall.pdf",
        png=report(
            "results/{dataset}/figures/fig10_recall.png",
            caption="../report/fig10_recall.rst",
            category="Evidence",
            labels={"Figure": "10. Recall of each label"},
        ),
    log:
        "logs/{dataset}/claims/recall.log",
    benchmark:
        "benchmarks/{dataset}/claims/recall.tsv"
    conda:
        "../envs/claims.yaml"
    script:
        "../scripts/claims_recall.py"


rule claims_calibration_data:
    """What figure 11 shows."""
    input:
        calibration=f"results/{{dataset}}/{SHOWN_PROTOCOL}/calibration.csv",
        code=code("claims_calibration_data"),
    output:
        data="results/{dataset}/figures/fig11_calibration.csv",
    log:
        "logs/{dataset}/claims/calibration_data.log",
    benchmark:
        "benchmarks/{dataset}/claims/calibration_data.tsv"
    conda:
        "../envs/claims.yaml"
    params:
        protocol=SHOWN_PROTOCOL,
    script:
        "../scripts/claims_calibration_data.py"


rule claims_calibration:
    """Figure 11: what the probabilities are worth."""
    input:
        data="results/{dataset}/figures/fig11_calibration.csv",
        code=code("claims_calibration"),
    output:
        pdf="results/{dataset}/figures/fig11_calibration.pdf",
        png=report(
            "results/{dataset}/figures/fig11_calibration.png",
            caption="../report/fig11_calibration.rst",
            category="Evidence",
            labels={"Figure": "11. What the probabilities are worth"},
        ),
    log:
        "logs/{dataset}/claims/calibration.log",
    benchmark:
        "benchmarks/{dataset}/claims/calibration.tsv"
    conda:
        "../envs/claims.yaml"
    script:
        "../scripts/claims_calibration.py"


rule claims:
    """The paper's sentences, one by one, with the number, the interval and the verdict."""
    input:
        summary="results/{dataset}/summary.csv",
        paired=protocol_tables("paired.csv"),
        recall=protocol_tables("recall.csv"),
        heard=protocol_tables("heard.csv"),
        calibration=protocol_tables("calibration.csv"),
        predictions=runs("predictions.csv", [SHOWN_PROTOCOL], [SHOWN_MODEL]),
        whole_track=whole_track_runs,
        learning_curve="results/{dataset}/learning_curve.csv",
        protocols="results/{dataset}/protocols.csv",
        resemblance="results/{dataset}/resemblance.csv",
        discriminants="results/{dataset}/figures/fig5_discriminants.npz",
        references="resources/reference_levels.csv",
        tracks="data/{dataset}/tracks.csv",
        code=code("claims"),
    output:
        table=report(
            "results/{dataset}/claims.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={"Table": "What holds of the paper's sentences"},
        ),
        page=report(
            "results/{dataset}/claims.md",
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
    params:
        source=lambda wildcards: config["datasets"][wildcards.dataset]["source"],
        protocol=SHOWN_PROTOCOL,
        model=SHOWN_MODEL,
        hand_made=HAND_MADE,
        controls=CONTROLS,
        artists_apart=artists_apart,
        curves=lambda wildcards: learning_curves(config, wildcards.dataset),
    script:
        "../scripts/claims.py"
