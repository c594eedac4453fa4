from earfield.claims.paper_claims import write_claims
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_claims(
        csv_path=snakemake.output.table,
        md_path=snakemake.output.page,
        dataset=snakemake.wildcards.dataset,
        **{name: paths for name, paths in snakemake.input.items() if name != "code"},
        **snakemake.params.settings,
    )
