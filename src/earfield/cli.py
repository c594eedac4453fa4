"""Command-line interface: summary of a run, and synchronisation of DVC with Snakemake."""

import argparse
import sys

from earfield.errors import EarfieldError
from earfield.jobs.summary import describe


def main() -> None:
    """Run a command; an `EarfieldError` is printed without traceback, with exit status 1."""
    parser = argparse.ArgumentParser(
        prog="earfield",
        description="Print the summary of a run, or synchronise DVC and Snakemake. Run from the repository root.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="print the run summary: accuracy, intervals, skipped tracks, files")
    report.add_argument("dataset", help="key of datasets in config.yaml")
    commands.add_parser("record", help="mark Snakemake's results as up to date for DVC (after snakemake)")
    commands.add_parser("adopt", help="mark DVC's files as up to date for Snakemake (after dvc pull or checkout)")
    stage = commands.add_parser("stage", help="run one stage of dvc.yaml (DVC calls this)")
    stage.add_argument("stage", help="name of a stage in dvc.yaml")
    arguments = parser.parse_args()
    try:
        _run(arguments)
    except EarfieldError as error:
        sys.exit(f"earfield {arguments.command}: {error}")


def _run(arguments: argparse.Namespace) -> None:
    if arguments.command == "report":
        text = describe(arguments.dataset)
        if not text:
            name = arguments.dataset
            raise EarfieldError(
                f"There are no results of '{name}' in this folder; run: snakemake --cores 2 --config dataset={name}"
            )
        print(text)
        return
    from earfield.versioning import dvc_sync, stage  # YAML and hashes, which the summary does not need

    if arguments.command == "record":
        dvc_sync.record()
        print("DVC considers the results up to date; `dvc push` shares them.")
    elif arguments.command == "adopt":
        dvc_sync.adopt()
        print("Snakemake considers the results up to date.")
    else:
        stage.run_stage(arguments.stage)


if __name__ == "__main__":
    main()
