from earfield.figures.heard import draw_heard
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_heard(snakemake.input.data, snakemake.output)
