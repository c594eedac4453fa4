from earfield.network.device import configure  # isort: split

from earfield.activations.dump import dump_activations
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    dump_activations(
        model_path=snakemake.input.model,
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        split=snakemake.input.split,
        folder=snakemake.output.dump,
        partial=snakemake.params.partial,
        device=configure(snakemake.threads),
        front_end=snakemake.params.front_end,
        **snakemake.params.activations,
    )
