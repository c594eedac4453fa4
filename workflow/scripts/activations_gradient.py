from earfield.network.device import configure  # isort: split

from earfield.activations.dump import write_gradient
from earfield.configuration.settings import ActivationSettings, MelSettings
from earfield.jobs.job import logged
from earfield.mel.shards import MelShards

settings = snakemake.params.settings
with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_gradient(
        MelShards(snakemake.input.frames, snakemake.input.index),
        snakemake.input.model,
        snakemake.input.split,
        path=snakemake.output.gradient,
        device=configure(snakemake.threads),
        front_end=MelSettings.parse(settings["front_end"]),
        settings=ActivationSettings.parse(settings["activations"]),
    )
