from earfield.jobs.job import logged
from earfield.tracks.gtzan import obtain

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    obtain(
        snakemake.output.audio,
        facts=snakemake.input.facts,
        mirrors=snakemake.config["datasets"][snakemake.wildcards.dataset]["mirrors"],
        **snakemake.params.settings,
    )
