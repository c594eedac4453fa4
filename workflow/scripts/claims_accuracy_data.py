from earfield.figures.evidence_data import write_accuracy_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_accuracy_data(
        summary=snakemake.input.summary,
        references=snakemake.input.references or None,
        path=snakemake.output.data,
    )
