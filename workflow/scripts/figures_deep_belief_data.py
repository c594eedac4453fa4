from earfield.figures.deep_belief_data import write_deep_belief_data
from earfield.jobs.job import logged
from earfield.network.device import configure

protocol, seed, model = snakemake.params.run
with logged(snakemake.log[0], snakemake.output):
    configure(snakemake.threads)
    write_deep_belief_data(
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        split=snakemake.input.split,
        path=snakemake.output.data,
        front_end=snakemake.params.front_end,
        options=snakemake.params.options,
        dataset=snakemake.wildcards.dataset,
        protocol=protocol,
        seed=int(seed),
        model=model,
        workers=snakemake.threads,
    )
