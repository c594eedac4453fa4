"""figures: each its own rule, drawn from its own data file and nothing else.

Needs: tracks and mel shards (figures 1 and 12), predictions (2), filters (3, 4, 6), one network (5).
Makes: results/{dataset}/figures/<name>.npz or .csv, .pdf and .png; figure 5 also as a page to turn, .html.
"""


rule figures_spectrogram_data:
    """What figure 1 shows: one track's waveform and log-mel spectrogram."""
    input:
        tracks="data/{dataset}/tracks.csv",
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        code=code("figures_spectrogram_data"),
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
        code=code("figures_spectrogram"),
    output:
        pdf="results/{dataset}/figures/fig1_spectrogram.pdf",
        png=report(
            "results/{dataset}/figures/fig1_spectrogram.png",
            caption="../report/fig1_spectrogram.rst",
            category="Figures",
            labels={"Figure": "1. A song as the network hears it"},
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
        predictions=runs("predictions.csv", [SHOWN_PROTOCOL], [SHOWN_MODEL]),
        code=code("figures_confusion_data"),
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
        code=code("figures_confusion"),
    output:
        pdf="results/{dataset}/figures/fig2_confusion.pdf",
        png=report(
            "results/{dataset}/figures/fig2_confusion.png",
            caption="../report/fig2_confusion.rst",
            category="Figures",
            labels={"Figure": "2. Which genres are taken for which"},
        ),
    log:
        "logs/{dataset}/figures/confusion.log",
    benchmark:
        "benchmarks/{dataset}/figures/confusion.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_confusion.py"


rule figures_filters_data:
    """What figure 3 shows: the filters of one run, the best first."""
    input:
        filters=shown_run("filters.npz"),
        table=shown_run("filters.csv"),
        code=code("figures_filters_data"),
    output:
        data="results/{dataset}/figures/fig3_filters.npz",
    log:
        "logs/{dataset}/figures/filters_data.log",
    benchmark:
        "benchmarks/{dataset}/figures/filters_data.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_filters_data.py"


rule figures_filters:
    """Figure 3: the learned filters."""
    input:
        data="results/{dataset}/figures/fig3_filters.npz",
        code=code("figures_filters"),
    output:
        pdf="results/{dataset}/figures/fig3_filters.pdf",
        png=report(
            "results/{dataset}/figures/fig3_filters.png",
            caption="../report/fig3_filters.rst",
            category="Figures",
            labels={"Figure": "3. Filters that the network learned"},
        ),
    log:
        "logs/{dataset}/figures/filters.log",
    benchmark:
        "benchmarks/{dataset}/figures/filters.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_filters.py"


rule figures_reference_data:
    """What figure 4 shows: receptive fields of the auditory system, in the window of the learned filters."""
    input:
        stages="resources/auditory_stages.csv",
        filters=shown_run("filters.npz"),
        code=code("figures_reference_data"),
    output:
        data="results/{dataset}/figures/fig4_reference.npz",
    log:
        "logs/{dataset}/figures/reference_data.log",
    benchmark:
        "benchmarks/{dataset}/figures/reference_data.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_reference_data.py"


rule figures_reference:
    """Figure 4: receptive fields as the auditory system has them, by stage."""
    input:
        data="results/{dataset}/figures/fig4_reference.npz",
        code=code("figures_reference"),
    output:
        pdf="results/{dataset}/figures/fig4_reference.pdf",
        png=report(
            "results/{dataset}/figures/fig4_reference.png",
            caption="../report/fig4_reference.rst",
            category="Figures",
            labels={"Figure": "4. Receptive fields of the auditory system"},
        ),
    log:
        "logs/{dataset}/figures/reference.log",
    benchmark:
        "benchmarks/{dataset}/figures/reference.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_reference.py"


rule figures_discriminants_data:
    """What figure 5 shows: test segments on discriminant axes of the raw input and of the last hidden layer."""
    input:
        model=shown_run("model.keras"),
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        split=shown_split,
        code=code("figures_discriminants_data"),
    output:
        data="results/{dataset}/figures/fig5_discriminants.npz",
    log:
        "logs/{dataset}/figures/discriminants_data.log",
    benchmark:
        "benchmarks/{dataset}/figures/discriminants_data.tsv"
    conda:
        "../envs/figures.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=4000,
    params:
        front_end=FRONT_END,
        overlap=config["activations"]["overlap"],
        components=config["figures"]["discriminants"]["components"],
    script:
        "../scripts/figures_discriminants_data.py"


rule figures_discriminants:
    """Figure 5: test segments on the discriminant axes."""
    input:
        data="results/{dataset}/figures/fig5_discriminants.npz",
        code=code("figures_discriminants"),
    output:
        pdf="results/{dataset}/figures/fig5_discriminants.pdf",
        png=report(
            "results/{dataset}/figures/fig5_discriminants.png",
            caption="../report/fig5_discriminants.rst",
            category="Figures",
            labels={"Figure": "5. Genres on discriminant axes"},
        ),
    log:
        "logs/{dataset}/figures/discriminants.log",
    benchmark:
        "benchmarks/{dataset}/figures/discriminants.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_discriminants.py"


rule figures_discriminants_page:
    """Figure 5 as a page to turn and to point at."""
    input:
        data="results/{dataset}/figures/fig5_discriminants.npz",
        code=code("figures_discriminants_page"),
    output:
        page="results/{dataset}/figures/fig5_discriminants.html",
    log:
        "logs/{dataset}/figures/discriminants_page.log",
    benchmark:
        "benchmarks/{dataset}/figures/discriminants_page.tsv"
    conda:
        "../envs/figures.yaml"
    params:
        run=shown_title,
    script:
        "../scripts/figures_discriminants_page.py"


rule figures_populations_data:
    """What figure 6 shows: how learned filters, their nulls and the auditory system are spread over each measure."""
    input:
        units="results/{dataset}/units.csv",
        code=code("figures_populations_data"),
    output:
        data="results/{dataset}/figures/fig6_populations.csv",
    log:
        "logs/{dataset}/figures/populations_data.log",
    benchmark:
        "benchmarks/{dataset}/figures/populations_data.tsv"
    conda:
        "../envs/figures.yaml"
    params:
        protocol=config["figures"]["protocol"],
        trained=SHOWN_MODEL,
        nulls=NULLS,
    script:
        "../scripts/figures_populations_data.py"


rule figures_populations:
    """Figure 6: learned filters among their nulls."""
    input:
        data="results/{dataset}/figures/fig6_populations.csv",
        code=code("figures_populations"),
    output:
        pdf="results/{dataset}/figures/fig6_populations.pdf",
        png=report(
            "results/{dataset}/figures/fig6_populations.png",
            caption="../report/fig6_populations.rst",
            category="Figures",
            labels={"Figure": "6. Learned filters among their nulls"},
        ),
    log:
        "logs/{dataset}/figures/populations.log",
    benchmark:
        "benchmarks/{dataset}/figures/populations.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_populations.py"


rule figures_deep_belief_data:
    """What figure 12 shows: how the convolutional deep belief network of a run learned, and its lowest bases."""
    input:
        frames=expand("data/{{dataset}}/mel/shard-{shard}.npy", shard=SHARDS),
        index=expand("data/{{dataset}}/mel/shard-{shard}.csv", shard=SHARDS),
        split=lambda wildcards: "data/{0}/splits/{1}/{2}.csv".format(
            wildcards.dataset, *DEEP_BELIEF[wildcards.dataset]
        ),
        code=code("figures_deep_belief_data"),
    output:
        data="results/{dataset}/figures/fig12_deep_belief.npz",
    log:
        "logs/{dataset}/figures/deep_belief_data.log",
    benchmark:
        "benchmarks/{dataset}/figures/deep_belief_data.tsv"
    wildcard_constraints:
        dataset="|".join(DEEP_BELIEF) or "(?!)",
    conda:
        "../envs/figures.yaml"
    threads: 8
    resources:
        mem_mb=1500,
    params:
        front_end=FRONT_END,
        run=lambda wildcards: DEEP_BELIEF[wildcards.dataset],
        options=lambda wildcards: config["models"][DEEP_BELIEF[wildcards.dataset][2]][
            "options"
        ],
    script:
        "../scripts/figures_deep_belief_data.py"


rule figures_deep_belief:
    """Figure 12: how the convolutional deep belief network learned, and its lowest bases."""
    input:
        data="results/{dataset}/figures/fig12_deep_belief.npz",
        code=code("figures_deep_belief"),
    output:
        pdf="results/{dataset}/figures/fig12_deep_belief.pdf",
        png=report(
            "results/{dataset}/figures/fig12_deep_belief.png",
            caption="../report/fig12_deep_belief.rst",
            category="Evidence",
            labels={"Figure": "12. What a deep belief network learned without labels"},
        ),
    log:
        "logs/{dataset}/figures/deep_belief.log",
    benchmark:
        "benchmarks/{dataset}/figures/deep_belief.tsv"
    conda:
        "../envs/figures.yaml"
    script:
        "../scripts/figures_deep_belief.py"
