from earfield.evaluate.dataset_tables import write_summary
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_summary(snakemake.input.summaries, snakemake.input.costs, snakemake.output.table)
