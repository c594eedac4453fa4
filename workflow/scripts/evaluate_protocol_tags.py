from earfield.evaluate.tag_tables import write_tag_tables
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_tag_tables(
        predictions=snakemake.input.predictions,
        tracks=snakemake.input.tracks,
        summary_path=snakemake.output.table,
        facts_path=snakemake.output.facts,
        tags_path=snakemake.output.tags,
        paired_path=snakemake.output.paired,
    )
