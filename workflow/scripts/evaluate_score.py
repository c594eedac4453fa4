from earfield.evaluate.model_card import write_card
from earfield.evaluate.score import write_metrics
from earfield.evaluate.tag_scores import write_tag_metrics
from earfield.jobs.job import logged

settings = snakemake.params.settings
with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write = write_tag_metrics if settings["tags"] else write_metrics
    write(snakemake.input.predictions, snakemake.output.metrics)
    write_card(
        snakemake.output.card,
        metrics=snakemake.output.metrics,
        tracks=snakemake.input.tracks,
        split=snakemake.input.split,
        history=snakemake.input.history,
        environment=snakemake.input.environment,
        facts=snakemake.input.facts,
        source=settings["source"],
        settings=settings,
        dataset=snakemake.wildcards.dataset,
        protocol=snakemake.wildcards.protocol,
        seed=int(snakemake.wildcards.seed),
        model=snakemake.wildcards.model,
    )
