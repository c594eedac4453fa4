from earfield.network.device import configure  # isort: split

from earfield.figures.discriminants_data import write_discriminants_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_discriminants_data(
        model_path=snakemake.input.model,
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        split=snakemake.input.split,
        path=snakemake.output.data,
        device=configure(snakemake.threads),
        front_end=snakemake.params.front_end,
        overlap=snakemake.params.overlap,
        components=snakemake.params.components,
    )
