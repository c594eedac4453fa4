from earfield.figures.registry import FIGURES, load
from earfield.figures.style import save_figure
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    save_figure(load(FIGURES[snakemake.wildcards.figure].draw)(snakemake.input.data), snakemake.output)
