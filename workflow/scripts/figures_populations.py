from earfield.figures.populations import draw_populations
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_populations(snakemake.input.data, snakemake.output)
