from earfield.figures.filters import draw_filters
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_filters(snakemake.input.data, snakemake.output)
