from earfield.cost import cost_written
from earfield.job import logged
from earfield.model import predict_with_module
from earfield.score import write_metrics
from earfield.tag_scores import write_tag_metrics

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
