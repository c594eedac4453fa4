from earfield.evaluate.dataset_tables import write_dataset_tables
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_dataset_tables(
        summaries=snakemake.input.summaries,
        costs=snakemake.input.costs,
        predictions=snakemake.input.predictions,
        splits=snakemake.input.splits,
        curves=snakemake.params.settings["curves"],
        summary_path=snakemake.output.table,
        protocols_path=snakemake.output.protocols,
        learning_curve_path=snakemake.output.learning_curve,
    )
