"""Results of the layout before 0.2, where the files of a run were in one folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def old_results(config: Mapping[str, Any], *, root: str = ".") -> str | None:
    """Return a sentence about results of the old layout, or None if there are none.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    root : str
        Folder of the workflow.

    Returns
    -------
    str or None
        Which folders and files nothing reads any more, and what to do about them.
    """
    found = []
    for dataset in config["datasets"]:
        data, results = Path(root, "data", dataset), Path(root, "results", dataset)
        found += [results / protocol for protocol in config["protocols"] if (results / protocol).is_dir()]
        found += [path for path in (data / "tracks.csv", data / "repeats.csv") if path.is_file()]
        found += [path for path in (results / "summary.csv", results / "resemblance.csv") if path.is_file()]
    if not found:
        return None
    names = ", ".join(str(path) for path in sorted(found)[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return (
        f"{names}{more} are of the layout before 0.2 and are not read: results are now sorted by stage "
        "(docs/migration.md). Nothing is deleted; keep them, or remove them to free the disk."
    )
