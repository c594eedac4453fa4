"""CSV files written by users; errors name the line."""

import os
import warnings
from pathlib import Path

import pandas as pd

from earfield.errors import DatasetError


def read_user_csv(path: str | os.PathLike[str], *, fix: str) -> pd.DataFrame:
    """Read a CSV as text.

    Parameters
    ----------
    path : path-like
        In UTF-8, with or without byte order mark.
    fix : str
        What to correct if there is no such file.

    Returns
    -------
    pd.DataFrame
        Without blank lines; row `n` of the index is line `n + 2`.

    Raises
    ------
    DatasetError
        If the file is missing or is no CSV in UTF-8.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise DatasetError(f"The file '{path}' does not exist; correct {fix}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header
            table = pd.read_csv(
                file, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False, skip_blank_lines=False
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DatasetError(f"'{path}' cannot be read as a CSV in UTF-8 ({str(error).strip()}).") from None
    return table[(table != "").any(axis=1)]  # blank lines were read so that the index still tells the line
