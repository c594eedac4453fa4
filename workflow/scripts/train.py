from earfield.configuration.settings import ModelSettings
from earfield.jobs.job import logged
from earfield.jobs.resource_usage import cost_written
from earfield.mel.shards import MelShards
from earfield.network.device import configure
from earfield.train.environment import write_environment
from earfield.train.training import TrainingFiles, train_network

settings, seed = snakemake.params.settings, int(snakemake.wildcards.seed)
cost = cost_written(snakemake.output.cost, processors=snakemake.threads)
with logged(snakemake.log[0], snakemake.output, snakemake.input), cost:
    train_network(
        MelShards(snakemake.input.frames, snakemake.input.index),
        snakemake.input.split,
        ModelSettings.parse(settings),
        files=TrainingFiles(
            model=snakemake.output.model,
            history=snakemake.output.history,
            checkpoint=settings["checkpoint"],
            curves=settings["curves"],
        ),
        device=configure(snakemake.threads),
        seed=seed,
        shuffled_like=snakemake.input.get("shuffled_like"),
    )
    write_environment(snakemake.output.environment, seed=seed)
