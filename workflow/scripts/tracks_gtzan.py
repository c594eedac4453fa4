from earfield.gtzan import obtain
from earfield.job import logged

with logged(snakemake.log[0]):
    settings = {key: value for key, value in snakemake.params.gtzan.items() if key not in ("source", "seeds", "train")}
    obtain(snakemake.output.audio, facts=snakemake.input.facts, **settings)
