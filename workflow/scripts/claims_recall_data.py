from earfield.figures.evidence_data import write_recall_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_recall_data(
        recall=snakemake.input.recall,
        path=snakemake.output.data,
        **snakemake.params,
    )
