from earfield.figures.populations_data import write_populations_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_populations_data(units=snakemake.input.units, path=snakemake.output.data, **snakemake.params)
