from earfield.evaluate.model_card import Run, write_card
from earfield.evaluate.score import write_metrics
from earfield.evaluate.tag_scores import write_tag_metrics
from earfield.jobs.job import logged

settings = snakemake.params.settings
with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write = write_tag_metrics if settings["tags"] else write_metrics
    write(snakemake.input.predictions, snakemake.output.metrics)
    names = snakemake.wildcards
    write_card(
        snakemake.output.card,
        metrics=snakemake.output.metrics,
        tracks=snakemake.input.tracks,
        split=snakemake.input.split,
        training=(snakemake.input.history, snakemake.input.environment),
        facts=snakemake.input.facts,
        run=Run(names.dataset, names.protocol, int(names.seed), names.model),
        settings=settings,
    )
