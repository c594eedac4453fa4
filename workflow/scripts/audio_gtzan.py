from earfield.configuration.settings import GtzanSettings
from earfield.jobs.job import logged
from earfield.tracks.gtzan import obtain

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    mirrors = snakemake.config["datasets"][snakemake.wildcards.dataset]["mirrors"]
    obtain(
        snakemake.output.audio,
        facts=snakemake.input.facts,
        settings=GtzanSettings.parse({**snakemake.params.settings, "mirrors": mirrors}),
    )
