from earfield.network.device import configure  # isort: split

from earfield.activations.dump import dump_activations
from earfield.configuration.settings import ActivationSettings, MelSettings
from earfield.jobs.job import logged
from earfield.mel.shards import MelShards

settings = snakemake.params.settings
with logged(snakemake.log[0], snakemake.output, snakemake.input):
    dump_activations(
        MelShards(snakemake.input.frames, snakemake.input.index),
        snakemake.input.model,
        snakemake.input.split,
        folder=snakemake.output.dump,
        partial=settings["partial"],
        device=configure(snakemake.threads),
        front_end=MelSettings.parse(settings["front_end"]),
        settings=ActivationSettings.parse(settings["activations"]),
    )
