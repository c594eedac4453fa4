from earfield.figures.recall import draw_recall
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_recall(snakemake.input.data, snakemake.output)
