from earfield.evaluate.score import write_metrics
from earfield.evaluate.tag_scores import write_tag_metrics
from earfield.jobs.job import logged
from earfield.jobs.resource_usage import cost_written
from earfield.mel.shards import MelShards
from earfield.models.estimator import predict_with_module

settings = snakemake.params.settings
cost = cost_written(snakemake.output.cost, processors=snakemake.threads)
with logged(snakemake.log[0], snakemake.output, snakemake.input), cost:
    predict_with_module(
        module=settings["model"]["module"],
        options=settings["model"].get("options", {}),
        split=snakemake.input.split,
        features_paths=snakemake.input.features,
        shards=MelShards(snakemake.input.frames, snakemake.input.index) if snakemake.input.frames else None,
        predictions_path=snakemake.output.predictions,
        seed=int(snakemake.wildcards.seed),
        tags=settings["tags"],
    )
    write = write_tag_metrics if settings["tags"] else write_metrics
    write(snakemake.output.predictions, snakemake.output.metrics)
