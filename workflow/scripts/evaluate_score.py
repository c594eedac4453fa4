from earfield.evaluate.model_card import write_card
from earfield.evaluate.score import write_metrics
from earfield.evaluate.tag_scores import write_tag_metrics
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write = write_tag_metrics if snakemake.params.tags else write_metrics
    write(snakemake.input.predictions, snakemake.output.metrics)
    settings = ("front_end", "segment", "network", "train", "shuffled_like")
    write_card(
        snakemake.output.card,
        metrics=snakemake.output.metrics,
        tracks=snakemake.input.tracks,
        split=snakemake.input.split,
        history=snakemake.input.history,
        environment=snakemake.input.environment,
        facts=snakemake.input.facts,
        source=snakemake.params.source,
        settings={key: snakemake.params[key] for key in settings},
        dataset=snakemake.wildcards.dataset,
        protocol=snakemake.wildcards.protocol,
        seed=int(snakemake.wildcards.seed),
        model=snakemake.wildcards.model,
    )
