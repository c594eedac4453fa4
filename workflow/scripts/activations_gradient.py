from earfield.network.device import configure  # isort: split

from earfield.activations.dump import write_gradient
from earfield.configuration.settings import MelSettings
from earfield.jobs.job import logged

settings = snakemake.params.settings
with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_gradient(
        model_path=snakemake.input.model,
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        split=snakemake.input.split,
        path=snakemake.output.gradient,
        device=configure(snakemake.threads),
        front_end=MelSettings.parse(settings["front_end"]).as_dict(),
        **settings["activations"],
    )
