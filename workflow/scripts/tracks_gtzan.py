from earfield.gtzan import obtain
from earfield.job import logged

with logged(snakemake.log[0], snakemake.output):
    obtain(
        snakemake.output.audio,
        facts=snakemake.input.facts,
        mirrors=snakemake.config["datasets"][snakemake.wildcards.dataset]["mirrors"],
        **snakemake.params.gtzan,
    )
