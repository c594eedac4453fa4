from earfield.network.device import configure  # isort: split

from earfield.evaluate.network_predictions import predict_test_tracks
from earfield.jobs.job import logged
from earfield.mel.shards import MelShards

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    predict_test_tracks(
        MelShards(snakemake.input.frames, snakemake.input.index),
        snakemake.input.model,
        snakemake.input.split,
        predictions_path=snakemake.output.predictions,
        excerpts_path=snakemake.output.excerpts,
        device=configure(snakemake.threads),
        **snakemake.params.settings,
    )
