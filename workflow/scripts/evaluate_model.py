from earfield.evaluate.score import write_metrics
from earfield.evaluate.tag_scores import write_tag_metrics
from earfield.jobs.job import logged
from earfield.jobs.resource_usage import cost_written
from earfield.models.estimator import predict_with_module

cost = cost_written(snakemake.output.cost, processors=snakemake.threads)
with logged(snakemake.log[0], snakemake.output), cost:
    predict_with_module(
        module=snakemake.params.model["module"],
        options=snakemake.params.model.get("options", {}),
        split=snakemake.input.split,
        features_paths=snakemake.input.features,
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        predictions_path=snakemake.output.predictions,
        seed=int(snakemake.wildcards.seed),
        tags=snakemake.params.tags,
    )
    write = write_tag_metrics if snakemake.params.tags else write_metrics
    write(snakemake.output.predictions, snakemake.output.metrics)
