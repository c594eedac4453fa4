from earfield.claims.evidence import ClaimSettings
from earfield.claims.judge import write_claims
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_claims(
        csv_path=snakemake.output.table,
        md_path=snakemake.output.page,
        dataset=snakemake.wildcards.dataset,
        sentences=snakemake.input.sentences,
        inputs={name: paths for name, paths in snakemake.input.items() if name not in ("sentences", "code")},
        settings=ClaimSettings(**snakemake.params.settings),
    )
