from earfield.figures.deep_belief import draw_deep_belief
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_deep_belief(snakemake.input.data, snakemake.output)
