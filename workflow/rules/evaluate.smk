"""evaluate: predictions for test tracks, their scores, and the summary over seeds.

Needs: trained networks, the mel shards, the splits.
Makes: predictions.csv, metrics.json and MODEL_CARD.md beside each network; results/{dataset}/summary.csv and .json.
"""


rule evaluate_predict:
    """A network's probabilities for the test tracks, averaged over overlapping windows."""
    input:
        model="results/{dataset}/{protocol}/{seed}/{model}/model.keras",
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        code=[
            "src/earfield/device.py",
            "src/earfield/evaluate.py",
            "src/earfield/network.py",
            "src/earfield/predict.py",
            "src/earfield/score.py",
            "src/earfield/shards.py",
            "src/earfield/tables.py",
            "workflow/scripts/evaluate_predict.py",
        ],
    output:
        predictions="results/{dataset}/{protocol}/{seed}/{model}/predictions.csv",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_predict.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_predict.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=2500,
    params:
        overlap=config["segment"]["overlap"],
    script:
        "../scripts/evaluate_predict.py"


rule evaluate_score:
    """Accuracy with its interval, recall by label, confusion matrix."""
    input:
        predictions="results/{dataset}/{protocol}/{seed}/{model}/predictions.csv",
        code=[
            "src/earfield/score.py",
            "src/earfield/tables.py",
            "workflow/scripts/evaluate_score.py",
        ],
    output:
        metrics="results/{dataset}/{protocol}/{seed}/{model}/metrics.json",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_score.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_score.tsv"
    conda:
        "../envs/evaluate.yaml"
    script:
        "../scripts/evaluate_score.py"


rule evaluate_card:
    """What a network is, how good, and what it must not be used for."""
    input:
        metrics="results/{dataset}/{protocol}/{seed}/{model}/metrics.json",
        history="results/{dataset}/{protocol}/{seed}/{model}/history.csv",
        environment="results/{dataset}/{protocol}/{seed}/{model}/environment.json",
        tracks="data/{dataset}/tracks.csv",
        split="data/{dataset}/splits/{protocol}/{seed}.csv",
        facts="resources/gtzan_tracks.csv",
        code=[
            "src/earfield/card.py",
            "src/earfield/history.py",
            "src/earfield/splits.py",
            "src/earfield/tables.py",
            "workflow/scripts/evaluate_card.py",
        ],
    output:
        card="results/{dataset}/{protocol}/{seed}/{model}/MODEL_CARD.md",
    log:
        "logs/{dataset}/{protocol}/{seed}/{model}/evaluate_card.log",
    benchmark:
        "benchmarks/{dataset}/{protocol}/{seed}/{model}/evaluate_card.tsv"
    conda:
        "../envs/evaluate.yaml"
    params:
        source=lambda wildcards: config["datasets"][wildcards.dataset]["source"],
        front_end=FRONT_END,
        segment=config["segment"],
        network=config["network"],
        train=training_settings,
        shuffled_like=lambda wildcards: config["models"][wildcards.model].get(
            "shuffled_like"
        ),
    script:
        "../scripts/evaluate_card.py"


rule evaluate_summary:
    """Every model and protocol: accuracy over seeds, with its interval."""
    input:
        predictions=all_runs("predictions.csv"),
        metrics=all_runs("metrics.json"),
        tracks="data/{dataset}/tracks.csv",
        code=[
            "src/earfield/score.py",
            "src/earfield/tables.py",
            "workflow/scripts/evaluate_summary.py",
        ],
    output:
        table=report(
            "results/{dataset}/summary.csv",
            caption="../report/summary.rst",
            category="Tables",
            labels={"Table": "Accuracy of each model under each protocol"},
        ),
        facts="results/{dataset}/summary.json",
    log:
        "logs/{dataset}/evaluate_summary.log",
    benchmark:
        "benchmarks/{dataset}/evaluate_summary.tsv"
    conda:
        "../envs/evaluate.yaml"
    script:
        "../scripts/evaluate_summary.py"
