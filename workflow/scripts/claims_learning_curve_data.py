from earfield.figures.evidence_data import write_learning_curve_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_learning_curve_data(
        learning_curve=snakemake.input.learning_curve,
        path=snakemake.output.data,
        **snakemake.params,
    )
