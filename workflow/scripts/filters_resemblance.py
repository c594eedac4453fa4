from earfield.filters.resemblance import write_resemblance
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_resemblance(
        filters_csvs=snakemake.input.tables,
        gradients_csvs=snakemake.input.gradients,
        filters_npz=snakemake.input.filters,
        stages_path=snakemake.input.stages,
        csv_path=snakemake.output.table,
        units_path=snakemake.output.units,
        **snakemake.params.settings,
    )
