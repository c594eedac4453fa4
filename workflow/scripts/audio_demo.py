from earfield.demo.collection import write_collection
from earfield.jobs.job import logged

if __name__ == "__main__":  # the workers import this file again
    with logged(snakemake.log[0], snakemake.output, snakemake.input):
        write_collection(snakemake.output.audio, workers=snakemake.threads, **snakemake.params.settings)
