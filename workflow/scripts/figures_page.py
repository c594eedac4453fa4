from earfield.figures.discriminants_page import write_discriminants_page
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_discriminants_page(snakemake.input.data, snakemake.output.page, run=snakemake.params.settings["run"])
