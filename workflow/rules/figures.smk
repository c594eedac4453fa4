"""figures: each its own rule, drawn from its own data file and nothing else.

Needs: tracks and mel shards (figure 1), predictions (figure 2).
Makes: results/{dataset}/figures/<name>.npz or .csv, .pdf and .png.
"""


rule figures_spectrogram_data:
    """What figure 1 shows: one track's waveform and log-mel spectrogram."""
    input:
        tracks="data/{dataset}/tracks.csv",
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        code=[
            "src/earfield/audio.py",
            "src/earfield/figures/spectrogram_data.py",
            "src/earfield/mel.py",
            "src/earfield/shards.py",
            "src/earfield/tables.py",
        ],
    output:
        data="results/{dataset}/figures/fig1_spectrogram.npz",
    log:
        "logs/{dataset}/figures/spectrogram_data.log",
    benchmark:
        "benchmarks/{dataset}/figures/spectrogram_data.tsv"
    conda:
        "../envs/figures.yaml"
    params:
        figure=config["figures"]["spectrogram"],
        front_end=FRONT_END,
        frames=config["segment"]["frames"],
    script:
        "../scripts/figures_spectrogram_data.py"


rule figures_spectrogram:
    """Figure 1: waveform, log-mel spectrogram and one segment of a track."""
    input:
        data="results/{dataset}/figures/fig1_spectrogram.npz",
        code=[
            "src/earfield/figures/spectrogram.py",
            "src/earfield/figures/style.py",
        ],
    output:
        pdf="results/{dataset}/figures/fig1_spectrogram.pdf",
        png=report(
            "results/{dataset}/figures/fig1_spectrogram.png",
            caption="../report/fig1_spectrogram.rst",
            category="Figures",
        ),
    log:
        "logs/{dataset}/figures/spectrogram.log",
    benchmark:
        "benchmarks/{dataset}/figures/spectrogram.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_spectrogram.py"


rule figures_confusion_data:
    """What figure 2 shows: how often each label was given to the tracks of each label, over the seeds of a protocol."""
    input:
        predictions=all_runs(
            "predictions.csv", [config["figures"]["confusion"]["protocol"]]
        ),
        code=[
            "src/earfield/score.py",
            "src/earfield/tables.py",
        ],
    output:
        data="results/{dataset}/figures/fig2_confusion.csv",
    log:
        "logs/{dataset}/figures/confusion_data.log",
    benchmark:
        "benchmarks/{dataset}/figures/confusion_data.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_confusion_data.py"


rule figures_confusion:
    """Figure 2: the confusion matrix."""
    input:
        data="results/{dataset}/figures/fig2_confusion.csv",
        code=[
            "src/earfield/figures/confusion.py",
            "src/earfield/figures/style.py",
            "src/earfield/tables.py",
        ],
    output:
        pdf="results/{dataset}/figures/fig2_confusion.pdf",
        png=report(
            "results/{dataset}/figures/fig2_confusion.png",
            caption="../report/fig2_confusion.rst",
            category="Figures",
        ),
    log:
        "logs/{dataset}/figures/confusion.log",
    benchmark:
        "benchmarks/{dataset}/figures/confusion.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_confusion.py"
