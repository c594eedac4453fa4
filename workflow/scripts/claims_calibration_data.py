from earfield.figures.evidence_data import write_calibration_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_calibration_data(
        calibration=snakemake.input.calibration,
        path=snakemake.output.data,
        **snakemake.params,
    )
