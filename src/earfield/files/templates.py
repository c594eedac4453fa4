"""Pages from Jinja2 templates beside the modules that fill them."""

import functools
import os
import re
from pathlib import Path
from typing import Any

import jinja2

from earfield.files.markdown import counted, interval, percent, plain


def render(module: str | os.PathLike[str], **context: Any) -> str:
    """Return the page of a module, from the template `templates/<module>.md.j2` beside it.

    Parameters
    ----------
    module : path-like
        `__file__` of the module.
    **context
        What the template names. Its filters are `plain`, which all names go through, `counted`, `percent` and
        `interval`.

    Returns
    -------
    str
        Markdown, never with two empty lines in a row, with a line break at its end.

    Raises
    ------
    jinja2.UndefinedError
        If the template names what is not there.
    """
    path = Path(module)
    text = _environment(path.parent / "templates").get_template(f"{path.stem}.md.j2").render(context)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@functools.cache
def _environment(folder: Path) -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701, Markdown: names are escaped by `plain`
        loader=jinja2.FileSystemLoader(folder),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"plain": plain, "counted": counted, "percent": percent, "interval": interval}
    return environment
