from earfield.figures.discriminants import draw_discriminants
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_discriminants(snakemake.input.data, snakemake.output)
