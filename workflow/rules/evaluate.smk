"""evaluate: predictions for test tracks, their scores, and the summary over seeds.

Needs: trained networks, the mel shards, features, the splits.
Makes: predictions.csv and metrics.json of each run, heard.csv and MODEL_CARD.md beside each network; the tables of a
protocol over its runs, results/{dataset}/{protocol}/*.csv, which of tags are others.
"""


rule evaluate_predict:
    """A network's probabilities for the test tracks, averaged over windows: over all of them, and over fewer."""
    input:
        model="results/{dataset}/{protocol}/{seed}/{model}/model.keras",
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        code=code("evaluate_predict"),
    output:
        predictions="results/{dataset}/{protocol}/{seed}/{model}/predictions.csv",
        heard="results/{dataset}/{protocol}/{seed}/{model}/heard.csv",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_predict.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_predict.tsv"
    wildcard_constraints:
        model="|".join(NETWORKS),
    conda:
        "../envs/evaluate.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=2500,
    params:
        overlap=config["segment"]["overlap"],
        frame_seconds=config["mel"]["hop_length"] / config["mel"]["sample_rate"],
        tags=tagged,
    script:
        "../scripts/evaluate_predict.py"


rule evaluate_model:
    """A model that is a module of earfield.models: fitted, asked for the test tracks' probabilities, scored."""
    input:
        features=feature_shards,
        frames=model_spectrograms("npy"),
        index=model_spectrograms("csv"),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        own_code=lambda wildcards: code_of_module(
            "models", config["models"][wildcards.model]["module"]
        ),
        code=code("evaluate_model"),
    output:
        predictions="results/{dataset}/{protocol}/{seed}/{model}/predictions.csv",
        metrics="results/{dataset}/{protocol}/{seed}/{model}/metrics.json",
        cost="results/{dataset}/{protocol}/{seed}/{model}/cost.json",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_model.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_model.tsv"
    wildcard_constraints:
        model="|".join(MODULES) or "(?!)",
    conda:
        "../envs/evaluate.yaml"
    threads: lambda wildcards: said_by_module(wildcards, "THREADS") or 1
    resources:
        mem_mb=1500,
    params:
        model=lambda wildcards: config["models"][wildcards.model],
        tags=tagged,
    script:
        "../scripts/evaluate_model.py"


rule evaluate_score:
    """A network's score, and its card: what it is, how good, and what it must not be used for."""
    input:
        predictions="results/{dataset}/{protocol}/{seed}/{model}/predictions.csv",
        history="results/{dataset}/{protocol}/{seed}/{model}/history.csv",
        environment="results/{dataset}/{protocol}/{seed}/{model}/environment.json",
        tracks="data/{dataset}/tracks.csv",
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        facts="resources/gtzan_tracks.csv",
        code=code("evaluate_score"),
    output:
        metrics="results/{dataset}/{protocol}/{seed}/{model}/metrics.json",
        card="results/{dataset}/{protocol}/{seed}/{model}/MODEL_CARD.md",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_score.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_score.tsv"
    wildcard_constraints:
        model="|".join(NETWORKS),
    conda:
        "../envs/evaluate.yaml"
    params:
        tags=tagged,
        source=lambda wildcards: config["datasets"][wildcards.dataset]["source"],
        front_end=FRONT_END,
        segment=settings("segment"),
        network=settings("network"),
        train=settings("train"),
        shuffled_like=lambda wildcards: config["models"][wildcards.model].get(
            "shuffled_like"
        ),
    script:
        "../scripts/evaluate_score.py"


rule evaluate_protocol:
    """All runs of a protocol: accuracy, recall and calibration of each model, pairs of models, seconds heard."""
    input:
        predictions=runs("predictions.csv"),
        heard=runs("heard.csv", networks=True),
        tracks="data/{dataset}/tracks.csv",
        code=code("evaluate_protocol"),
    output:
        table=report(
            "results/{dataset}/{protocol}/summary.csv",
            caption="../report/summary.rst",
            category="Tables",
            labels={"Table": "Accuracy of each model, {protocol}"},
        ),
        facts="results/{dataset}/{protocol}/summary.json",
        paired="results/{dataset}/{protocol}/paired.csv",
        recall="results/{dataset}/{protocol}/recall.csv",
        calibration="results/{dataset}/{protocol}/calibration.csv",
        heard="results/{dataset}/{protocol}/heard.csv",
    log:
        "logs/{dataset}/{protocol}/evaluate_protocol.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/evaluate_protocol.tsv"
    wildcard_constraints:
        dataset="|".join(ONE_LABEL) or "(?!)",
    conda:
        "../envs/evaluate.yaml"
    script:
        "../scripts/evaluate_protocol.py"


rule evaluate_protocol_tags:
    """All runs of a protocol: how well each model ranks tracks by each tag, and pairs of models."""
    input:
        predictions=runs("predictions.csv"),
        tracks="data/{dataset}/tracks.csv",
        code=code("evaluate_protocol_tags"),
    output:
        table=report(
            "results/{dataset}/{protocol}/summary.csv",
            caption="../report/summary_tags.rst",
            category="Tables",
            labels={"Table": "Mean score of each model over tags, {protocol}"},
        ),
        facts="results/{dataset}/{protocol}/summary.json",
        tags=report(
            "results/{dataset}/{protocol}/tags.csv",
            caption="../report/tags.rst",
            category="Tables",
            labels={"Table": "Score of each model by tag, {protocol}"},
        ),
        paired="results/{dataset}/{protocol}/paired.csv",
    log:
        "logs/{dataset}/{protocol}/evaluate_protocol_tags.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/evaluate_protocol_tags.tsv"
    wildcard_constraints:
        dataset="|".join(TAGGED) or "(?!)",
    conda:
        "../envs/evaluate.yaml"
    script:
        "../scripts/evaluate_protocol_tags.py"
