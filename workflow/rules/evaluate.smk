"""evaluate: predictions for test tracks, their scores, and the summary over seeds.

Needs: trained networks, the mel shards, the splits.
Makes: predictions.csv and metrics.json beside each network; results/{dataset}/summary.csv and .json.
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


rule evaluate_summary:
    """Every model and protocol: accuracy over seeds, with its interval."""
    input:
        predictions=all_runs("predictions.csv"),
        metrics=all_runs("metrics.json"),
        tracks="data/{dataset}/tracks.csv",
        code=[
            "src/earfield/score.py",
            "src/earfield/tables.py",
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
