from earfield.figures.confusion import draw_confusion
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_confusion(snakemake.input.data, snakemake.output)
