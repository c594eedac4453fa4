from earfield.job import logged
from earfield.resemblance import write_resemblance

with logged(snakemake.log[0], snakemake.output):
    write_resemblance(
        filters_csvs=snakemake.input.tables,
        gradients_csvs=snakemake.input.gradients,
        filters_npz=snakemake.input.filters,
        stages_path=snakemake.input.stages,
        csv_path=snakemake.output.table,
        units_path=snakemake.output.units,
        trained=snakemake.params.trained,
        nulls=snakemake.params.nulls,
    )
