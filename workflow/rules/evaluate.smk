"""evaluate: predictions for test tracks, their scores, and the summary over seeds.

Needs: trained networks, the mel shards, features, the splits.
Makes: results/{dataset}/evaluate/{protocol}/{seed}/{model}/predictions.csv and metrics.json, for networks also
excerpts.csv and MODEL_CARD.md; the tables of a protocol over all its runs, results/{dataset}/evaluate/{protocol}/*.csv, with other
tables for a dataset of tags.
"""


rule evaluate_predict:
    """Test predictions of a network: probabilities averaged over all segments and over shorter excerpts."""
    input:
        model="results/{dataset}/train/{protocol}/{seed}/{model}/model.keras",
        frames=INPUTS.spectrograms("npy"),
        index=INPUTS.spectrograms("csv"),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        code=code("evaluate_predict"),
    output:
        predictions="results/{dataset}/evaluate/{protocol}/{seed}/{model}/predictions.csv",
        excerpts="results/{dataset}/evaluate/{protocol}/{seed}/{model}/excerpts.csv",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_predict.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_predict.tsv"
    wildcard_constraints:
        model=pattern(INPUTS.networks),
    conda:
        "../envs/evaluate.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=2500,
        runtime=60,
    params:
        settings=lambda wildcards: {
            "overlap": config["segment"]["overlap"],
            "tags": INPUTS.is_tagged(wildcards),
        },
    script:
        "../scripts/evaluate_predict.py"


rule evaluate_model:
    """Fit, test predictions and scores of a baseline, a module of earfield.models."""
    input:
        features=INPUTS.features,
        frames=INPUTS.model_spectrograms("npy"),
        index=INPUTS.model_spectrograms("csv"),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        own_code=INPUTS.module_code("models"),
        code=code("evaluate_model"),
    output:
        predictions="results/{dataset}/evaluate/{protocol}/{seed}/{model}/predictions.csv",
        metrics="results/{dataset}/evaluate/{protocol}/{seed}/{model}/metrics.json",
        cost="results/{dataset}/evaluate/{protocol}/{seed}/{model}/cost.json",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_model.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_model.tsv"
    wildcard_constraints:
        model=pattern(INPUTS.modules),
    conda:
        "../envs/evaluate.yaml"
    threads: INPUTS.threads
    resources:
        mem_mb=1500,
        runtime=120,
    params:
        settings=lambda wildcards: in_order(
            {
                "model": config["models"][wildcards.model],
                "tags": INPUTS.is_tagged(wildcards),
            }
        ),
    script:
        "../scripts/evaluate_model.py"


rule evaluate_score:
    """Metrics and model card of a network."""
    input:
        predictions="results/{dataset}/evaluate/{protocol}/{seed}/{model}/predictions.csv",
        history="results/{dataset}/train/{protocol}/{seed}/{model}/history.csv",
        environment="results/{dataset}/train/{protocol}/{seed}/{model}/environment.json",
        tracks="data/{dataset}/tracks/tracks.csv",
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        facts="resources/gtzan_tracks.csv",
        code=code("evaluate_score"),
    output:
        metrics="results/{dataset}/evaluate/{protocol}/{seed}/{model}/metrics.json",
        card="results/{dataset}/evaluate/{protocol}/{seed}/{model}/MODEL_CARD.md",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_score.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_score.tsv"
    wildcard_constraints:
        model=pattern(INPUTS.networks),
    conda:
        "../envs/evaluate.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        settings=lambda wildcards: in_order(
            {
                "shuffled_like": config["models"][wildcards.model].get(
                    "shuffled_like"
                ),
                "source": config["datasets"][wildcards.dataset]["source"],
                **INPUTS.network_settings(wildcards),
            }
        ),
    script:
        "../scripts/evaluate_score.py"


rule evaluate_protocol:
    """Tables over all runs of a protocol: accuracy, recall, calibration, paired differences, excerpt length."""
    input:
        predictions=INPUTS.runs("evaluate/predictions.csv"),
        excerpts=INPUTS.runs("evaluate/excerpts.csv", networks=True),
        tracks="data/{dataset}/tracks/tracks.csv",
        code=code("evaluate_protocol"),
    output:
        table=report(
            "results/{dataset}/evaluate/{protocol}/summary.csv",
            caption="../report/summary.rst",
            category="Tables",
            labels={"Table": "Accuracy of each model, {protocol}"},
        ),
        facts="results/{dataset}/evaluate/{protocol}/summary.json",
        paired="results/{dataset}/evaluate/{protocol}/paired.csv",
        recall="results/{dataset}/evaluate/{protocol}/recall.csv",
        calibration="results/{dataset}/evaluate/{protocol}/calibration.csv",
        excerpts="results/{dataset}/evaluate/{protocol}/excerpts.csv",
    log:
        "logs/{dataset}/{protocol}/evaluate_protocol.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/evaluate_protocol.tsv"
    wildcard_constraints:
        dataset=pattern(INPUTS.one_label),
    conda:
        "../envs/evaluate.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    script:
        "../scripts/evaluate_protocol.py"


rule evaluate_protocol_tags:
    """Tables over all runs of a protocol on tags: scores of each model and tag, paired differences."""
    input:
        predictions=INPUTS.runs("evaluate/predictions.csv"),
        tracks="data/{dataset}/tracks/tracks.csv",
        code=code("evaluate_protocol_tags"),
    output:
        table=report(
            "results/{dataset}/evaluate/{protocol}/summary.csv",
            caption="../report/summary_tags.rst",
            category="Tables",
            labels={"Table": "Mean score of each model over tags, {protocol}"},
        ),
        facts="results/{dataset}/evaluate/{protocol}/summary.json",
        tags=report(
            "results/{dataset}/evaluate/{protocol}/tags.csv",
            caption="../report/tags.rst",
            category="Tables",
            labels={"Table": "Score of each model by tag, {protocol}"},
        ),
        paired="results/{dataset}/evaluate/{protocol}/paired.csv",
    log:
        "logs/{dataset}/{protocol}/evaluate_protocol_tags.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/evaluate_protocol_tags.tsv"
    wildcard_constraints:
        dataset=pattern(INPUTS.tagged),
    conda:
        "../envs/evaluate.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    script:
        "../scripts/evaluate_protocol_tags.py"
