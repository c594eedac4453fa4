from earfield.evaluate.protocol_tables import write_protocol_tables
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_protocol_tables(
        predictions=snakemake.input.predictions,
        heard=snakemake.input.heard,
        tracks=snakemake.input.tracks,
        summary_path=snakemake.output.table,
        facts_path=snakemake.output.facts,
        paired_path=snakemake.output.paired,
        recall_path=snakemake.output.recall,
        calibration_path=snakemake.output.calibration,
        heard_path=snakemake.output.heard,
    )
