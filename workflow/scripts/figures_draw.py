from earfield.figures.registry import FIGURES, load
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    load(FIGURES[snakemake.wildcards.figure].draw)(snakemake.input.data, snakemake.output)
