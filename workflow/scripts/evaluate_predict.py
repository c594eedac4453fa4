from earfield.evaluate.network_predictions import predict_test_tracks
from earfield.jobs.job import logged
from earfield.network.device import configure

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    predict_test_tracks(
        model_path=snakemake.input.model,
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        split=snakemake.input.split,
        predictions_path=snakemake.output.predictions,
        heard_path=snakemake.output.heard,
        device=configure(snakemake.threads),
        **snakemake.params.settings,
    )
