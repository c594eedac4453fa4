from earfield.figures.reference import draw_reference
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_reference(snakemake.input.data, snakemake.output)
