"""Results of the layout before 0.2, where the files of a run were in one folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earfield.files.markdown import listed

_OLD_PROTOCOLS = ("stratified_rivals", "artist_rivals", "cross_validation_rivals")


def old_results(config: Mapping[str, Any], *, root: str = ".") -> str | None:
    """Return a message that lists files and folders of the old layout, which are no longer read, or None."""
    found = []
    for dataset in config["datasets"]:
        data, results = Path(root, "data", dataset), Path(root, "results", dataset)
        protocols = [*config["protocols"], *_OLD_PROTOCOLS]
        found += [results / protocol for protocol in protocols if (results / protocol).is_dir()]
        files = [data / name for name in ("tracks.csv", "repeats.csv")]
        files += [results / name for name in ("summary.csv", "resemblance.csv", "claims.csv", "claims.md")]
        found += [path for path in files if path.is_file()]
    if not found:
        return None
    return (
        f"{listed(sorted(found), most=5)} are of the layout before 0.2 and are not read: results are now sorted by "
        "stage (docs/migration.md). Nothing is deleted; keep them, or remove them to free the disk."
    )
