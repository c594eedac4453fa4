"""How all figures look, and how they are saved."""

import logging
import os
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from earfield.files.atomic import write_aside

# Figures are drawn without pyplot, so without a backend. That of a notebook, which jobs inherit from their
# environment, need not be installed here, and matplotlib would not even be imported.
_backend = os.environ.pop("MPLBACKEND", None)
import matplotlib  # noqa: E402

if _backend is not None:
    os.environ["MPLBACKEND"] = _backend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

# Two columns and one column of a journal page [inch].
PAGE_WIDTH, COLUMN_WIDTH = 7.0, 3.4
# Perceptually uniform, readable in grey and by the colour-blind.
COLOUR_MAP = "magma"
PAPER_MAP = "magma_r"  # the same from light to dark, for matrices that are mostly empty
ACCENT = "#0072b2"  # Okabe & Ito (2008)
DPI = 300  # of a picture
_FAMILY = "DejaVu Sans"  # comes with matplotlib
_RC: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "pdf.fonttype": 42,  # text stays text
    "font.family": [_FAMILY],
    "text.parse_math": False,  # a name with `$` is a name
}


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of this size [inch], whose labels do not overlap; without pyplot, which needs a screen."""
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(_RC)
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: "Figure", paths: Iterable[str | os.PathLike[str]]) -> None:
    """Save a figure under each name, in the format of its suffix; equal figures give equal bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Characters that the common font lacks, such as Chinese ones, are drawn in an installed font that has them. For
        those that none has, a warning names them and a package to install.
    paths : iterable of path-like
        Names that end in `.pdf` or `.png`.
    """
    paths = list(paths)
    lost = use_fallback_fonts(figure)
    if lost:
        log.warning(
            "No font on this machine has the characters %s, which %s shows as boxes; install one, such as the package "
            "fonts-noto-cjk (Chinese, Japanese, Korean) or fonts-noto-core (other scripts), delete the figure and run "
            "again.",
            " ".join(sorted(lost)),
            " and ".join(map(str, paths)),
        )
    for path in paths:
        stamp = {"CreationDate": None} if str(path).endswith(".pdf") else {"Software": None}
        with write_aside(path) as aside, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # said above, in one sentence
            figure.savefig(aside, dpi=DPI, metadata=stamp)


def use_fallback_fonts(figure: "Figure") -> set[str]:
    """Give texts further fonts for the characters that the common one lacks; return those that no font has."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.text import Text

    texts = [text for text in figure.findobj(Text) if not text.get_text().isascii()]
    characters = {character for text in texts for character in text.get_text() if character.isprintable()}
    lost = characters - _characters_in(findfont(FontProperties(family=[_FAMILY])))
    if not lost:
        return lost
    families = [_FAMILY]
    for family, path in _installed_fonts().items():
        if found := lost & _characters_in(path):
            families.append(family)
            lost -= found
        if not lost:
            break
    for text in texts:
        text.set_fontfamily(families)
    return lost


def _characters_in(path: str) -> set[str]:
    """Return the characters that a font can draw."""
    from matplotlib.font_manager import get_font

    return set(map(chr, get_font(path).get_charmap()))


def _installed_fonts() -> dict[str, str]:
    """Return the upright regular font of each installed family, those without serifs first."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    for path in sorted(set(findSystemFonts()) - {font.fname for font in fontManager.ttflist}):  # newer than its cache
        try:
            fontManager.addfont(path)
        except (OSError, RuntimeError, NotImplementedError) as error:  # a bitmap font, or not a font at all
            log.debug("%s cannot be used: %s", path, error)
    fonts = {font.name: font.fname for font in fontManager.ttflist if font.style == "normal" and font.weight == 400}
    # The font of last resort draws a box for every character there is.
    names = [name for name in fonts if not name.startswith("Last Resort")]
    return {name: fonts[name] for name in sorted(names, key=lambda name: ("Sans" not in name, "Mono" in name, name))}
