from earfield.configuration.settings import MelSettings
from earfield.jobs.job import logged
from earfield.jobs.resource_usage import cost_written
from earfield.network.device import configure
from earfield.train.environment import write_environment
from earfield.train.training import train_network

settings = snakemake.params.settings
cost = cost_written(snakemake.output.cost, processors=snakemake.threads)
with logged(snakemake.log[0], snakemake.output, snakemake.input), cost:
    train_network(
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        split=snakemake.input.split,
        model_path=snakemake.output.model,
        history_path=snakemake.output.history,
        checkpoint=settings["checkpoint"],
        tensorboard=f"{settings['curves']}/tensorboard",
        dvclive=f"{settings['curves']}/dvclive",
        shuffled_like=snakemake.input.get("shuffled_like"),
        device=configure(snakemake.threads),
        seed=int(snakemake.wildcards.seed),
        front_end=MelSettings.parse(settings["front_end"]).as_dict(),
        network=settings["network"],
        tags=settings["tags"],
        **settings["segment"],
        **settings["train"],
    )
    write_environment(snakemake.output.environment, seed=int(snakemake.wildcards.seed))
