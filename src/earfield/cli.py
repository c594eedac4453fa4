"""The command `earfield`: the last words of a run once more, and what keeps DVC and Snakemake in step."""

import argparse
import sys

from earfield.errors import EarfieldError
from earfield.jobs.summary import describe


def main() -> None:
    """Run what the command line asks for; an error that a user can mend is one sentence and exit status 1."""
    parser = argparse.ArgumentParser(prog="earfield", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="say how accurate, how sure, what was left out, and where to look")
    report.add_argument("dataset", help="key of datasets in config.yaml")
    written = commands.add_parser("stages", help="write dvc.yaml from the workflow's graph and config.yaml")
    written.add_argument(
        "--evidence",
        action=argparse.BooleanOptionalAction,
        help="with stages for what `snakemake evidence` makes, or without; otherwise as dvc.yaml has it now",
    )
    commands.add_parser("record", help="after snakemake: let DVC take what is here as done")
    commands.add_parser("adopt", help="after dvc pull or checkout: let Snakemake take what is here as done")
    restore = commands.add_parser("restore", help="put back what DVC removed before it ran a stage; stages call it")
    restore.add_argument("stage", help="name of a stage in dvc.yaml")
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
    from earfield.versioning import dvc_sync as handshake  # YAML and hashes, which the last words of a run do not need
    from earfield.versioning import stages  # YAML and hashes, which the last words of a run do not need

    if arguments.command == "stages":
        stages.write_stages(evidence=arguments.evidence)
    elif arguments.command == "record":
        handshake.record()
        print("DVC takes what is here as done; `dvc push` shares it.")
    elif arguments.command == "adopt":
        handshake.adopt()
        print("Snakemake takes what is here as done.")
    else:
        for path in handshake.restore(arguments.stage):
            print(f"put back: {path}")


if __name__ == "__main__":
    main()
