"""figures: data file of each figure, and drawing from that file alone.

Needs: tracks and mel shards (figures 1, 12), predictions (2), filters (3, 4, 6), one network (5), tables of the claims
(7 to 11). earfield.figures.registry lists the functions that prepare and draw
each figure.
Makes: results/{dataset}/figures/{figure}.npz or .csv, .pdf and .png, figure 5 also as an interactive page, .html;
figures 7 to 12, which need every protocol, in results/{dataset}/claims/figures/.
"""


rule figures_data:
    """Data file of a figure."""
    input:
        unpack(FIGURE_INPUTS.inputs),
        own_code=FIGURE_INPUTS.code("data"),
        code=code("figures_data"),
    output:
        data="results/{dataset}/{folder}/{figure}.{suffix}",
    log:
        "logs/{dataset}/{folder}/{figure}_{suffix}.log",
    benchmark:
        "benchmarks/{dataset}/{folder}/{figure}_{suffix}.tsv"
    wildcard_constraints:
        folder="figures|claims/figures",
        suffix="csv|npz",
    conda:
        "../envs/figures.yaml"
    threads: lambda wildcards: 8 if FIGURES[wildcards.figure].device else 1
    resources:
        gpu=lambda wildcards: int(FIGURES[wildcards.figure].gpu),
        mem_mb=4000,
        runtime=60,
    params:
        settings=FIGURE_INPUTS.settings,
    script:
        "../scripts/figures_data.py"


rule figures_draw:
    """Drawing of a figure from its data file."""
    input:
        data=lambda wildcards: "results/{dataset}/{folder}/{figure}.{suffix}".format(
            suffix=FIGURES[wildcards.figure].suffix, **wildcards
        ),
        own_code=FIGURE_INPUTS.code("draw"),
        code=code("figures_draw"),
    output:
        pdf="results/{dataset}/{folder}/{figure}.pdf",
        png=report(
            "results/{dataset}/{folder}/{figure}.png",
            caption="../report/figure.rst",
            category=lambda wildcards: (
                "Figures" if wildcards.folder == "figures" else "Evidence"
            ),
            labels=lambda wildcards: {"Figure": FIGURES[wildcards.figure].title},
        ),
    log:
        "logs/{dataset}/{folder}/{figure}.log",
    benchmark:
        "benchmarks/{dataset}/{folder}/{figure}.tsv"
    wildcard_constraints:
        folder="figures|claims/figures",
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1500,
        runtime=15,
    script:
        "../scripts/figures_draw.py"


rule figures_page:
    """Interactive version of figure 5."""
    input:
        data="results/{dataset}/figures/fig5_discriminants.npz",
        code=code("figures_page"),
    output:
        page="results/{dataset}/figures/fig5_discriminants.html",
    log:
        "logs/{dataset}/figures/page.log",
    benchmark:
        "benchmarks/{dataset}/figures/page.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        settings=lambda wildcards: {"run": FIGURE_INPUTS.title(wildcards)},
    script:
        "../scripts/figures_page.py"
