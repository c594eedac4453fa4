from earfield.figures.reference_data import write_reference_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_reference_data(
        stages=snakemake.input.stages,
        filters_npz=snakemake.input.filters,
        path=snakemake.output.data,
    )
