from earfield.figures.evidence_data import write_heard_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_heard_data(
        heard=snakemake.input.heard,
        path=snakemake.output.data,
        **snakemake.params,
    )
