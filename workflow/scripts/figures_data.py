from earfield.figures.registry import FIGURES, load
from earfield.jobs.job import logged

figure = FIGURES[snakemake.wildcards.figure]
arguments = {name: paths for name, paths in snakemake.input.items() if not name.endswith("code")}
if figure.device:
    from earfield.network.device import configure  # before anything imports TensorFlow

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    if figure.device:
        arguments["device"] = configure(snakemake.threads)
    load(figure.data)(path=snakemake.output.data, **arguments, **snakemake.params.settings)
