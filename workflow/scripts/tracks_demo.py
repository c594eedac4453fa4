from earfield.demo import write_collection
from earfield.job import logged

if __name__ == "__main__":  # the workers import this file again
    with logged(snakemake.log[0]):
        settings = {
            key: value for key, value in snakemake.params.demo.items() if key not in ("source", "seeds", "train")
        }
        write_collection(snakemake.output.audio, workers=snakemake.threads, **settings)
